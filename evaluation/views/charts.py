"""XmR charts as Vega-Lite specs, each with its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from crm.joining import labelled, listed
from evaluation.engine import wording
from evaluation.engine.judgement import Judgement, Levels, Variation
from evaluation.engine.results import Result
from evaluation.kpis.declaration import Kpi, Unit

SECONDS_PER_HOUR = 3600
HATCH = "url(#hatch)"
ROOM = {1: 0.7, 2: 0.25, 3: 0.15}  # beside the longest bar for its number, by the width of the tile
GOAL_COLOUR = "#00836b"  # dark enough on white, light enough on black


def bar(name: str, value: Any, shown: str, url: str, *, incomplete: bool = False) -> dict[str, Any]:
    """One bar with its number beside it; a mark that is pressed leads to `url`."""
    return {
        "part": name, "value": value, "end": max(value or 0, 0), "shown": shown, "text": labelled(name, shown),
        "url": url, "incomplete": incomplete,
    }  # fmt: skip


def bars(values: list[dict[str, Any]], room: float) -> dict[str, Any]:
    """Bars that begin at zero, one below the other in their order; `room` is left beside the longest for its number."""
    y = {
        "field": "part", "type": "nominal", "sort": None, "title": None,
        "axis": {"labelLimit": 140, "ticks": False, "domain": False},
    }  # fmt: skip
    lowest, highest = min(0, *(bar["value"] or 0 for bar in values)), max(bar["end"] for bar in values)
    domain = [lowest, highest + (highest - lowest or 1) * room]
    x = {"field": "value", "type": "quantitative", "axis": None, "scale": {"domain": domain, "nice": False}}
    drawn: dict[str, Any] = {"x": x, "tooltip": {"field": "text"}, "href": {"field": "url"}}
    if any(bar["incomplete"] for bar in values):
        drawn["fill"] = {"condition": {"test": "datum.incomplete", "value": HATCH}}
    layer: list[dict[str, Any]] = [
        {"mark": {"type": "bar"}, "encoding": drawn},
        {
            "mark": {"type": "text", "align": "left", "dx": 4},
            "encoding": {"x": {**x, "field": "end"}, "text": {"field": "shown"}},
        },
    ]
    return {"data": {"values": values}, "height": {"step": 26}, "encoding": {"y": y}, "layer": layer}


def xmr(
    name: str,
    series: Sequence[Result],
    found: Judgement,
    levels: Levels | None = None,
    url_of: Callable[[Result], str] | None = None,
    *,
    small: bool = False,
) -> dict[str, Any]:
    """The arguments of the chart component: the course, its usual range, signals by shape, the goal as a line."""
    kpi = series[0].kpi
    signals = {index for signal in found.chart.signals for index in signal.indexes}
    points = [_point(result, index in signals, url_of) for index, result in enumerate(series)]
    return {
        "name": name,
        "spec": _spec(kpi, points, found, levels, small=small),
        "label": _("%(kpi)s over time") % {"kpi": kpi.name},
        "head": [_("Period"), _("Value"), _("Interval"), _("Records"), ""],
        "rows": [_row(result, index in signals) for index, result in enumerate(series) if result.n or result.value],
        "note": "" if small else _note(found),
    }


def _point(result: Result, signal: bool, url_of: Callable[[Result], str] | None) -> dict[str, Any]:
    name = wording.period_name(result.period)
    shown = wording.shown(result)
    return {
        "period": name,
        "value": scaled(result.kpi, result.value),
        "complete": not result.is_provisional,
        "signal": signal,
        "text": labelled(name, shown),
        "url": url_of(result) if url_of else "",
    }


def _row(result: Result, signal: bool) -> list[str]:
    notes = [_("signal")] if signal else []
    notes += [_("incomplete")] if result.is_provisional else []
    shown = wording.shown(result)
    return [wording.period_name(result.period), shown, wording.interval(result), str(result.n), listed(notes)]


def _note(found: Judgement) -> str:
    if found.variation.kind == Variation.OVERLAPPING:
        return _(
            "There is no usual range where each point holds most of the one before. Incomplete periods are hatched."
        )
    if found.chart.lower is None:
        return _("The usual range is drawn from six complete periods on. Incomplete periods are hatched.")
    if found.chart.provisional:
        return _("The usual range is still provisional: it is fixed after twelve periods. Incomplete ones are hatched.")
    return _("Dashed: the usual range. Heavy line: a goal. Diamonds are signals. Incomplete periods are hatched.")


def _spec(
    kpi: Kpi, points: list[dict[str, Any]], found: Judgement, levels: Levels | None, *, small: bool
) -> dict[str, Any]:
    x = {"field": "period", "type": "ordinal", "sort": None, "title": None}
    y: dict[str, Any] = {"field": "value", "type": "quantitative", "scale": {"zero": False}, "title": _axis_title(kpi)}
    if small:
        x["axis"] = y["axis"] = None
    else:
        x["axis"] = {"labelAngle": -40, "labelOverlap": True}
        y["axis"] = {"format": {Unit.RATIO: ".0%", Unit.MONEY: "~s"}.get(kpi.unit, ",~f"), "tickCount": 5}
    layers: list[dict[str, Any]] = [
        *_rule(kpi, y, found.chart.centre, {"opacity": 0.6}),
        *_rule(kpi, y, found.chart.lower, {"opacity": 0.6, "strokeDash": [4, 4]}),
        *_rule(kpi, y, found.chart.upper, {"opacity": 0.6, "strokeDash": [4, 4]}),
        *(_goal_rules(kpi, y, levels) if levels else []),
        {
            "transform": [{"filter": "datum.complete && isValid(datum.value)"}],
            "mark": {"type": "line", "strokeWidth": 1.5},
            "encoding": {"x": x, "y": y},
        },
        _marks(x, y, "datum.complete", {}, small=small),
        _marks(x, y, "!datum.complete", {"fill": HATCH, "strokeWidth": 1, "stroke": "#808080"}, small=small),
    ]
    return {"data": {"values": points}, "height": 104 if small else 260, "layer": layers}


def _marks(x: Any, y: Any, test: str, look: dict[str, Any], *, small: bool) -> dict[str, Any]:
    encoding: dict[str, Any] = {
        "x": x,
        "y": y,
        "shape": {"condition": {"test": "datum.signal", "value": "diamond"}, "value": "circle"},
        "size": {"condition": {"test": "datum.signal", "value": 90 if small else 160}, "value": 18 if small else 50},
        "tooltip": {"field": "text"},
    }
    if not small:
        encoding["href"] = {"field": "url"}
    mark = {"type": "point", "filled": True, "opacity": 1, **look}
    return {"transform": [{"filter": f"{test} && isValid(datum.value)"}], "mark": mark, "encoding": encoding}


def _rule(kpi: Kpi, y: dict[str, Any], value: float | None, look: dict[str, Any]) -> list[dict[str, Any]]:
    """A level line. All layers share one axis, so they describe it alike."""
    if value is None:
        return []
    at = {name: part for name, part in y.items() if name != "field"} | {"datum": scaled(kpi, value)}
    return [{"mark": {"type": "rule", **look}, "encoding": {"y": at}}]


def _goal_rules(kpi: Kpi, y: dict[str, Any], levels: Levels) -> list[dict[str, Any]]:
    """The goal, told from the usual range by its weight."""
    look = {"strokeWidth": 2, "color": GOAL_COLOUR}
    return [*_rule(kpi, y, levels.at_least, look), *_rule(kpi, y, levels.at_most, look)]


def scaled(kpi: Kpi, value: Any) -> float | None:
    """As charts draw it: times in hours."""
    if value is None:
        return None
    return float(value) / SECONDS_PER_HOUR if kpi.unit == Unit.SECONDS else float(value)


def _axis_title(kpi: Kpi) -> str | None:
    return _("hours") if kpi.unit == Unit.SECONDS else None
