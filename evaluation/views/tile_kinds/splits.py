from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from evaluation.engine import Result, bounded, scopes, wording
from evaluation.models.tile import Tile, TileKind, Width, register
from evaluation.views import charts, parts, scoping
from evaluation.views.segment_tiles import MILLISECONDS
from evaluation.views.tile_kinds.viewer import Asked, NothingToShow, Viewer, late

MOST_BARS = 10


@register
class Split(TileKind):
    """A KPI for each part of a dimension: bars, with the numbers beside them."""

    code = "split"
    order = 30
    label = gettext_lazy("KPI by part")
    meaning = gettext_lazy("A KPI for each team, person, channel …: bars with the numbers beside them.")
    icon = "chart-bar"
    parts = ("kpi", "by", "period", "scope", "segment")
    template = "evaluation/tile/_split.html"
    width = Width.TWO_THIRDS.value

    def content(self, tile: Tile, viewer: Viewer) -> dict[str, Any]:
        asked, dimension = Asked.of(tile.settings, viewer), tile.settings.get("by", "")
        if dimension not in asked.kpi.dimensions:
            raise NothingToShow(_("This KPI cannot be broken down like that."))
        found = bounded.by(asked.kpi, dimension, asked.period, asked.scope, now=asked.now, milliseconds=MILLISECONDS)
        if found is None:
            late()
        others = [one for one in found or [] if one.scope != asked.scope] or found or []  # one alone is its own part
        seen = parts.visible(dimension, others, viewer.user)
        shown = sorted(seen[:MOST_BARS], key=lambda one: float("-inf") if one.value is None else float(one.value))[::-1]
        links = parts.are_linked(dimension, viewer.user)
        return asked.about | {
            "url": asked.url.split("?")[0] + scoping.query(asked.scope, asked.period, by=dimension) + "#parts",
            "dimension": scopes.KINDS[dimension],
            "chart": bars(f"split-{tile.id}", asked, shown, links=links, thirds=tile.thirds) if shown else None,
            "left_out": len(others) - len(shown),
        }


def bars(name: str, asked: Asked, shown: list[Result], *, links: bool, thirds: int) -> dict[str, Any]:
    """The arguments of the chart component. Bars begin at zero; a part without a value has none, and says so."""
    dimension = scopes.KINDS[shown[0].scope.kind]
    return {
        "name": name,
        "spec": charts.bars([_bar(asked, result, links=links) for result in shown], charts.ROOM[thirds]),
        "label": _("%(kpi)s by %(dimension)s") % {"kpi": asked.kpi.name, "dimension": dimension},
        "head": [capfirst(str(dimension)), _("Value"), _("Interval"), _("Records")],
        "rows": [
            [wording.scope_name(one.scope), wording.shown(one), wording.interval(one), str(one.n)] for one in shown
        ],
    }


def _bar(asked: Asked, result: Result, *, links: bool) -> dict[str, Any]:
    value = charts.scaled(result.kpi, result.value)
    name, shown = wording.scope_name(result.scope), wording.shown(result)
    url = ""
    if links and result.scope.key is not None:
        url = reverse("kpi-detail", args=[asked.kpi.code]) + scoping.query(result.scope, asked.period)
    return charts.bar(name, value, shown, url)
