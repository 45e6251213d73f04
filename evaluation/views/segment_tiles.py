"""The dashboard of a segment: who belongs to it changes, so nothing is stored of it and each tile is computed when it
comes into sight, for so long and no longer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from customers.models import Segment
from evaluation import kpis
from evaluation.engine import Scope, bounded, judgement, scopes, wording
from evaluation.engine.stored import Course
from evaluation.engine.watched import DASHBOARD_PERIODS
from evaluation.formulas import periods
from evaluation.formulas.periods import Period
from evaluation.kpis import GROUPS, Kpi
from evaluation.models import Measurement
from evaluation.views import scoping
from evaluation.views.kpis import Question
from evaluation.views.tiles import Tile

MILLISECONDS = 8000
SHOWN_PERIODS = {periods.MONTH: 13, periods.QUARTER: 8}  # fewer than are stored: each is computed


@dataclass(frozen=True)
class Placeholder:
    """A tile to be computed, or why it cannot be."""

    kpi: Kpi
    url: str  # where it is computed; empty where it is not about customers


def placeholders(scope: Scope, period: Period, segment: Segment) -> list[tuple[Any, list[Placeholder]]]:
    """By group, one for each KPI of the dashboard that the scope can be measured by."""
    query = scoping.query(scope, period, segment=str(segment.pk))
    found = []
    for group, label in GROUPS.items():
        members = [
            Placeholder(kpi, reverse("segment-tile", args=[kpi.code]) + query if kpi.facts.customer else "")
            for kpi in kpis.all_kpis()
            if kpi.on_dashboard and kpi.group == group and scopes.is_measurable(kpi, scope.kind)
        ]
        if members:
            found.append((label, members))
    return found


class SegmentTile(View):
    """One tile, computed: the answer to its placeholder. Goals are of scopes as a whole, so it has none."""

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        guards.require(request.user, Measurement.kind, Verb.VIEW)
        asked = Question.of(request, code)
        if asked.period.kind not in DASHBOARD_PERIODS:
            raise Http404(_("Numbers are not kept for periods of this length here."))
        wanted = periods.last(asked.period.kind, SHOWN_PERIODS[asked.period.kind], asked.period)
        found = bounded.series(asked.kpi, asked.scope, wanted, now=asked.now, milliseconds=MILLISECONDS)
        if found is None:
            return render(request, "evaluation/dashboard/_late.html", {"kpi": asked.kpi, "url": asked.url()})
        course = Course(asked.kpi, found, asked.now, len(found))
        tile = Tile(asked.kpi, course, judgement.judge(found), asked.url())
        context = {"tile": tile, "period_name": wording.period_name(asked.period), "without_goal": True}
        return render(request, "evaluation/dashboard/_tile.html", context)
