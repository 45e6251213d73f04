"""What the home page shows of numbers: a manager's team, and everybody's goals."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import User
from evaluation.engine import judgement, judgement_words, stored, wording
from evaluation.formulas import periods
from evaluation.models import Goal, Measurement
from evaluation.views import scoping
from evaluation.views.tiles import SHOWN_PERIODS, goals_of, tiles, value_in


class TeamNumbers(View):
    """The numbers of the last complete month that say something: signals, and goals that are missed."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Measurement.kind, Verb.EDIT)
        scope = scoping.default_scope(request.user)
        period = periods.containing(periods.MONTH, scoping.today(timezone.now())).previous()
        shown = tiles(scope, period, request.user, goals_of(scope, request.user))
        measured = [tile for tile in shown if tile.course.is_measured]
        context = {
            "scope_name": wording.scope_name(scope),
            "period_name": wording.period_name(period),
            "url": reverse("dashboard") + scoping.query(scope, period),
            "news": [tile for tile in measured if tile.is_signal or _is_missed(tile)],
            "measured": len(measured),
        }
        return render(request, "evaluation/dashboard/_team.html", context)


def _is_missed(tile: Any) -> bool:
    found = tile.judgement.attainment
    return found is not None and found.verdict in (judgement.Verdict.MISSED, judgement.Verdict.PROBABLY_MISSED)


class MyGoals(View):
    """The person's goals with where they stand, those to answer first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Goal.kind, Verb.VIEW)
        mine = list(Goal.objects.visible_to(request.user).active().owned_by(request.user).prefetch_related("versions"))
        rows = standing(mine, request.user, timezone.now())
        rows.sort(key=lambda row: (row["goal"].answer != Goal.Answer.NONE, str(row["goal"])))
        return render(request, "evaluation/goal/_mine.html", {"rows": rows})


def standing(goals: list[Goal], user: User, now: datetime) -> list[dict[str, Any]]:
    """Each goal with its stored number of the current period: one query for each length of period."""
    rows = []
    by_kind: dict[str, list[Goal]] = defaultdict(list)
    for goal in goals:
        by_kind[goal.period_kind].append(goal)
    for kind, members in by_kind.items():
        current = periods.containing(kind, scoping.today(now))
        wanted = periods.last(kind, SHOWN_PERIODS, current)
        courses = stored.courses_of([stored.scope_of(goal) for goal in members], wanted)
        for goal in members:
            course = courses[goal.scope_kind, goal.scope_key].get(goal.kpi_code)
            rows.append(_row(goal, course, current))
    return rows


def _row(goal: Goal, course: Any, current: periods.Period) -> dict[str, Any]:
    terms = goal.terms_for(current)
    row: dict[str, Any] = {"goal": goal, "scope_name": wording.scope_name(stored.scope_of(goal)), "said": None}
    row |= {"value": "", "share": None, "target": ""}
    if terms is None or course is None:
        return row
    levels = judgement.levels_of(terms, goal.kpi, value_in(course, current.year_before()))
    found = judgement.judge(course.results, levels)
    return row | {
        "said": judgement_words.sentences(goal.kpi, found, levels),
        "value": wording.figure(goal.kpi, course.latest.value, course.latest.currency),
        "share": found.attainment.share if found.attainment else None,
        "target": judgement_words.levels(goal.kpi, levels),
        "period_name": wording.period_name(current),
    }
