"""Products as a list."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from crm.web.lists import Column, List
from customers.sales.models import Product


class ProductFilter(filters.FilterSet):
    series = filters.CharFilter(label=_("series"), lookup_expr="iexact")
    is_active = filters.BooleanFilter(label=_("on sale"))
    price = filters.RangeFilter(label=_("list price"))


class ProductList(List):
    kind = "product"
    model = Product
    filterset_class = ProductFilter
    columns = [
        Column("name", _("Name"), link=True, sort="name"),
        Column("code", _("Code"), sort="code"),
        Column("series", _("Series"), sort="series"),
        Column("price", _("List price"), sort="price", format="money", currency="currency"),
        Column("is_active", _("On sale"), format="yesno"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["name", "code", "series", "price", "is_active"]
    default_sort = "name"
    create_url = "product-new"
    create_label = _("New product")
    empty_title = _("No products yet")
    empty_text = _("Products can be chosen in opportunities and orders.")
