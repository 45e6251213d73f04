"""Did the action plan help? The effect of a measure, by the strongest design its data allow.

Grades: A randomised, B compared with untreated units, C interrupted time series, D before and after against
an XmR chart, E anecdotal: numbers, no claim. What made someone act was an unusually bad period, and after it
figures recover by themselves; so the trigger period is never part of the baseline.

An effect is in the unit of the KPI, positive where the KPI rose; "improved" and "worse" look at the KPI's
direction. "No detectable change" means an effect somewhere in the interval, not none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import fsum, sqrt

from evaluation.formulas import control_chart, intervals
from evaluation.formulas.intervals import Interval
from evaluation.formulas.time_series import level_change, student_quantile

BASELINE_POINTS = 6  # fewer points before carry no claim
AFTER_POINTS = 3
SERIES_POINTS = 8  # before and after, for an interrupted time series (Penfold & Zhang 2013)
BOOTSTRAP_UNITS = 10
DRAWS = 2000

Series = Sequence[float | None]
Trigger = int | Iterable[int] | None


class Verdict(StrEnum):
    """What may be said of a measure."""

    IMPROVED = "improved"
    NO_DETECTABLE_CHANGE = "no detectable change"
    WORSE = "worse"
    NOT_MEASURABLE = "not measurable"


class Design(StrEnum):
    """How an effect was measured, strongest first."""

    RANDOMISED = "randomised"
    DIFFERENCE_IN_DIFFERENCES = "difference in differences"
    INTERRUPTED_TIME_SERIES = "interrupted time series"
    BEFORE_AFTER = "before and after"
    ANECDOTAL = "anecdotal"

    @property
    def grade(self) -> str:
        return "ABCDE"[list(Design).index(self)]


@dataclass(frozen=True)
class Effect:
    """estimate and interval in the unit of the KPI, None where not measurable (an anecdote has an estimate only).

    before, after: the two levels compared. n_before, n_after: periods behind them, of one unit; in a comparison
    of units, the numbers of treated and of untreated units. notes: what the reader must know, in codes.
    """

    design: Design
    estimate: float | None
    interval: Interval | None
    verdict: Verdict
    before: float | None
    after: float | None
    n_before: int
    n_after: int
    notes: tuple[str, ...] = ()

    @property
    def grade(self) -> str:
        return self.design.grade


TRIGGER_EXCLUDED = "trigger period excluded"
NO_SIGNAL = "no signal on the chart"
PRE_TRENDS_DIFFER = "trends differed before the start"
TOO_FEW_POINTS = "too few points"
TOO_FEW_UNITS = "too few units"


def randomised(
    treated: tuple[int, int], control: tuple[int, int], *, higher_is_better: bool = True, level: float = 0.95
) -> Effect:
    """Grade A: shares of two groups made by lottery, each (successes, n); the interval is Newcombe's."""
    (s1, n1), (s2, n2) = treated, control
    interval = intervals.newcombe(s1, n1, s2, n2, level)
    if interval is None:
        return Effect(Design.RANDOMISED, None, None, Verdict.NOT_MEASURABLE, None, None, n1, n2)
    before, after = s2 / n2, s1 / n1
    verdict = _verdict(interval, higher_is_better)
    return Effect(Design.RANDOMISED, after - before, interval, verdict, before, after, n1, n2)


def before_after(
    values: Series,
    *,
    starts: int,
    trigger: Trigger = None,
    higher_is_better: bool = True,
    level: float = 0.95,
) -> Effect:
    """The effect on one series: grade C with eight points each side, else D, else E.

    values: the KPI per period, None where missing. starts: index of the first period the measure can have
    worked in. trigger: index or indexes, before that, of the period that gave rise to it; not counted.
    C is the mean distance from the continued trend of before (level and slope change, errors at least
    Newey-West). D is the difference to the mean before, improved or worse only where the interval excludes 0
    and the chart of before shows a signal to that side afterwards. E has no verdict. ValueError for indexes
    outside the series.
    """
    kept, excluded = _without_trigger(values, starts, trigger)
    notes = (TRIGGER_EXCLUDED,) if excluded else ()
    before = [(at, value) for at, value in enumerate(kept[:starts]) if value is not None]
    after = [(at, value) for at, value in enumerate(kept[starts:], start=starts) if value is not None]
    old, new = _mean([value for _, value in before]), _mean([value for _, value in after])
    counts = len(before), len(after)
    estimate = None if old is None or new is None else new - old
    if len(before) < BASELINE_POINTS or len(after) < AFTER_POINTS:
        notes = (*notes, TOO_FEW_POINTS)
        return Effect(Design.ANECDOTAL, estimate, None, Verdict.NOT_MEASURABLE, old, new, *counts, notes)
    if min(counts) >= SERIES_POINTS:
        estimate, interval = level_change(before, after, starts, level)
        verdict = _verdict(interval, higher_is_better)
        return Effect(Design.INTERRUPTED_TIME_SERIES, estimate, interval, verdict, old, new, *counts, notes)
    interval = _mean_difference([value for _, value in after], [value for _, value in before], level)
    verdict = _verdict(interval, higher_is_better)
    if verdict is not Verdict.NO_DETECTABLE_CHANGE and not _signals(kept, starts, interval[0] > 0):
        verdict, notes = Verdict.NO_DETECTABLE_CHANGE, (*notes, NO_SIGNAL)
    return Effect(Design.BEFORE_AFTER, estimate, interval, verdict, old, new, *counts, notes)


def difference_in_differences(
    treated: Sequence[Series],
    control: Sequence[Series],
    *,
    starts: int,
    trigger: Trigger = None,
    higher_is_better: bool = True,
    level: float = 0.95,
    seed: int = 0,
) -> Effect:
    """Grade B: how much more treated units changed than untreated ones over the same periods.

    treated, control: one series per unit (team, segment), all over the same periods; starts and trigger as
    in `before_after`, and every unit counts the same. A unit without a value before and after is left out.
    The interval is a bootstrap of whole units (2000 draws with `seed`) from ten of each, below that Welch's t,
    and for a single treated unit the scatter of the others; it needs two untreated ones. Before and after
    are the levels of the treated. Where the groups already drifted apart before, there is no verdict.
    """
    first, excluded = _changes(treated, starts, trigger)
    second, _ = _changes(control, starts, trigger)
    notes = (TRIGGER_EXCLUDED,) if excluded else ()
    changes, others = [after - before for before, after in first], [after - before for before, after in second]
    old, new = _mean([before for before, _ in first]), _mean([after for _, after in first])
    counts = len(changes), len(others)
    mean, other_mean = _mean(changes), _mean(others)
    if mean is None or other_mean is None or len(others) < 2:
        estimate = None if mean is None or other_mean is None else mean - other_mean
        notes = (*notes, TOO_FEW_UNITS)
        return Effect(Design.ANECDOTAL, estimate, None, Verdict.NOT_MEASURABLE, old, new, *counts, notes)
    interval = _unit_interval(changes, others, level, seed)
    verdict = _verdict(interval, higher_is_better)
    if _drifted_apart(treated, control, starts, trigger):
        verdict, notes = Verdict.NOT_MEASURABLE, (*notes, PRE_TRENDS_DIFFER)
    return Effect(Design.DIFFERENCE_IN_DIFFERENCES, mean - other_mean, interval, verdict, old, new, *counts, notes)


def _verdict(interval: Interval, higher_is_better: bool) -> Verdict:
    low, high = interval
    if low <= 0 <= high:
        return Verdict.NO_DETECTABLE_CHANGE
    return Verdict.IMPROVED if (low > 0) == higher_is_better else Verdict.WORSE


def _mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None


def _without_trigger(values: Series, starts: int, trigger: Trigger) -> tuple[list[float | None], bool]:
    if not 0 <= starts <= len(values):
        raise ValueError(f"A measure that starts at {starts} does not fall into {len(values)} periods.")
    chosen = {trigger} if isinstance(trigger, int) else set(trigger or ())
    if any(not 0 <= index < starts for index in chosen):
        raise ValueError("The trigger period lies before the start of the measure.")
    return [None if index in chosen else value for index, value in enumerate(values)], bool(chosen)


def _signals(values: Series, starts: int, above: bool) -> bool:
    """Whether the chart of the time before shows a signal to that side that ends after the start."""
    points = sum(value is not None for value in values[:starts])
    chart = control_chart.xmr(values, baseline=points)
    return any(signal.above == above and signal.indexes[-1] >= starts for signal in chart.signals)


def _changes(units: Sequence[Series], starts: int, trigger: Trigger) -> tuple[list[tuple[float, float]], bool]:
    """Mean before and mean after of each unit that has both."""
    chosen = [trigger] if isinstance(trigger, int) else list(trigger or ())
    pairs = []
    for values in units:
        kept, _ = _without_trigger(values, starts, chosen)
        before = _mean([value for value in kept[:starts] if value is not None])
        after = _mean([value for value in kept[starts:] if value is not None])
        if before is not None and after is not None:
            pairs.append((before, after))
    return pairs, bool(chosen)


def _drifted_apart(treated: Sequence[Series], control: Sequence[Series], starts: int, trigger: Trigger) -> bool:
    """Whether from the first to the second half of the time before, the groups changed differently (99 %)."""
    chosen = [trigger] if isinstance(trigger, int) else list(trigger or ())
    half = starts // 2
    groups = []
    for units in (treated, control):
        earlier = [_without_trigger(values, starts, chosen)[0][:starts] for values in units]
        pairs, _ = _changes(earlier, half, None)
        groups.append([after - before for before, after in pairs])
    if min(len(group) for group in groups) < 2:
        return False
    low, high = _mean_difference(groups[0], groups[1], 0.99)
    return not low <= 0 <= high


def _unit_interval(changes: Sequence[float], others: Sequence[float], level: float, seed: int) -> Interval:
    if min(len(changes), len(others)) < BOOTSTRAP_UNITS:
        return _mean_difference(changes, others, level)
    import numpy as np

    random = np.random.default_rng(seed)
    draws = [
        np.asarray(group, float)[random.integers(0, len(group), (DRAWS, len(group)))].mean(axis=1)
        for group in (changes, others)
    ]
    low, high = np.quantile(draws[0] - draws[1], [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _mean_difference(ones: Sequence[float], others: Sequence[float], level: float) -> Interval:
    """Welch's interval of mean(ones) - mean(others); a single one is taken to scatter like the others."""
    difference = fsum(ones) / len(ones) - fsum(others) / len(others)
    spread = _variance(others)
    if len(ones) == 1:
        half = student_quantile(level, len(others) - 1) * sqrt(spread * (1 + 1 / len(others)))
        return difference - half, difference + half
    first, second = _variance(ones) / len(ones), spread / len(others)
    if not first + second:
        return difference, difference
    freedom = (first + second) ** 2 / (first**2 / (len(ones) - 1) + second**2 / (len(others) - 1))
    half = student_quantile(level, freedom) * sqrt(first + second)
    return difference - half, difference + half


def _variance(values: Sequence[float]) -> float:
    mean = fsum(values) / len(values)
    return fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
