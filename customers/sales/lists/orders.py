"""Orders as a list."""

from collections.abc import Iterable
from typing import Any

import django_filters as filters
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from crm.web.lists import Column, List
from customers.sales.lists.choices import TeamFilter, people, products, teams
from customers.sales.models import Opportunity, Order, OrderLine, Product


class OrderFilter(filters.FilterSet):
    owner = filters.ModelChoiceFilter(label=_("owner"), queryset=people)
    team = TeamFilter(label=_("team"), queryset=teams)
    product = filters.ModelChoiceFilter(label=_("product"), queryset=products, method="with_product")
    amount = filters.RangeFilter(label=_("amount"))
    ordered_at = filters.DateFromToRangeFilter(label=_("ordered"))

    def with_product(self, queryset: Any, name: str, product: Product) -> Any:
        return queryset.filter(Exists(OrderLine.objects.filter(order=OuterRef("pk"), product=product)))


class OrderList(List):
    kind = "order"
    model = Order
    filterset_class = OrderFilter
    columns = [
        Column("number", _("Number"), link=True, sort="number"),
        Column("customer", _("Customer"), value="customer.name"),
        Column("ordered_at", _("Ordered"), sort="ordered_at", format="day"),
        Column("amount", _("Amount"), sort="amount", format="money", currency="currency", adds_up="ordered_at"),
        Column("opportunity", _("Opportunity"), value="opportunity_name"),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["number", "customer", "ordered_at", "amount", "opportunity", "owner"]
    default_sort = "-ordered_at"
    select_related = ("customer", "owner", "team")
    create_url = "order-new"
    create_label = _("New order")
    create_in_dialog = False
    empty_title = _("No orders yet")
    empty_text = _("Note what a customer ordered; what comes of an opportunity is linked to it.")

    def with_columns(self, queryset: QuerySet, codes: Iterable[str]) -> QuerySet:
        """Names the opportunity to whoever may see it; an order may be visible where it is not."""
        seen = Opportunity.objects.visible_to(self.request.user).filter(pk=OuterRef("opportunity_id")).order_by()
        return super().with_columns(queryset, codes).annotate(opportunity_name=Subquery(seen.values("name")[:1]))
