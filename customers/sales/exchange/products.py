"""Products, and those who sell others, from files."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm.exchange.declaring import BOOLEAN, MONEY, Field, Importable
from customers.sales.exchange.columns import WithCurrency
from customers.sales.models import Competitor, Product

PRODUCTS = WithCurrency(
    model=Product,
    fields=(
        Field("name", _("name"), required=True),
        Field("code", _("code")),
        Field("series", _("series")),
        Field("price", _("list price"), MONEY),
        Field("currency", _("currency")),
        Field("is_active", _("on sale"), BOOLEAN),
    ),
    identities=(("code",), ("name",)),
    unique=(("name",),),
)


COMPETITORS = Importable(
    model=Competitor,
    fields=(
        Field("name", _("name"), required=True),
        Field("website", _("website")),
        Field("notes", _("notes")),
        Field("is_active", _("still met"), BOOLEAN),
    ),
    identities=(("name",),),
    unique=(("name",),),
)
