"""What goods cost us, from files: one row for each product and day from which on it holds."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.access.grants import Access, access_of
from crm.access.permissions import Reach, Verb
from crm.exchange.declaring import DATE, MONEY, REFERENCE, Field
from customers.sales.exchange.columns import PRODUCT, WithCurrency
from customers.sales.models import UnitCost


class UnitCostImport(WithCurrency):
    def may_import(self, user: Any) -> bool:
        """By hand they are set in the admin site."""
        return access_of(user).administers

    def reach(self, access: Access, verb: Verb) -> Reach:
        return access.reach("settings", Verb.EDIT)


UNIT_COSTS = UnitCostImport(
    model=UnitCost,
    fields=(
        Field("product", _("product"), REFERENCE, required=True, reference=PRODUCT),
        Field("valid_from", _("valid from"), DATE, required=True),
        Field("cost", _("cost"), MONEY, required=True),
        Field("currency", _("currency")),
    ),
    identities=(("product", "valid_from"),),
    unique=(("product", "valid_from"),),
    related=("product",),
)
