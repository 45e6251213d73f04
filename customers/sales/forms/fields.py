"""Fields that several forms of this app share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.joining import labelled
from customers.sales.models import Stage
from customers.sales.models.currency import check_currency


class PercentField(forms.DecimalField):
    """Typed and shown as percent, kept as a share: 30 is 0.3. `decimals` of the percentage, one unless it says."""

    def __init__(self, *, decimals: int = 1, **kwargs: Any) -> None:
        self.exact = Decimal(1).scaleb(-2 - decimals)
        super().__init__(min_value=0, max_value=100, max_digits=3 + decimals, decimal_places=decimals, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return f"{(value * 100).normalize():f}" if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Decimal | None:
        percent = super().clean(value)
        return None if percent is None else (percent / 100).quantize(self.exact)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class CurrencyField(forms.CharField):
    """Three letters; the organisation's currency when left empty."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Currency"))
        widget = forms.TextInput(attrs={"size": 4, "autocapitalize": "characters", "autocomplete": "off"})
        super().__init__(max_length=3, required=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        try:
            return check_currency(super().clean(value))
        except forms.ValidationError as error:
            raise forms.ValidationError(error.messages) from None


class StageField(forms.ModelChoiceField):
    """One of the stages of active pipelines, named with its pipeline where there are several."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Stage"))
        super().__init__(Stage.objects.none(), empty_label=None, **kwargs)
        self.several = False

    def offer(self, pipelines: Any) -> None:
        found = list(pipelines)
        self.several = len(found) > 1
        self.queryset = Stage.objects.open().filter(pipeline__in=found).select_related("pipeline")
        self.queryset = self.queryset.order_by("pipeline__position", "pipeline__name", "position", "pk")

    def label_from_instance(self, stage: Any) -> str:
        return labelled(stage.pipeline, stage) if self.several else str(stage)
