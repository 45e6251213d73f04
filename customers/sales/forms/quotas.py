from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from customers.sales.models.quota_table import spread

BY_HAND, EVENLY, AS_LAST_YEAR = "hand", "evenly", "pattern"


class YearForm(forms.Form):
    """The twelve months of one person or team; or the year, spread over them."""

    HOW = [
        (BY_HAND, _("Month by month, as below")),
        (EVENLY, _("Spread the year evenly")),
        (AS_LAST_YEAR, _("Spread the year as it was won last year")),
    ]

    how = forms.ChoiceField(label=_("How"), choices=HOW, widget=forms.RadioSelect, initial=BY_HAND)
    year_amount = forms.DecimalField(
        label=_("The whole year"), min_value=0, max_digits=18, decimal_places=2, required=False
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, year: int, months: Sequence[Decimal | None], pattern: Callable[[], list[Decimal]], **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.pattern = pattern
        for number in range(1, 13):
            self.fields[f"month_{number}"] = forms.DecimalField(
                label=date_format(date(year, number, 1), "YEAR_MONTH_FORMAT"),
                min_value=0, max_digits=18, decimal_places=2, required=False, initial=months[number - 1],
            )  # fmt: skip

    @property
    def month_fields(self) -> list[Any]:
        return [self[f"month_{number}"] for number in range(1, 13)]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("how") in (EVENLY, AS_LAST_YEAR) and found.get("year_amount") is None:
            self.add_error("year_amount", _("Say what is to be spread."))
        elif found.get("how") == AS_LAST_YEAR and not any(self.pattern()):
            self.add_error("how", _("Nothing was won last year: there is no pattern to follow."))
        elif found.get("how") == BY_HAND and self._contradicts(found):
            self.add_error("how", _("The months come to something else than the year: say how it is spread."))
        return found

    def _contradicts(self, found: dict[str, Any]) -> bool:
        """A year typed beside months that do not come to it would be lost without a word."""
        months = [found.get(f"month_{number}") for number in range(1, 13)]
        return found.get("year_amount") not in (None, sum(amount for amount in months if amount is not None))

    def amounts(self) -> list[Decimal | None]:
        """What the twelve months come to."""
        how, year = self.cleaned_data["how"], self.cleaned_data.get("year_amount")
        if how == BY_HAND or year is None:
            return [self.cleaned_data.get(f"month_{number}") for number in range(1, 13)]
        weights = [Decimal(1)] * 12 if how == EVENLY else self.pattern()
        return list(spread(year, weights))
