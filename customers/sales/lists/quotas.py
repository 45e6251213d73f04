"""Quotas as a list."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from crm.web.lists import Column, List
from customers.sales.lists.choices import TeamFilter, people, teams
from customers.sales.models import Quota


class QuotaFilter(filters.FilterSet):
    owner = filters.ModelChoiceFilter(label=_("whose"), queryset=people)
    team = TeamFilter(label=_("team"), queryset=teams)
    month = filters.DateFromToRangeFilter(label=_("month"))


class QuotaList(List):
    """Month by month, as quotas are imported and exported; they are set in the table of the year."""

    kind = "quota"
    model = Quota
    filterset_class = QuotaFilter
    columns = [
        Column("month", _("Month"), sort="month", format="month"),
        Column("owner", _("Person"), value="owner.name", format="person"),
        Column("for_team", _("Quota of the team"), value="for_team.name"),
        Column("team", _("Team"), value="team.name"),
        Column("amount", _("Amount"), format="money", currency="currency", adds_up="now"),
        Column("updated_at", _("Changed"), format="ago"),
    ]
    default_columns = ["month", "owner", "for_team", "amount"]
    default_sort = "-month"
    select_related = ("owner", "team", "for_team")
    empty_title = _("No quotas yet")
    empty_text = _("Whoever answers for a team sets them.")
