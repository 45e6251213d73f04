"""What a KPI's tile shows: stored numbers, judged, never computed here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from crm.models import User
from evaluation import kpis
from evaluation.engine import Scope, judgement, judgement_words, stored, wording
from evaluation.engine.judgement import Judgement, Levels
from evaluation.engine.stored import Course
from evaluation.formulas import periods
from evaluation.formulas.periods import Period
from evaluation.kpis import Kpi
from evaluation.models import Goal
from evaluation.views import charts, scoping

SHOWN_PERIODS = 24


@dataclass(frozen=True)
class Tile:
    kpi: Kpi
    course: Course
    judgement: Judgement
    url: str
    goal: Goal | None = None
    levels: Levels | None = None

    @property
    def result(self) -> Any:
        return self.course.latest

    @property
    def value(self) -> str:
        return wording.shown(self.result)

    @property
    def instead(self) -> str:
        return wording.instead(self.result)

    @property
    def interval(self) -> str:
        return wording.interval(self.result)

    @property
    def said(self) -> dict[str, Any]:
        return judgement_words.sentences(self.kpi, self.judgement, self.levels)

    @property
    def is_signal(self) -> bool:
        return self.judgement.variation.kind == judgement.Variation.SIGNAL

    @property
    def chart(self) -> dict[str, Any]:
        name = f"xmr-{self.kpi.code}"
        return charts.xmr(name, self.course.results, self.judgement, self.levels, small=True)


def tiles(
    scope: Scope, period: Period, user: User, goals: Iterable[Goal], courses: dict[str, Course] | None = None
) -> list[Tile]:
    """One tile for each KPI of the dashboard that the scope can be measured by. Two queries with the goals."""
    if courses is None:
        courses = stored.courses(scope, periods.last(period.kind, SHOWN_PERIODS, period), user)
    by_code = {goal.kpi_code: goal for goal in goals if goal.period_kind == period.kind}
    found = []
    for kpi in kpis.all_kpis():
        if kpi.on_dashboard and kpi.code in courses:
            found.append(_tile(kpi, scope, period, courses[kpi.code], by_code.get(kpi.code)))
    return found


def goals_of(scope: Scope, user: User) -> list[Goal]:
    rows = Goal.objects.visible_to(user).active().of_scope(scope.kind, scope.stored_key)
    return list(rows.prefetch_related("versions"))


def _tile(kpi: Kpi, scope: Scope, period: Period, course: Course, goal: Goal | None) -> Tile:
    terms = goal.terms_for(period) if goal else None
    levels = judgement.levels_of(terms, kpi, value_in(course, period.year_before())) if terms else None
    url = reverse("kpi-detail", args=[kpi.code]) + scoping.query(scope, period)
    return Tile(kpi, course, judgement.judge(course.results, levels), url, goal if terms else None, levels)


def value_in(course: Course, period: Period) -> float | None:
    """The stored value of a period of the course."""
    for result in course.results:
        if result.period == period and result.value is not None:
            return float(result.value)
    return None
