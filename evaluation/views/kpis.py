"""A KPI's page: what it is, its number and course, its parts, and the very records behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards, kinds
from crm.access.permissions import Verb
from crm.exchange import exporting
from evaluation import engine, kpis
from evaluation.actions import restatements
from evaluation.engine import (
    EvidenceRow,
    Scope,
    churn_reasons,
    judgement,
    judgement_words,
    scopes,
    stored,
    wording,
)
from evaluation.formulas import periods
from evaluation.formulas.periods import Period
from evaluation.kpis import GROUPS, Kpi
from evaluation.models import Goal, Measurement, closed
from evaluation.views import charts, parts, scoping, tiles, used_values

SHOWN_RECORDS = 100
ASKABLE = periods.KINDS
CURVE_FOR = ("churn_rate", "at_risk_churn_rate", "retention_rate")


@dataclass(frozen=True)
class Question:
    """What the URL asks: a KPI, for a scope within reach and a period."""

    kpi: Kpi
    scope: Scope
    period: Period
    now: datetime

    @classmethod
    def of(cls, request: HttpRequest, code: str, verb: Verb = Verb.VIEW) -> Question:
        guards.require(request.user, Measurement.kind, verb)
        try:
            kpi = kpis.get(code)
        except kpis.UnknownKpi:
            raise Http404(_("There is no such KPI.")) from None
        closed.require(request.user, kpi)
        scope, now = scoping.asked_scope(request, request.user), timezone.now()
        try:
            scopes.check(kpi, scope.kind)
        except scopes.ScopeError:
            raise Http404(_("This KPI cannot be measured for this scope.")) from None
        scope = scoping.narrowed(request, kpi, scope, request.user)
        period = scoping.asked_period(request, now, ASKABLE)
        return cls(kpi, stored.as_measured(kpi, scope, period), period, now)

    @property
    def query(self) -> str:
        return scoping.query(self.scope, self.period)

    def url(self, name: str = "kpi-detail", **more: str) -> str:
        return reverse(name, args=[self.kpi.code]) + scoping.query(self.scope, self.period, **more)


class KpiList(View):
    """The catalogue: every KPI with its definition."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, "kpi", Verb.VIEW)
        groups = [(label, [kpi for kpi in kpis.all_kpis() if kpi.group == code]) for code, label in GROUPS.items()]
        may_measure = request.user.access.may(Measurement.kind, Verb.VIEW)
        return render(request, "evaluation/kpi/list.html", {"groups": groups, "may_measure": may_measure})


class KpiDetail(View):
    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        asked = Question.of(request, code)
        kpi, scope, period = asked.kpi, asked.scope, asked.period
        course = course_of(asked)
        levels, goal = goal_levels(asked, request.user, course)
        found = judgement.judge(course, levels)
        current = periods.containing(period.kind, scoping.today(asked.now)) if period.kind != periods.DAYS else None
        measured = stored_measurement(asked)
        context = {
            "kpi": kpi,
            "definition": definition(kpi),
            "currency": settings.CURRENCY,
            "scope_name": wording.scope_name(scope),
            "scope_options": scoping.options(request.user, scope),
            "segment_options": scoping.segments(request.user, kpi, scope),
            "segment": scope.within,
            "period": period,
            "period_name": wording.period_name(period),
            "earlier": scoping.query(scope, period.previous()),
            "later": scoping.query(scope, period.next()) if current and period < current else "",
            "kinds": _kinds(asked),
            "result": course[-1],
            "value": wording.shown(course[-1]),
            "instead": wording.instead(course[-1]),
            "interval": wording.interval(course[-1]),
            "said": judgement_words.sentences(kpi, found, levels),
            "goal": goal,
            "tree": parts.tree(engine.value(kpi, scope, period, now=asked.now)) if kpi.drivers else [],
            "partner": parts.partner(course[-1], asked.now),
            "beside": parts.beside(course[-1], asked.now),
            "chart": charts.xmr("kpi-course", course, found, levels, lambda one: asked_url(kpi, scope, one.period)),
            "breakdown": parts.breakdown(kpi, scope, period, request.user, request.GET.get("by", ""), asked.now),
            "evidence": engine.evidence(kpi, scope, period, request.user, SHOWN_RECORDS, now=asked.now),
            "export_url": asked.url("kpi-evidence") if request.user.access.may("measurement", Verb.EXPORT) else "",
            "explanation_url": asked.url("kpi-explanation"),
            "reasons_url": asked.url("kpi-reasons") if kpi.code in churn_reasons.CODES else "",
            "curve_url": _curve_url(asked),
            "restatement_url": asked.url("kpi-restatement") if measured and measured.is_final else "",
            "measured": measured,
        }
        return render(request, "evaluation/kpi/page.html", context)


class Explanation(View):
    """Why the number changed, against the period before or the same one last year."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        asked = Question.of(request, code)
        by_year = request.GET.get("against") == "year"
        before = asked.period.year_before() if by_year else asked.period.previous()
        try:
            found = engine.explain(asked.kpi, asked.scope, before, asked.period, user=request.user, now=asked.now)
        except engine.ScopeError:
            found = None
        context = {
            "kpi": asked.kpi,
            "found": found,
            "change": wording.difference(asked.kpi, found.change) if found else "",
            "before_name": wording.period_name(before),
            "period_name": wording.period_name(asked.period),
            "dimension": scopes.KINDS.get(found.dimension, "") if found else "",
            "effects": parts.effects(asked.kpi, found) if found else [],
            "movers": parts.movers(asked.kpi, found) if found else [],
            "other_url": asked.url("kpi-explanation", **({} if by_year else {"against": "year"})),
            "by_year": by_year,
        }
        return render(request, "evaluation/kpi/_explanation.html", context)


class Restatement(View):
    """How a final number would read today, and the records by which it differs."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        asked = Question.of(request, code)
        closed.require(request.user, asked.kpi, with_records=True)
        measurement = stored_measurement(asked)
        found = restatements.restated(measurement, now=asked.now, user=request.user) if measurement else None
        context = {
            "found": found,
            "value": wording.figure(asked.kpi, measurement.value) if measurement else "",
            "today": wording.figure(asked.kpi, found.result.value, found.result.currency) if found else "",
            "moved": [(one, kinds.get(one.kind).url_for(one.id)) for one in found.moved] if found else [],
        }
        return render(request, "evaluation/kpi/_restatement.html", context)


class Evidence(View):
    """The records as a table to take away: those the person may see, with the values that were used."""

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        asked = Question.of(request, code, Verb.EXPORT)
        found = engine.evidence(asked.kpi, asked.scope, asked.period, request.user, now=asked.now)
        names = list(asked.kpi.facts.shown)
        table = exporting.Table(
            name=f"{asked.kpi.name} {wording.scope_name(asked.scope)} {asked.period.label}",
            heads=[*_heads(), *map(used_values.heading, names)],
            records=found.rows,
            cells=lambda row: _cells(row, names, request),
            count=len(found.rows),
        )
        about = {"kpi": code, "scope": scoping.code_of(asked.scope), "period": asked.period.label}
        return exporting.respond(table, request.GET.get("format", "csv"), about, by=request.user, at=asked.now)


def _heads() -> list[str]:
    return [_("Kind"), _("Record"), _("Link"), _("When"), _("Counted"), _("Numerator"), _("Value")]


def _cells(row: EvidenceRow, names: list[str], request: HttpRequest) -> list[Any]:
    url = request.build_absolute_uri(row.url) if row.url else ""
    counted = _("yes") if row.counted else _("no")
    shown = [used_values.cell(name, row.fields.get(name)) for name in names]
    named = [str(kinds.get(row.kind).label), used_values.record_name(row.label, row.kind), url]
    return [*named, row.at, counted, row.numerator, row.value, *shown]


def course_of(asked: Question) -> list[engine.Result]:
    """24 periods: stored numbers where the course was measured, else all of them computed in one statement.

    The last is the one asked for: a final number as it was stored, an open one as of now.
    """
    wanted = periods.last(asked.period.kind, tiles.SHOWN_PERIODS, asked.period)
    if asked.scope.within:  # who belongs to a segment changes: nothing is kept of it
        return engine.series(asked.kpi, asked.scope, wanted, now=asked.now)
    course = stored.courses(asked.scope, wanted, codes=[asked.kpi.code]).get(asked.kpi.code)
    if course is None or course.measured < 2:
        return engine.series(asked.kpi, asked.scope, wanted, now=asked.now)
    measured = stored_measurement(asked)
    if measured and measured.is_final:
        return course.results
    return [*course.results[:-1], engine.value(asked.kpi, asked.scope, asked.period, now=asked.now)]


def stored_measurement(asked: Question) -> Measurement | None:
    if asked.scope.within:
        return None
    rows = Measurement.objects.of_kpi(asked.kpi.code)  # scoped: the scope was asked for
    rows = rows.of_scope(asked.scope.kind, asked.scope.stored_key)
    return rows.filter(
        period_kind=asked.period.kind, period_start=asked.period.first, period_end=asked.period.last
    ).order_by("-kpi__valid_from", "-kpi_id").first()  # fmt: skip


def goal_levels(asked: Question, user: Any, course: list[engine.Result]) -> tuple[judgement.Levels | None, Goal | None]:
    for goal in [] if asked.scope.within else tiles.goals_of(asked.scope, user):
        terms = goal.terms_for(asked.period) if goal.kpi_code == asked.kpi.code else None
        if terms and goal.period_kind == asked.period.kind:
            before = asked.period.year_before()
            last_year = next(
                (float(one.value) for one in course if one.period == before and one.value is not None), None
            )
            return judgement.levels_of(terms, asked.kpi, last_year), goal
    return None, None


def asked_url(kpi: Kpi, scope: Scope, period: Period) -> str:
    return reverse("kpi-detail", args=[kpi.code]) + scoping.query(scope, period)


def _curve_url(asked: Question) -> str:
    """How long customers stay, of the same scope, is asked beside the KPIs about keeping them: for those of a year."""
    if asked.kpi.code not in CURVE_FOR or asked.scope.kind == "product":
        return ""
    return reverse("retention-curve") + scoping.query(asked.scope, periods.containing(periods.YEAR, asked.period.first))


def _kinds(asked: Question) -> list[dict[str, Any]]:
    day = min(asked.period.last, scoping.today(asked.now))
    return [
        {
            "label": Goal.PeriodKind(kind).label,
            "url": scoping.query(asked.scope, periods.containing(kind, day)),
            "active": kind == asked.period.kind,
        }
        for kind in (periods.MONTH, periods.QUARTER, periods.HALF, periods.YEAR)
    ]


def definition(kpi: Kpi) -> list[tuple[str, Any]]:
    """Everything that defines it, in words."""
    directions = {"higher": _("higher is better"), "lower": _("lower is better"), "band": _("a band is aimed for")}
    methods = {
        "none": _("none: everything is counted"),
        "wilson": _("Wilson score, 95%"),
        "adjusted wald": _("adjusted Wald, 95%"),
        "poisson": _("exact Poisson, 95%"),
        "order statistics": _("order statistics, 95%"),
        "log-log": _("log-log, of those not ended yet too, 95%"),
        "exact conditional": _("exact, of two counts beside each other, 95%"),
        "wilson of the effective number": _("Wilson score of as many as would be as exact if all were decided, 95%"),
    }
    times = {
        "event": _("counted when it happened"),
        "stock": _("as it stands at the end of the period"),
        "cohort": _("what began in the period is followed"),
        "rolling": _("over a window that ends with the period"),
    }
    return [
        (_("Formula"), kpi.formula),
        (_("Unit"), wording.unit_name(kpi)),
        (_("Direction"), directions[kpi.direction]),
        (_("Time"), times[kpi.time]),
        (_("Interval"), methods[kpi.interval]),
        (_("Least number of records"), kpi.minimum_n or _("none")),
        (_("Guard KPI"), kpis.get(kpi.guard) if kpi.guard else _("none")),
        (_("Version"), kpi.version),
        (_("Source"), kpi.source),
    ]
