"""Submitted forecasts as a list."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from crm.web.lists import Column, List
from customers.sales.lists.choices import TeamFilter, people, teams
from customers.sales.models import ForecastSubmission


class ForecastFilter(filters.FilterSet):
    owner = filters.ModelChoiceFilter(label=_("whose"), queryset=people)
    team = TeamFilter(label=_("team"), queryset=teams)
    of_team = filters.BooleanFilter(label=_("for the team"))
    period_kind = filters.ChoiceFilter(label=_("month or quarter"), choices=ForecastSubmission.PERIODS)
    period_start = filters.DateFromToRangeFilter(label=_("period begins"))
    week = filters.DateFromToRangeFilter(label=_("week of"))


class ForecastList(List):
    """Everything that was ever submitted: nothing of it changes."""

    kind = "forecast"
    model = ForecastSubmission
    filterset_class = ForecastFilter
    columns = [
        Column("period", _("Period"), value="period_label", link=True),
        Column("owner", _("Whose"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("of_team", _("For the team"), format="yesno"),
        Column("week", _("Week of"), sort="week", format="day"),
        Column("commit", _("Commit"), sort="commit", format="money", currency="currency"),
        Column("best_case", _("Best case"), sort="best_case", format="money", currency="currency"),
        Column("submitted_at", _("Submitted"), sort="submitted_at", format="moment"),
        Column("note", _("Note")),
    ]
    default_columns = ["period", "owner", "team", "of_team", "week", "commit", "best_case"]
    default_sort = "-submitted_at"
    select_related = ("owner", "team")
    empty_title = _("No forecasts yet")
    empty_text = _("What is submitted stands here, week by week.")
