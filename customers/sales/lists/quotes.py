from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters as filters
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.web.lists import BulkAction, Column, List
from customers.sales.actions import quotes
from customers.sales.forms.quotes import HandOverQuotesForm
from customers.sales.lists.choices import TeamFilter, people, products, teams
from customers.sales.models import Opportunity, Product, Quote, QuoteLine


class QuoteFilter(filters.FilterSet):
    state = filters.MultipleChoiceFilter(label=_("state"), choices=Quote.State.choices)
    owner = filters.ModelChoiceFilter(label=_("owner"), queryset=people)
    team = TeamFilter(label=_("team"), queryset=teams)
    product = filters.ModelChoiceFilter(label=_("product"), queryset=products, method="with_product")
    net = filters.RangeFilter(label=_("net amount"))
    valid_until = filters.DateFromToRangeFilter(label=_("valid until"))

    def with_product(self, queryset: Any, name: str, product: Product) -> Any:
        return queryset.filter(Exists(QuoteLine.objects.filter(quote=OuterRef("pk"), product=product)))


class QuoteList(List):
    kind = "quote"
    model = Quote
    filterset_class = QuoteFilter
    columns = [
        Column("number", _("Number"), value="label", link=True, sort="number"),
        Column("title", _("What it is about"), sort="title"),
        Column("customer", _("Customer"), value="customer.name"),
        Column(
            "state",
            _("State"),
            format="badge",
            tones={"sent": "info", "accepted": "good", "declined": "bad", "expired": "warn"},
        ),
        Column("net", _("Net amount"), sort="net", format="money", currency="currency", adds_up="now"),
        Column("total", _("Total"), sort="total", format="money", currency="currency", adds_up="now"),
        Column("valid_until", _("Valid until"), sort="valid_until", format="day"),
        Column("opportunity", _("Opportunity"), value="opportunity_name"),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("sent_at", _("Sent"), sort="sent_at", format="moment"),
        Column("answered_at", _("Answered"), sort="answered_at", format="moment"),
        Column("answered_by", _("Answered by")),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["number", "title", "customer", "state", "total", "valid_until", "owner"]
    default_sort = "-updated_at"
    select_related = ("customer", "owner", "team")
    bulk_actions = [
        BulkAction(
            "hand-over",
            _("Hand over"),
            run=quotes.hand_over_many,
            verb=Verb.ASSIGN,
            form=HandOverQuotesForm,
            icon="user-check",
        )
    ]
    create_url = "quote-new"
    create_label = _("New quote")
    create_in_dialog = False
    empty_title = _("No quotes yet")
    empty_text = _("Offer a customer what you sell: they read, accept or decline it under a link of its own.")

    def with_columns(self, queryset: QuerySet, codes: Iterable[str]) -> QuerySet:
        """Names the opportunity to whoever may see it; a quote may be visible where it is not."""
        seen = Opportunity.objects.visible_to(self.request.user).filter(pk=OuterRef("opportunity_id")).order_by()
        return super().with_columns(queryset, codes).annotate(opportunity_name=Subquery(seen.values("name")[:1]))
