"""Currency rates from files."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.exchange.declaring import DATE, MONEY, Field
from customers.sales.exchange.columns import WithCurrency
from customers.sales.models import CurrencyRate

TEN_PLACES = Decimal("1E-10")


class CurrencyRateImport(WithCurrency):
    """One row for each currency and day; a row that says another rate corrects it."""

    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        values = super().tidy(values)
        if values.get("rate") is not None:
            values["rate"] = values["rate"].quantize(TEN_PLACES)  # as it is kept, so that undoing knows it again
        return values


CURRENCY_RATES = CurrencyRateImport(
    model=CurrencyRate,
    fields=(
        Field("currency", _("currency"), required=True),
        Field("valid_from", _("valid from"), DATE, required=True),
        Field(
            "rate", _("rate"), MONEY, required=True, help=_("What one unit is worth in the organisation's currency.")
        ),
    ),
    identities=(("currency", "valid_from"),),
    unique=(("currency", "valid_from"),),
)
