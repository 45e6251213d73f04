from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.models.sharing import Audience
from crm.web.lists import Column, List
from customers.lists.filters import OwnerFilter
from evaluation.models import Dashboard


class DashboardFilter(filters.FilterSet):
    audience = filters.MultipleChoiceFilter(label=_("Who sees it"), choices=Audience.choices)
    owner = OwnerFilter()


class DashboardList(List):
    kind = "dashboard"
    model = Dashboard
    filterset_class = DashboardFilter
    select_related = ("owner", "team")
    columns = (
        Column("name", _("Name"), sort="name", link=True),
        Column("audience", _("Who sees it")),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("tiles", _("Tiles"), value=lambda row: len(row.tiles), format="number"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    )
    default_columns = ("name", "audience", "owner", "tiles", "updated_at")
    default_sort = "-updated_at"
    create_url = "dashboard-new"
    create_label = _("New dashboard")
    empty_title = _("No dashboards yet")
    empty_text = _("Put together the numbers, lists and goals you look at every day, and share them if you like.")

    def get_queryset(self) -> QuerySet[Any]:
        """A wide role may look at what others made for themselves, but need not."""
        return super().get_queryset().to_choose_from(self.request.user)
