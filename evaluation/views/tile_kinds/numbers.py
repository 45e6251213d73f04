from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from evaluation.engine import judgement, judgement_words, wording
from evaluation.formulas import periods
from evaluation.models.tile import Tile, TileKind, register
from evaluation.views.tile_kinds.viewer import Asked, Viewer


@register
class Number(TileKind):
    """A KPI as a number, how it changed since the period before, and how sure it is."""

    code = "number"
    order = 10
    label = _("KPI as a number")
    meaning = _("A KPI's value with its interval, and how it changed since the period before.")
    icon = "gauge"
    parts = ("kpi", "period", "scope", "segment")
    template = "evaluation/tile/_number.html"

    def content(self, tile: Tile, viewer: Viewer) -> dict[str, Any]:
        asked = Asked.of(tile.settings, viewer)
        before, result = asked.course(periods.last(asked.period.kind, 2, asked.period))
        change = ""
        if before.value is not None and result.value is not None:
            change = wording.difference(asked.kpi, float(result.value) - float(before.value), result.currency)
        return asked.about | {
            "result": result,
            "value": wording.shown(result),
            "instead": wording.instead(result),
            "interval": wording.interval(result),
            "change": change,
            "before": wording.shown(before),
            "before_name": wording.period_name(before.period),
            "quality": judgement_words.quality(asked.kpi, judgement.quality(result)),
        }
