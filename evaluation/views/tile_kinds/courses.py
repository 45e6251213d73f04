from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from evaluation.engine import Result, judgement, judgement_words, wording
from evaluation.formulas import periods
from evaluation.models.tile import Tile, TileKind, Width, register
from evaluation.views import charts
from evaluation.views.kpis import Question, asked_url, goal_levels
from evaluation.views.tile_kinds.viewer import Asked, Viewer


@register
class Course(TileKind):
    """A KPI's course over some periods, as a control chart with its goal."""

    code = "course"
    order = 20
    label = _("KPI over time")
    meaning = _("A KPI over the last periods: what is usual, what is news, and the goal as a line.")
    icon = "chart-line"
    parts = ("kpi", "period", "periods", "scope", "segment")
    template = "evaluation/tile/_course.html"
    width = Width.TWO_THIRDS.value

    def content(self, tile: Tile, viewer: Viewer) -> dict[str, Any]:
        asked = Asked.of(tile.settings, viewer)
        course = asked.course(periods.last(asked.period.kind, tile.settings.get("periods") or 12, asked.period))
        question = Question(asked.kpi, asked.scope, asked.period, asked.now)
        levels, goal = goal_levels(question, viewer.user, course)
        found = judgement.judge(course, levels)

        def url_of(result: Result) -> str:
            return asked_url(asked.kpi, asked.scope, result.period)

        name, small = f"course-{tile.id}", tile.thirds == 1
        return asked.about | {
            "result": course[-1],
            "value": wording.shown(course[-1]),
            "instead": wording.instead(course[-1]),
            "interval": wording.interval(course[-1]),
            "said": judgement_words.sentences(asked.kpi, found, levels),
            "goal": goal,
            "chart": charts.xmr(name, course, found, levels, url_of, small=small),
        }
