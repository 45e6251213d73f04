"""What came back, of all orders one may see, as a list."""

from typing import Any

import django_filters as filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from crm.search import finding
from crm.web.lists import Column, List
from customers.sales.lists.choices import TeamFilter, people, products, teams
from customers.sales.models import Order, OrderReturn, OrderReturnLine, Product, ReturnReason


def reasons(request: Any) -> Any:
    return ReturnReason.objects.visible_to(request.user)


class OrderReturnFilter(filters.FilterSet):
    reason = filters.ModelMultipleChoiceFilter(label=_("reason"), queryset=reasons)
    returned_at = filters.DateFromToRangeFilter(label=_("returned"))
    amount = filters.RangeFilter(label=_("refunded"))
    product = filters.ModelChoiceFilter(label=_("product"), queryset=products, method="with_product")
    owner = filters.ModelChoiceFilter(label=_("owner of the order"), field_name="order__owner", queryset=people)
    team = TeamFilter(label=_("team of the order"), field_name="order__team", queryset=teams)
    cancelled = filters.BooleanFilter(
        label=_("cancelled"), field_name="cancelled_at", lookup_expr="isnull", exclude=True
    )

    def with_product(self, queryset: Any, name: str, product: Product) -> Any:
        lines = OrderReturnLine.objects.filter(order_return=OuterRef("pk"), line__product=product)
        return queryset.filter(Exists(lines))


class OrderReturnList(List):
    """A return is as visible as its order, and so is this list: it asks for the permissions on orders."""

    kind = Order.kind
    model = OrderReturn
    title = _("Returns")
    filterset_class = OrderReturnFilter
    columns = [
        Column("number", _("Number"), link=True, sort="number"),
        Column("order", _("Order"), value="order.number"),
        Column("customer", _("Customer"), value="order.customer.name"),
        Column("returned_at", _("Returned"), sort="returned_at", format="day"),
        Column("amount", _("Refunded"), sort="amount", format="money", currency="order.currency"),
        Column("reason", _("Reason"), value="reason.name"),
        Column("note", _("Note")),
        Column("cancelled", _("Cancelled"), value="is_cancelled", format="yesno"),
        Column("cancelled_why", _("Why it was cancelled")),
        Column("owner", _("Owner of the order"), value="order.owner.name", format="person"),
        Column("team", _("Team of the order"), value="order.team.name"),
        Column("by", _("Noted by"), value="by.name", format="person"),
        Column("recorded_at", _("Noted"), format="ago"),
    ]
    default_columns = ["number", "order", "customer", "returned_at", "amount", "reason", "cancelled"]
    default_sort = "-returned_at"
    select_related = ("order__customer", "order__owner", "order__team", "reason", "by")
    made_elsewhere = True
    empty_title = _("Nothing came back yet")
    empty_text = _("A return is noted on the page of its order.")

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """By its own number, or by what finds its order."""
        return queryset.filter(Q(number__iexact=text) | Q(order__in=finding.ids(Order.kind, text)))
