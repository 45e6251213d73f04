from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.joining import labelled
from evaluation.engine import Result, bounded, scopes, wording
from evaluation.models.tile import Tile, TileKind, Width, register
from evaluation.views import charts, parts, scoping
from evaluation.views.segment_tiles import MILLISECONDS
from evaluation.views.tile_kinds.viewer import Asked, NothingToShow, Viewer, late

MOST_BARS = 10
ROOM = {1: 0.7, 2: 0.25, 3: 0.15}  # beside the longest bar for its number, by the width of the tile


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
            "chart": bars(f"split-{tile.id}", asked, shown, links=links, room=ROOM[tile.thirds]) if shown else None,
            "left_out": len(others) - len(shown),
        }


def bars(name: str, asked: Asked, shown: list[Result], *, links: bool, room: float) -> dict[str, Any]:
    """The arguments of the chart component. Bars begin at zero; a part without a value has none, and says so."""
    values = [_bar(asked, result, links=links) for result in shown]
    y = {
        "field": "part", "type": "nominal", "sort": None, "title": None,
        "axis": {"labelLimit": 140, "ticks": False, "domain": False},
    }  # fmt: skip
    lowest, highest = min(0, *(bar["value"] or 0 for bar in values)), max(bar["end"] for bar in values)
    domain = [lowest, highest + (highest - lowest or 1) * room]
    x = {"field": "value", "type": "quantitative", "axis": None, "scale": {"domain": domain, "nice": False}}
    layer: list[dict[str, Any]] = [
        {
            "mark": {"type": "bar"},
            "encoding": {"x": x, "tooltip": {"field": "text"}, "href": {"field": "url"}},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 4},
            "encoding": {"x": {**x, "field": "end"}, "text": {"field": "shown"}},
        },
    ]
    dimension = scopes.KINDS[shown[0].scope.kind]
    return {
        "name": name,
        "spec": {"data": {"values": values}, "height": {"step": 26}, "encoding": {"y": y}, "layer": layer},
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
    return {
        "part": name,
        "value": value,
        "end": max(value or 0, 0),
        "shown": shown,
        "text": labelled(name, shown),
        "url": url,
    }
