from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.joining import listed
from crm.search import finding
from crm.web import lists
from crm.web.lists import BulkAction, Column
from customers.actions import duplicates
from customers.models import Customer, Duplicate
from customers.models.match_key import Sign, Strength

TONES = {Strength.CERTAIN: "warn", Strength.LIKELY: "neutral"}


def comparison(pair: Duplicate) -> str:
    """Where the two are compared; the older one is proposed to stay."""
    return reverse("customer-merge", args=[pair.first_id, pair.second_id])


class DuplicateFilter(filters.FilterSet):
    strength = filters.ChoiceFilter(choices=Strength.choices, label=_("strength"))
    sign = filters.ChoiceFilter(choices=Sign.choices, method="having", label=_("why"))

    class Meta:
        model = Duplicate
        fields: list[str] = []

    def having(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(signs__contains=[int(value)])


class DuplicateList(lists.List):
    """Pairs of customers that may be one, both of them the person's to edit."""

    kind = "customer"
    model = Duplicate
    title = _("Possible duplicates")
    filterset_class = DuplicateFilter
    # Not joined: the planner keeps joins in their order, and would read all pairs before it asks whose they are.
    prefetch_related = ("first__owner", "second__owner")
    columns = [
        Column("first", _("Customer"), value="first.name", url=comparison),
        Column("second", _("May be the same as"), value="second.name", url=comparison),
        Column("reasons", _("Why"), value=lambda pair: listed(pair.reasons)),
        Column("strength", _("How sure"), format="badge", sort="strength", tones=TONES),
        Column("first_owner", _("Owner of the first"), value="first.owner.name", format="person"),
        Column("second_owner", _("Owner of the second"), value="second.owner.name", format="person"),
        Column("found_at", _("Found"), format="ago", sort="found_at"),
    ]
    default_columns = ["first", "second", "reasons", "strength", "first_owner", "second_owner"]
    default_sort = "-strength"
    counted = 100  # both customers of every pair are asked for: 5,000 of a million pairs took longer than the page
    bulk_actions = [
        BulkAction(
            "dismissal",
            _("Not the same"),
            duplicates.dismiss_many,
            icon="x",
            verb=Verb.EDIT,
            warning=_("These pairs are not proposed again."),
        )
    ]
    empty_title = _("No possible duplicates")
    empty_text = _("Every night all customers are compared by name, mail, domain, phone and registration number.")

    def get_queryset(self) -> Any:
        return Duplicate.objects.visible_to(self.request.user).open()

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        found = finding.ids(Customer.kind, text)
        return queryset.filter(Q(first__in=found) | Q(second__in=found))
