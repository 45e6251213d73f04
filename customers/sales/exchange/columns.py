"""What several files have in common: the product they name, and the currency of what they say."""

from __future__ import annotations

from typing import Any

from crm.exchange.declaring import Importable, Reference
from customers.sales.models import Product
from customers.sales.models.currency import tidy_currency

PRODUCT = Reference(Product, ("name", "code"))


class WithCurrency(Importable):
    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("currency"):
            values["currency"] = tidy_currency(values["currency"])
        return values
