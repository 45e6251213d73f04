from __future__ import annotations

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from crm.web import lists
from crm.web.lists import Column
from customers.lists.filters import OwnerFilter, TeamFilter
from customers.models import Segment


class SegmentFilter(filters.FilterSet):
    owner = OwnerFilter()
    team = TeamFilter()
    how = filters.ChoiceFilter(choices=Segment.How.choices, label=_("how"))

    class Meta:
        model = Segment
        fields: list[str] = []


class SegmentList(lists.List):
    kind = "segment"
    model = Segment
    filterset_class = SegmentFilter
    select_related = ("owner", "team")
    columns = [
        Column("name", _("Name"), sort="name", link=True),
        Column("how", _("How"), format="badge", tones={"rule": "info"}),
        Column("description", _("Description")),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_sort = "name"
    create_url = "segment-new"
    create_label = _("New segment")
    create_in_dialog = False
    empty_title = _("No segments yet")
    empty_text = _("A segment asks what the customer list can be filtered by, or has members chosen one by one.")
