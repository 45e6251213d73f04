"""What a number says, in three judgements kept apart: is it news, is the goal met, can it be trusted.

Pure: it looks at results and levels, asks nothing of the database and knows no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from evaluation.engine import coverage
from evaluation.engine.results import (
    DEADLINES_OF_TODAY,
    HIDDEN,
    NO_COST,
    NO_DENOMINATOR,
    NOT_REACHED,
    PROVISIONAL,
    SMALL_N,
    STATE_OF_TODAY,
    Result,
)
from evaluation.formulas import control_chart, scores
from evaluation.formulas.control_chart import Chart, Rule, Signal
from evaluation.formulas.samples import WIDEST_JUDGED
from evaluation.formulas.scores import Verdict
from evaluation.kpis.declaration import Aggregation, Direction, Kpi, Unit
from evaluation.models import closed

TOO_IMPRECISE = "too_imprecise"


class Terms(Protocol):
    """What a goal or one of its versions says; the kinds are those of `models.goal.TargetKind`."""

    target_kind: str
    baseline: float | None
    target: float
    target_high: float | None
    stretch: float | None


class Variation(StrEnum):
    SIGNAL = "signal"
    NO_SIGNAL = "no signal"
    TOO_FEW = "too few points"
    OVERLAPPING = "overlapping windows"


@dataclass(frozen=True)
class VariationJudgement:
    """Whether the latest complete period is news. `rule` is the strongest rule that it takes part in."""

    kind: Variation
    rule: Rule | None = None
    above: bool | None = None
    good: bool | None = None  # None where neither direction is better
    points: int = 0  # complete periods with a value
    needed: int = control_chart.PROVISIONAL_FROM
    centre: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Levels:
    """A goal's levels in the KPI's unit, for one period."""

    at_least: float | None = None
    at_most: float | None = None
    baseline: float | None = None
    stretch: float | None = None

    @property
    def is_band(self) -> bool:
        return self.at_least is not None and self.at_most is not None

    @property
    def target(self) -> float | None:
        """The one level that is aimed for; None of a band."""
        if self.is_band:
            return None
        return self.at_most if self.at_least is None else self.at_least


def levels_of(terms: Terms, kpi: Kpi, last_year: float | None = None) -> Levels:
    """The levels a goal's terms mean for one period. `last_year`: the value of the same period a year before.

    A ratio to a last year that is not known has no levels, so that the goal is not measurable. Which side is
    good follows from the kind, of a change from its sign, of a ratio to last year from the KPI.
    """
    kind, target, baseline = terms.target_kind, terms.target, terms.baseline
    if kind == "band":
        return Levels(target, terms.target_high, baseline)
    if kind == "last_year_ratio" and last_year is None:
        return Levels(baseline=baseline)
    upwards = {"at_least": True, "at_most": False, "last_year_ratio": kpi.direction != Direction.LOWER}.get(
        kind, target > 0 if target else kpi.direction != Direction.LOWER
    )
    level = _level(kind, target, baseline, last_year)
    stretch = None if terms.stretch is None else _level(kind, terms.stretch, baseline, last_year)
    begun = last_year if kind == "last_year_ratio" else baseline
    return Levels(level if upwards else None, None if upwards else level, begun, stretch)


def _level(kind: str, figure: float, baseline: float | None, last_year: float | None) -> float:
    if kind == "last_year_ratio":
        return figure * (last_year or 0.0)
    if kind == "baseline_plus":
        return (baseline or 0.0) + figure
    if kind == "baseline_percent":
        return (baseline or 0.0) * (1 + figure)
    return figure


@dataclass(frozen=True)
class AttainmentJudgement:
    """Whether the goal is met; `share` is how much of the way from baseline to target was covered."""

    verdict: Verdict
    share: float | None = None
    stretched: bool = False  # the stretch level is reached too
    too_few: bool = False  # not measurable for want of records
    too_wide: bool = False  # not measurable for want of precision
    running: bool = False  # the period is not over, or its cohorts are not ripe


@dataclass(frozen=True)
class QualityJudgement:
    """What to know before trusting the number: codes of this module, and counts of the KPI's own issues."""

    flags: tuple[str, ...] = ()
    issues: dict[str, int] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        return not self.flags and not self.issues


@dataclass(frozen=True)
class Judgement:
    variation: VariationJudgement
    attainment: AttainmentJudgement | None  # None without a goal
    quality: QualityJudgement
    chart: Chart


def judge(series: Sequence[Result], levels: Levels | None = None) -> Judgement:
    """Judge the last result of a series, the oldest first. Incomplete periods take no part in signals."""
    if not series:
        raise ValueError("There is nothing to judge in an empty series.")
    latest = series[-1]
    chart = chart_of(series)
    return Judgement(
        variation=variation(series, chart),
        attainment=attainment(latest, levels) if levels else None,
        quality=quality(latest),
        chart=chart,
    )


def chart_of(series: Sequence[Result]) -> Chart:
    """The XmR chart of the complete periods; the others have no point in it.

    What is measured over a window longer than its period has no limits: each point holds most of the one before, and
    the limits are of values that do not depend on each other.
    """
    lowest, highest = series[0].kpi.scale if series else (None, None)
    values = [None if result.kpi.overlaps else _charted(result) for result in series]
    return control_chart.xmr(values, lowest=lowest, highest=highest)


def _charted(result: Result) -> float | None:
    return None if result.is_provisional or result.value is None else float(result.value)


def variation(series: Sequence[Result], chart: Chart | None = None) -> VariationJudgement:
    """By the rules of the XmR chart, for the latest complete period."""
    chart = chart or chart_of(series)
    charted = [index for index, result in enumerate(series) if _charted(result) is not None]
    if series and series[-1].kpi.overlaps:
        return VariationJudgement(Variation.OVERLAPPING, points=len(charted))
    if chart.lower is None:
        return VariationJudgement(Variation.TOO_FEW, points=len(charted))
    known: dict[str, Any] = {
        "points": len(charted), "centre": chart.centre, "lower": chart.lower, "upper": chart.upper,
    }  # fmt: skip
    signal = _strongest(chart.signals, charted[-1])
    if signal is None:
        return VariationJudgement(Variation.NO_SIGNAL, **known)
    good = is_good(series[0].kpi, above=signal.above)
    return VariationJudgement(Variation.SIGNAL, signal.rule, signal.above, good, **known)


def is_good(kpi: Kpi, *, above: bool) -> bool | None:
    """Whether moving to that side of the centre is an improvement; None where neither side is."""
    if kpi.direction == Direction.BAND:
        return None
    return above == (kpi.direction == Direction.HIGHER)


def _strongest(signals: Sequence[Signal], index: int) -> Signal | None:
    concerned = [signal for signal in signals if index in signal.indexes]
    order = list(Rule)
    return min(concerned, key=lambda signal: order.index(signal.rule), default=None)


def attainment(result: Result, levels: Levels) -> AttainmentJudgement:
    """Against the goal: by value and interval, never by the value alone where an interval is known."""
    running = result.is_provisional
    unusable = result.value is None or (levels.at_least is None and levels.at_most is None)
    if unusable:
        return AttainmentJudgement(Verdict.NOT_MEASURABLE, running=running)
    if not result.is_judgeable:
        return AttainmentJudgement(Verdict.NOT_MEASURABLE, too_few=True, running=running)
    if is_too_wide(result):
        return AttainmentJudgement(Verdict.NOT_MEASURABLE, too_wide=True, running=running)
    value = float(result.value)  # type: ignore[arg-type]
    interval = (result.interval.low, result.interval.high) if result.interval else None
    verdict = scores.verdict(value, interval, at_least=levels.at_least, at_most=levels.at_most)
    return AttainmentJudgement(
        verdict, share=share_of_the_way(value, levels), stretched=_is_stretched(value, levels), running=running
    )


def share_of_the_way(value: float, levels: Levels) -> float | None:
    """From baseline to target, 0 to 1; of a band, and without a baseline, it is reached or not."""
    target = levels.target
    if target is None or levels.baseline is None:
        low = float("-inf") if levels.at_least is None else levels.at_least
        high = float("inf") if levels.at_most is None else levels.at_most
        return 1.0 if low <= value <= high else (None if target is not None else 0.0)
    better: scores.Direction = "higher" if levels.at_least is not None else "lower"
    if (target < levels.baseline) == (better == "higher"):  # the baseline is on the good side already
        return 1.0 if (value >= target if better == "higher" else value <= target) else 0.0
    return scores.attainment(value, levels.baseline, target, better=better)


def _is_stretched(value: float, levels: Levels) -> bool:
    if levels.stretch is None or levels.is_band:
        return False
    return value >= levels.stretch if levels.at_least is not None else value <= levels.stretch


def is_too_wide(result: Result) -> bool:
    """Thirty points of a hundred, for shares only: other units have no natural width."""
    is_share = result.kpi.unit == Unit.RATIO and result.kpi.aggregation != Aggregation.GROWTH
    if not is_share or result.interval is None:
        return False
    return result.interval.high - result.interval.low >= WIDEST_JUDGED


def quality(result: Result) -> QualityJudgement:
    """The flags in the order they should be read."""
    if closed.CLOSED in result.flags:
        return QualityJudgement((closed.CLOSED,), {})
    order = (NO_DENOMINATOR, NO_COST, NOT_REACHED, HIDDEN, SMALL_N, PROVISIONAL, DEADLINES_OF_TODAY, STATE_OF_TODAY)
    known = [flag for flag in order if flag in result.flags]
    known += [flag for flag in result.flags if coverage.is_one(flag)]
    if is_too_wide(result):
        known.append(TOO_IMPRECISE)
    return QualityJudgement(tuple(known), result.issues)
