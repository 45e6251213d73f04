from __future__ import annotations

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from crm.web import lists
from crm.web.lists import Column
from customers.lists.filters import OwnerFilter, TeamFilter
from customers.models import ErasureRequest


class ErasureFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=ErasureRequest.State.choices, label=_("state"))
    owner = OwnerFilter()
    team = TeamFilter()

    class Meta:
        model = ErasureRequest
        fields: list[str] = []


class ErasureList(lists.List):
    kind = "erasure"
    model = ErasureRequest
    filterset_class = ErasureFilter
    select_related = ("owner", "team", "decided_by")
    columns = [
        Column("number", _("Request"), value="__str__", link=True),
        Column("state", _("State"), format="badge", tones={"asked": "info", "done": "good", "refused": "warn"}),
        Column("asked_on", _("Asked on"), format="day"),
        Column("asked_by", _("Who asked"), format="badge"),
        Column("owner", _("Noted by"), value="owner.name", format="person"),
        Column("decided_by", _("Decided by"), value="decided_by.name", format="person"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_sort = "-updated_at"
    empty_title = _("No erasure requests")
    empty_text = _("A request is noted on the page of the contact, or of the customer who is a person.")
