from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.web import formats
from customers.forms.activities import AS_BUTTONS
from customers.forms.fields import MomentField
from customers.sales.actions.order_returns import Back
from customers.sales.models import Order, OrderLine, ReturnReason


class OrderReturnForm(forms.Form):
    """How much of each line came back, why, and what was paid back."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    returned_at = MomentField(label=_("Returned"))
    amount = forms.DecimalField(
        label=_("Refunded"),
        min_value=0,
        max_digits=18,
        decimal_places=2,
        required=False,
        help_text=_("Leave empty for what was paid for these lines."),
    )
    reason = forms.ModelChoiceField(
        ReturnReason.objects.none(), label=_("Why?"), empty_label=None, widget=forms.RadioSelect(attrs=AS_BUTTONS)
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, order: Order, sold: list[OrderLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sold = {f"line_{line.pk}": line for line in sold if line.kept > 0}
        self.fields["reason"].queryset = ReturnReason.objects.active()  # type: ignore[attr-defined]
        self.initial["version"] = order.version
        for name, line in self.sold.items():
            self.fields[name] = forms.DecimalField(
                label=str(line.product),
                help_text=_("Of %(left)s") % {"left": formats.number(line.kept)},
                min_value=0,
                max_value=line.kept,
                max_digits=12,
                decimal_places=2,
                required=False,
            )

    @property
    def quantities(self) -> list[forms.BoundField]:
        return [self[name] for name in self.sold]

    def said(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        given = {name: values.pop(name, None) for name in self.sold}
        lines = [Back(self.sold[name], Decimal(quantity)) for name, quantity in given.items() if quantity]
        return values | {"lines": lines}


class CancellationForm(forms.Form):
    reason = forms.CharField(label=_("Why is it cancelled?"), max_length=200)
