"""The dashboard: every KPI of a scope and period, from stored measurements; of a segment's customers computed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from evaluation.engine import wording
from evaluation.engine.watched import DASHBOARD_PERIODS
from evaluation.formulas import periods
from evaluation.kpis import GROUPS
from evaluation.models import Goal, HomeDashboard, Measurement
from evaluation.views import dashboards, scoping, segment_tiles
from evaluation.views.tiles import Tile, goals_of, tiles


class Dashboard(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Measurement.kind, Verb.VIEW)
        home = None if request.GET else HomeDashboard.of(request.user)
        if home is not None:
            return redirect(home)
        now = timezone.now()
        scope = scoping.asked_scope(request, request.user)
        period = scoping.asked_period(request, now, DASHBOARD_PERIODS)
        segment = scoping.asked_segment(request, request.user)
        shown = [] if segment else tiles(scope, period, request.user, goals_of(scope, request.user))
        current = periods.containing(period.kind, scoping.today(now))
        more = {"segment": str(segment.pk)} if segment else {}
        measured = [tile.course.measured_at for tile in shown if tile.course.measured_at]
        context = {
            "scope": scope,
            "scope_name": wording.scope_name(scope),
            "scope_code": scoping.code_of(scope),
            "scope_options": scoping.options(request.user, scope),
            "segment": segment,
            "segment_options": scoping.all_segments(request.user, segment.pk if segment else None),
            "placeholders": segment_tiles.placeholders(scope, period, segment) if segment else [],
            "period": period,
            "period_name": wording.period_name(period),
            "kinds": _kinds(scope, period, now, more),
            "earlier": scoping.query(scope, period.previous(), **more),
            "later": scoping.query(scope, period.next(), **more) if period < current else "",
            "groups": _grouped(shown),
            "signals": [tile for tile in shown if tile.is_signal],
            "measured_at": max(measured, default=None),
            "has_tiles": any(tile.course.is_measured for tile in shown),
            "has_any": bool(shown),
            **dashboards.switch(request.user),
        }
        return render(request, "evaluation/dashboard/page.html", context)


def _kinds(scope: Any, period: Any, now: Any, more: dict[str, str]) -> list[dict[str, Any]]:
    day = min(period.last, scoping.today(now))
    return [
        {
            "label": Goal.PeriodKind(kind).label,
            "url": scoping.query(scope, periods.containing(kind, day), **more),
            "active": kind == period.kind,
        }
        for kind in DASHBOARD_PERIODS
    ]


def _grouped(shown: list[Tile]) -> list[tuple[Any, list[Tile]]]:
    found = [(label, [tile for tile in shown if tile.kpi.group == group]) for group, label in GROUPS.items()]
    return [(label, members) for label, members in found if members]
