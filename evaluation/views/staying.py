"""Why customers left, and how long those who began together stay."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.joining import labelled
from crm.web import formats
from evaluation import kpis
from evaluation.engine import churn_reasons, staying, wording
from evaluation.engine.churn_reasons import Reason
from evaluation.engine.staying import Cohort, Step
from evaluation.formulas import periods
from evaluation.models import Goal, Measurement
from evaluation.views import scoping
from evaluation.views.kpis import Question

KINDS = (periods.MONTH, periods.QUARTER, periods.HALF, periods.YEAR)


class Reasons(View):
    """A fragment of the KPI's page: the reasons of those it counts as lost, as a Pareto chart with its table."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        asked = Question.of(request, code)
        if asked.kpi.code not in churn_reasons.CODES:
            raise Http404(_("This KPI is not split by reason."))
        found = churn_reasons.reasons(asked.kpi, asked.scope, asked.period, now=asked.now)
        context = {"lost": sum(one.customers for one in found), "chart": _pareto(found) if found else None}
        return render(request, "evaluation/kpi/_reasons.html", context)


class StayingCurve(View):
    """The retention curve of the customers whose first contract began in a period, and of each of its months."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Measurement.kind, Verb.VIEW)
        kpi, now = kpis.get("churn_rate"), timezone.now()
        scope = scoping.narrowed(request, kpi, scoping.asked_scope(request, request.user), request.user)
        period = scoping.asked_period(request, now, KINDS, periods.YEAR)
        whole, months = staying.staying(scope, period, now=now)
        current = periods.containing(period.kind, scoping.today(now))
        day = min(period.last, scoping.today(now))
        context = {
            "scope_name": wording.scope_name(scope),
            "scope_options": scoping.options(request.user, scope),
            "segment_options": scoping.segments(request.user, kpi, scope),
            "segment": scope.within,
            "period": period,
            "period_name": wording.period_name(period),
            "earlier": scoping.query(scope, period.previous()),
            "later": scoping.query(scope, period.next()) if period < current else "",
            "kinds": [
                {
                    "label": Goal.PeriodKind(kind).label,
                    "url": scoping.query(scope, periods.containing(kind, day)),
                    "active": kind == period.kind,
                }
                for kind in KINDS
            ],
            "kpi_url": reverse("kpi-detail", args=[kpi.code]),
            "whole": whole,
            "median": formats.number(whole.median, decimals=1) if whole.median is not None else "",
            "steps": [(_after(step), *_shown(whole, step)) for step in whole.steps if step.share is not None],
            "chart": _curve(whole) if whole.n else None,
            "heads": [_after(step) for step in months[0].steps] if months else [],
            "months": [
                (wording.period_name(one.period), scoping.query(scope, one.period), one, _line(one)) for one in months
            ],
        }
        return render(request, "evaluation/kpi/staying.html", context)


def _after(step: Step) -> str:
    return formats.number(step.months)


def _shown(cohort: Cohort, step: Step) -> tuple[str, str, str]:
    """The share, its interval and how many were followed so long. Of fewer than ten only the number is said."""
    if cohort.is_tiny:
        return formats.NOTHING, "", formats.number(step.at_risk)
    ends = ""
    if step.low is not None and step.high is not None:
        named = {"low": formats.percent(step.low), "high": formats.percent(step.high)}
        ends = _("%(low)s to %(high)s") % named
    return formats.percent(step.share), ends, formats.number(step.at_risk)


def _line(cohort: Cohort) -> list[str]:
    return [formats.NOTHING if cohort.is_tiny else formats.percent(step.share) for step in cohort.steps]


def _pareto(found: list[Reason]) -> dict[str, Any]:
    """Bars, the longest first, in the table with the share that they and those before them make up."""
    bars = [{"reason": _name(one), "customers": one.customers, "text": labelled(_name(one), one.customers)}
            for one in found]  # fmt: skip
    spec = {
        "data": {"values": bars},
        "height": {"step": 30},
        "mark": {"type": "bar"},
        "encoding": {
            "y": {"field": "reason", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 160}},
            "x": {
                "field": "customers", "type": "quantitative", "title": _("Customers lost"),
                "axis": {"tickMinStep": 1, "format": "d"},
            },
            "tooltip": {"field": "text"},
        },
    }  # fmt: skip
    return {
        "spec": spec,
        "label": _("Customers lost by reason"),
        "head": [_("Reason"), _("Customers"), _("Share"), _("Together with those above"), _("Value per month")],
        "rows": [
            [
                _name(one), formats.number(one.customers), formats.percent(one.share), formats.percent(one.cumulative),
                formats.money(one.monthly, settings.CURRENCY),
            ]
            for one in found
        ],
    }  # fmt: skip


def _name(reason: Reason) -> str:
    return reason.name or _("not known any more")


def _curve(cohort: Cohort) -> dict[str, Any]:
    """A step down wherever somebody left, with the band of the interval."""
    end = max(
        (step.months for step in cohort.steps if step.share is not None),
        default=max(1, *(time / staying.DAYS_OF_MONTH for time in cohort.curve.times or (0,))),
    )
    points = [{"months": 0.0, "share": 1.0, "low": 1.0, "high": 1.0}]
    for time, share, low, high in zip(
        cohort.curve.times, cohort.curve.survival, cohort.curve.lower, cohort.curve.upper, strict=True
    ):
        points.append({"months": time / staying.DAYS_OF_MONTH, "share": share, "low": low, "high": high})  # type: ignore[dict-item]
    points.append({**points[-1], "months": max(end, points[-1]["months"])})
    x = {
        "field": "months",
        "type": "quantitative",
        "title": _("Months since the first contract began"),
        "axis": {"tickMinStep": 1, "format": "d"},
    }
    y = {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": {"format": ".0%"}, "title": None}
    band = {
        "transform": [{"filter": "isValid(datum.low)"}],
        "mark": {"type": "area", "interpolate": "step-after", "opacity": 0.2, "line": False},
        "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
    }
    line = {
        "mark": {"type": "line", "interpolate": "step-after"},
        "encoding": {"x": x, "y": {**y, "field": "share"}},
    }
    return {
        "spec": {"data": {"values": points}, "height": 260, "layer": [line] if cohort.is_tiny else [band, line]},
        "label": _("Share of the customers who stayed, by months since they began"),
    }
