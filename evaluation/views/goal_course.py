"""How a goal goes: period by period, rolled up, and beside the KPI that must not suffer for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from crm.models import User
from crm.web import formats
from evaluation import engine
from evaluation.actions import goals
from evaluation.engine import Result, judgement, judgement_words, scopes, wording
from evaluation.engine.judgement import Levels
from evaluation.engine.rolling_up import ROLLED_UP, adds_up, parts_of, together
from evaluation.formulas import periods
from evaluation.formulas.periods import Period
from evaluation.models import Goal, GoalTerms
from evaluation.views import charts, scoping
from evaluation.views.kpis import Question, course_of

LISTED = 6


def of(goal: Goal, user: User, now: datetime) -> dict[str, Any]:
    """Everything the page of a goal shows of its numbers."""
    scope, period = goals.scope_of(goal), goal.period_on(scoping.today(now))
    course = course_of(Question(goal.kpi, scope, period, now))
    values = {one.period: one.value for one in course}
    levels_now = _levels(goal, period, values)
    found = judgement.judge(course, levels_now)
    reachable = scopes.reachable(user, scope)
    base = reverse("kpi-detail", args=[goal.kpi_code])
    url_of = (lambda one: base + scoping.query(scope, one.period)) if reachable else None
    return {
        "kpi": goal.kpi,
        "scope_name": wording.scope_name(scope),
        "period_name": wording.period_name(period),
        "target": judgement_words.levels(goal.kpi, levels_now) if levels_now else "",
        "baseline": wording.figure(goal.kpi, goal.baseline),
        "stretch": wording.figure(goal.kpi, levels_now.stretch) if levels_now and levels_now.stretch else "",
        "value": wording.figure(goal.kpi, course[-1].value, course[-1].currency),
        "said": judgement_words.sentences(goal.kpi, found, levels_now),
        "kpi_url": base + scoping.query(scope, period) if reachable else "",
        "chart": charts.xmr("goal-course", course, found, levels_now, url_of),
        "rows": [row for one in reversed(course[-LISTED:]) if (row := _row(goal, one, values))],
        "rolled_up": [_rolled_up(goal, longer, now) for longer in _longer(goal, now)],
        "guard": _guard(goal, period, now),
        "versions": [(version, terms_text(goal, version)) for version in reversed(list(goal.versions.all()))],
    }


def _levels(goal: Goal, period: Period, values: dict[Period, Any]) -> Levels | None:
    terms = goal.terms_for(period)
    last_year = values.get(period.year_before())
    return judgement.levels_of(terms, goal.kpi, None if last_year is None else float(last_year)) if terms else None


def _row(goal: Goal, one: Result, values: dict[Period, Any]) -> dict[str, Any] | None:
    levels = _levels(goal, one.period, values)
    return _said(one, levels) if levels else None


def _said(one: Result, levels: Levels) -> dict[str, Any]:
    found = judgement.attainment(one, levels)
    return {
        "period": wording.period_name(one.period),
        "value": wording.figure(one.kpi, one.value, one.currency),
        "level": judgement_words.levels(one.kpi, levels),
        "label": judgement_words.verdict_label(found.verdict),
        "tone": judgement_words.VERDICT_TONES[found.verdict],
        "icon": judgement_words.VERDICT_ICONS[found.verdict],
        "text": judgement_words.attainment(one.kpi, found, levels),
    }


def _longer(goal: Goal, now: datetime) -> list[Period]:
    """The longer periods of today, or what is left of them since the goal began: each once, and none that is a single
    period of the goal, which stands in the table as it is."""
    begun = min((version.starts_on for version in goal.versions.all()), default=goal.starts_on)
    wholes = [periods.containing(kind, scoping.today(now)) for kind in ROLLED_UP.get(goal.period_kind, ())]
    found = [Period(begun, one.last) if one.first < begun <= one.last else one for one in wholes]
    return [one for one in dict.fromkeys(found) if len(parts_of(one, goal.period_kind)) > 1]


def _rolled_up(goal: Goal, period: Period, now: datetime) -> dict[str, Any]:
    """The same goal over a longer period: what adds up has a level so many times as high, the rest the same one."""
    scope = goals.scope_of(goal)
    last_year, result = engine.series(goal.kpi, scope, [period.year_before(), period], now=now)
    reference = None if last_year.value is None else float(last_year.value)
    levels = judgement.levels_of(goal, goal.kpi, reference)
    if adds_up(goal.kpi, goal.target_kind):
        levels = together([levels] * len(parts_of(period, goal.period_kind)))
    return _said(result, levels)


def _guard(goal: Goal, period: Period, now: datetime) -> dict[str, Any] | None:
    """Whether the guard suffers: its variation, nothing else."""
    kpi, scope = goal.guard, goals.scope_of(goal)
    if kpi is None or not scopes.is_measurable(kpi, scope.kind):
        return None
    course = course_of(Question(kpi, scope, period, now))
    found = judgement.variation(course)
    return {
        "name": kpi.name,
        "value": wording.figure(kpi, course[-1].value, course[-1].currency),
        "label": judgement_words.variation_label(found),
        "tone": judgement_words.variation_tone(found),
        "text": judgement_words.variation(found),
    }


def terms_text(goal: Goal, terms: GoalTerms) -> str:
    """The terms of a version in a few words."""
    if terms.target_kind == "last_year_ratio":
        return f"{formats.percent(terms.target)} {terms.get_target_kind_display()}"  # type: ignore[attr-defined]
    return judgement_words.levels(goal.kpi, judgement.levels_of(terms, goal.kpi))
