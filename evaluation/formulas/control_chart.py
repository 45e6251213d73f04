"""XmR charts: is a value in a series news, or the usual variation?

Wheeler, Understanding Variation (1993): the natural limits of a process lie 2.66 mean moving ranges either
side of its mean, the limit of its moving ranges at 3.268. The rules and factors are constants on purpose:
a rule that can be switched will be switched until the news is good.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import fsum, isfinite

NATURAL_LIMIT_FACTOR = 2.66
RANGE_LIMIT_FACTOR = 3.268
PROVISIONAL_FROM = 6
RUN_LENGTH = 8
CLOSE_WINDOW = 4
CLOSE_POINTS = 3
ROUNDING = 1e-9  # values that differ only by the rounding of binary fractions are equal


class Rule(StrEnum):
    """What makes a point a signal. Alert on the first, inform on the other two."""

    OUTSIDE_LIMITS = "outside limits"  # one point beyond a natural limit
    RUN = "run"  # eight in a row on one side of the centre
    CLOSE_TO_LIMIT = "close to limit"  # three of four nearer to a limit than to the centre, on one side


@dataclass(frozen=True)
class Signal:
    """A rule that fired: the indexes of the points concerned, oldest first, and their side of the centre."""

    rule: Rule
    indexes: tuple[int, ...]
    above: bool


@dataclass(frozen=True)
class Chart:
    """An XmR chart in the unit of its values.

    centre and mean_moving_range are of the baseline; lower and upper are the natural limits, range_limit
    that of the moving ranges. All are None where the baseline is too short to say. provisional: the baseline
    is not complete, so the limits will still move; afterwards they are locked. large_moves: indexes whose
    moving range exceeds its limit. baseline: how many values it was computed from.
    """

    centre: float | None
    mean_moving_range: float | None
    lower: float | None
    upper: float | None
    range_limit: float | None
    provisional: bool
    baseline: int
    moving_ranges: tuple[float | None, ...]
    signals: tuple[Signal, ...]
    large_moves: tuple[int, ...]

    @property
    def natural_limits(self) -> tuple[float, float] | None:
        return None if self.lower is None or self.upper is None else (self.lower, self.upper)

    def signals_by(self, rule: Rule) -> tuple[Signal, ...]:
        return tuple(signal for signal in self.signals if signal.rule == rule)


def xmr(
    values: Sequence[float | None], baseline: int = 12, *, lowest: float | None = None, highest: float | None = None
) -> Chart:
    """The XmR chart of a series, one value per period in order of time, None for a missing period.

    The baseline is the first `baseline` values there are: with fewer the chart is provisional, with fewer
    than six (or than a shorter baseline) it has no limits and no signals. A missing period has no moving
    range, nor has the one after it; in runs it is passed over. A baseline without any variation has limits
    equal to its centre, so every other value is outside. lowest, highest: the ends of the scale (0 and 1
    for a share), beyond which no limit is drawn. ValueError for a baseline under 2 or a value not finite.
    """
    if baseline < 2:
        raise ValueError("A baseline has at least two values.")
    points = [(index, float(value)) for index, value in enumerate(values) if value is not None]
    if not all(isfinite(value) for _, value in points):
        raise ValueError("The values of a control chart are finite; a missing one is None.")
    ranges = _moving_ranges(values)
    first = points[:baseline]
    centre = _mean([value for _, value in first])
    last_index = first[-1][0] if first else -1
    mean_range = _mean([moved for moved in ranges[: last_index + 1] if moved is not None])
    provisional = len(first) < baseline
    if centre is None or mean_range is None or len(first) < min(PROVISIONAL_FROM, baseline):
        return Chart(centre, mean_range, None, None, None, provisional, len(first), ranges, (), ())
    half, limit = NATURAL_LIMIT_FACTOR * mean_range, RANGE_LIMIT_FACTOR * mean_range
    slack = ROUNDING * max(abs(centre), half)
    return Chart(
        centre=centre,
        mean_moving_range=mean_range,
        lower=centre - half if lowest is None else max(lowest, centre - half),
        upper=centre + half if highest is None else min(highest, centre + half),
        range_limit=limit,
        provisional=provisional,
        baseline=len(first),
        moving_ranges=ranges,
        signals=tuple(_signals([(index, value - centre) for index, value in points], half, slack)),
        large_moves=tuple(i for i, moved in enumerate(ranges) if moved is not None and moved > limit + slack),
    )


def _mean(values: Sequence[float]) -> float | None:
    """The mean, exactly the value itself where all are equal."""
    if not values:
        return None
    return values[0] if min(values) == max(values) else fsum(values) / len(values)


def _moving_ranges(values: Sequence[float | None]) -> tuple[float | None, ...]:
    ranges: list[float | None] = [None] if values else []
    for earlier, later in pairwise(values):
        ranges.append(None if earlier is None or later is None else abs(float(later) - float(earlier)))
    return tuple(ranges)


def _signals(points: list[tuple[int, float]], half: float, slack: float) -> Iterator[Signal]:
    """points: (index, distance from the centre); half: distance of the natural limits from the centre."""
    for index, distance in points:
        if abs(distance) > half + slack:
            yield Signal(Rule.OUTSIDE_LIMITS, (index,), distance > 0)
    yield from _runs(points, slack)
    for above in (False, True):
        yield from _close_to_limit(points, half, slack, above)


def _runs(points: list[tuple[int, float]], slack: float) -> Iterator[Signal]:
    """Each longest run on one side, once. A point on the centre line ends a run."""
    run: list[int] = []
    side = 0
    for index, distance in [*points, (-1, 0.0)]:
        at = 0 if abs(distance) <= slack else 1 if distance > 0 else -1
        if at != side:
            if side and len(run) >= RUN_LENGTH:
                yield Signal(Rule.RUN, tuple(run), side > 0)
            run, side = [], at
        run.append(index)


def _close_to_limit(points: list[tuple[int, float]], half: float, slack: float, above: bool) -> Iterator[Signal]:
    """Three of four successive points in the outer half of one side; windows that overlap are one signal."""
    sign = 1 if above else -1
    outer = [sign * distance > half / 2 + slack for _, distance in points]
    found: list[int] = []
    for start in range(len(points) - CLOSE_WINDOW + 1):
        window = [at for at in range(start, start + CLOSE_WINDOW) if outer[at]]
        if len(window) < CLOSE_POINTS:
            continue
        if found and window[0] > found[-1]:
            yield Signal(Rule.CLOSE_TO_LIMIT, tuple(points[at][0] for at in found), above)
            found = []
        found += [at for at in window if at not in found]
    if found:
        yield Signal(Rule.CLOSE_TO_LIMIT, tuple(points[at][0] for at in found), above)
