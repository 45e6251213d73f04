"""What a plan changed, in plain words, and the chart it is seen by."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from evaluation.engine import wording
from evaluation.formulas import control_chart, effect, periods
from evaluation.kpis import Unit
from evaluation.models import ActionPlan, EffectMeasurement

TONES = {"improved": "good", "no detectable change": "neutral", "worse": "bad", "not measurable": "neutral"}
TRANSITION = "period of the start left out"


def told(plan: ActionPlan, found: EffectMeasurement) -> dict[str, Any]:
    """Verdict, what it rests on, and what to know: "no detectable change" is not "failed"."""
    return {
        "label": found.get_verdict_display(),
        "tone": TONES[found.verdict],
        "grade": found.grade,
        "grade_text": _grade(found.grade),
        "text": _sentence(plan, found),
        "numbers": _numbers(plan, found),
        "notes": [text for note in found.notes if (text := _note(note))],
        "expected": wording.difference(plan.kpi, plan.expected_effect),
        "chart": _chart(plan, found),
        "measurement": found,
    }


def _sentence(plan: ActionPlan, found: EffectMeasurement) -> str:
    if found.verdict == EffectMeasurement.Verdict.NOT_MEASURABLE or found.interval_low is None:
        return _("Whether it helped cannot be said from these numbers.")
    low, high = (wording.difference(plan.kpi, end) for end in (found.interval_low, found.interval_high))
    values = {"effect": wording.difference(plan.kpi, found.estimate), "low": low, "high": high}
    if found.verdict == EffectMeasurement.Verdict.NO_DETECTABLE_CHANGE:
        return _("The change lies between %(low)s and %(high)s: no change can be told from chance.") % values
    if found.verdict == EffectMeasurement.Verdict.IMPROVED:
        return _("It improved by %(effect)s; with chance counted in, by %(low)s to %(high)s.") % values
    return _("It became worse by %(effect)s; with chance counted in, by %(low)s to %(high)s.") % values


def _numbers(plan: ActionPlan, found: EffectMeasurement) -> str:
    if found.before is None or found.after is None:
        return ""
    values = {"before": wording.figure(plan.kpi, found.before), "after": wording.figure(plan.kpi, found.after)}
    return _("Before %(before)s, after %(after)s.") % values


def _grade(grade: str) -> str:
    return {
        "A": _("chosen by lottery: the strongest evidence there is"),
        "B": _("compared with others that nothing was done with"),
        "C": _("compared with the trend of its own time before"),
        "D": _("compared with its own time before"),
        "E": _("numbers only: too few periods for a claim"),
    }[grade]


def _note(note: str) -> str:
    return {
        effect.TRIGGER_EXCLUDED: _("The period that gave rise to the plan is not counted."),
        effect.NO_SIGNAL: _("The chart shows no signal, so that nothing is claimed."),
        effect.PRE_TRENDS_DIFFER: _("The groups already moved apart before the start."),
        effect.TOO_FEW_POINTS: _("There are too few periods before or after."),
        effect.TOO_FEW_UNITS: _("There are too few to compare with."),
        TRANSITION: _("The period in which it started is not counted."),
    }.get(note, "")


def _chart(plan: ActionPlan, found: EffectMeasurement) -> dict[str, Any]:
    """The course from which it was measured, the usual range of before, and a line where the plan starts."""
    given = found.given
    starts, trigger, values = given["starts"], set(given["trigger"]), given["treated"]
    names = [wording.period_name(periods.parse(label)) for label in given["periods"]]
    before = [None if index in trigger else value for index, value in enumerate(values[:starts])]
    points = sum(value is not None for value in before)
    lowest, highest = plan.kpi.scale
    chart = control_chart.xmr(before, baseline=max(points, 2), lowest=lowest, highest=highest)
    scale = 3600 if plan.kpi.unit == Unit.SECONDS else 1
    rows = [
        {
            "period": name,
            "value": None if value is None else value / scale,
            "counted": index not in trigger,
            "start": index == starts,
        }
        for index, (name, value) in enumerate(zip(names, values, strict=True))
    ]
    shown = [
        [name, wording.figure(plan.kpi, value), _part(index, starts, trigger)]
        for index, (name, value) in enumerate(zip(names, values, strict=True))
    ]
    return {
        "spec": _spec(plan, rows, [chart.centre, chart.lower, chart.upper], scale),
        "label": _("%(kpi)s before and after the plan") % {"kpi": plan.kpi.name},
        "head": [_("Period"), _("Value"), ""],
        "rows": shown,
        "note": _("Vertical: the start of the plan. Dashed: the usual range before it. Hollow points are not counted."),
    }


def _part(index: int, starts: int, trigger: set[int]) -> str:
    if index in trigger:
        return _("gave rise to it")
    return _("before") if index < starts else _("after")


def _spec(plan: ActionPlan, rows: list[dict[str, Any]], levels: list[float | None], scale: int) -> dict[str, Any]:
    axis = {"labelAngle": -40, "labelOverlap": True}
    # Said, because the layers see different rows and would put them in different orders.
    order = {"domain": [row["period"] for row in rows]}
    x = {"field": "period", "type": "ordinal", "sort": None, "title": None, "axis": axis, "scale": order}
    number = {Unit.RATIO: ".0%", Unit.MONEY: "~s"}.get(plan.kpi.unit, ",~f")
    title = _("hours") if plan.kpi.unit == Unit.SECONDS else None
    y = {"field": "value", "type": "quantitative", "scale": {"zero": False}, "title": title, "axis": {"format": number}}
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "rule", "strokeDash": [1, 0] if place == 0 else [4, 4], "opacity": 0.6},
            "encoding": {"y": {"datum": level / scale, "type": "quantitative"}},
        }
        for place, level in enumerate(levels)
        if level is not None
    ]
    layers += [
        {
            "transform": [{"filter": "datum.start"}],
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {"x": x},
        },
        {"transform": [{"filter": "isValid(datum.value)"}], "mark": {"type": "line"}, "encoding": {"x": x, "y": y}},
        {
            "transform": [{"filter": "isValid(datum.value) && datum.counted"}],
            "mark": {"type": "point", "filled": True, "size": 60},
            "encoding": {"x": x, "y": y},
        },
        {
            "transform": [{"filter": "isValid(datum.value) && !datum.counted"}],
            "mark": {"type": "point", "filled": False, "size": 60},
            "encoding": {"x": x, "y": y},
        },
    ]
    return {"data": {"values": rows}, "height": 260, "layer": layers}
