from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.web import formats, lists
from crm.web.lists import Column
from customers.lists.filters import OwnerFilter, TeamFilter
from evaluation import kpis
from evaluation.engine import judgement, judgement_words, stored, wording
from evaluation.engine.scopes import KINDS
from evaluation.models import Goal

ANSWER_TONES = {"none": "neutral", "acknowledged": "good", "objected": "warn"}


def scope_name(goal: Goal) -> str:
    return wording.scope_name(stored.scope_of(goal))


def level(goal: Goal) -> str:
    """The target in words; one that depends on last year, as agreed."""
    if goal.target_kind == "last_year_ratio":
        return formats.percent(goal.target) + " " + str(_("of last year"))
    return judgement_words.levels(goal.kpi, judgement.levels_of(goal, goal.kpi))


class GoalFilter(filters.FilterSet):
    kpi_code = filters.MultipleChoiceFilter(
        choices=lambda: [(kpi.code, kpi.name) for kpi in kpis.all_kpis()], label=_("KPI")
    )
    scope_kind = filters.MultipleChoiceFilter(choices=list(KINDS.items()), label=_("scope"))
    period_kind = filters.MultipleChoiceFilter(choices=Goal.PeriodKind.choices, label=_("measured every"))
    answer = filters.MultipleChoiceFilter(choices=Goal.Answer.choices, label=_("answer"))
    retired = filters.BooleanFilter(method="by_retired", label=_("retired"))
    owner = OwnerFilter()
    team = TeamFilter()

    class Meta:
        model = Goal
        fields: list[str] = []

    def by_retired(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return queryset.exclude(retired_at=None) if value else queryset.filter(retired_at=None)


class GoalList(lists.List):
    kind = "goal"
    model = Goal
    filterset_class = GoalFilter
    select_related = ("owner", "team")
    columns = [
        Column("kpi", _("KPI"), value=lambda goal: goal.kpi.name, link=True),
        Column("scope", _("For"), value=scope_name),
        Column("level", _("Target"), value=level),
        Column("period_kind", _("Measured every")),
        Column("commitment", _("Kind")),
        Column("weight", _("Weight"), sort="weight", format="number"),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("answer", _("Answer"), format="badge", tones=ANSWER_TONES),
        Column("starts_on", _("Applies from"), sort="starts_on", format="day"),
        Column("retired_at", _("Retired"), format="day"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["kpi", "scope", "level", "period_kind", "owner", "answer", "updated_at"]
    default_sort = "-updated_at"
    create_url = "goal-new"
    create_label = _("Set a goal")
    empty_title = _("No goals yet")
    empty_text = _("A goal says what a number should be, for whom and by when. Up to three for each team and stage.")
