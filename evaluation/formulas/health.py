"""The customer health score: additive, explained to the point, honest about what is missing.

A score of 0...100 is 50 plus one contribution per component. Contributions are whole multiples of 2^-20
points, so they add up to the score exactly, in any order, also after a journey through JSON or a double
precision column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

NEUTRAL = 0.5
ENOUGH_COVERAGE = 0.6
TRIP_WIRE_CAP = 39.0
_GRID = 2**20


class Band(StrEnum):
    """Where a score stands. Unknown when too little is known: never green by silence."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Component:
    """One input: value 0 (bad) to 1 (good), None where it is missing; weight relative to the others.

    age and half_life, in one unit, let an old observation fade towards neutral.
    """

    name: str
    value: float | None
    weight: float
    age: float = 0.0
    half_life: float | None = None

    @property
    def faded(self) -> float | None:
        """The value after fading: 1/2 + (value - 1/2) * 2^(-age / half_life)."""
        if self.value is None or self.half_life is None:
            return self.value
        return float(NEUTRAL + (self.value - NEUTRAL) * 2 ** (-self.age / self.half_life))


@dataclass(frozen=True)
class Contribution:
    """What a component adds to 50, in points; 0 with effective weight 0 where its value is missing."""

    name: str
    points: float
    value: float | None
    effective_weight: float


@dataclass(frozen=True)
class Health:
    """A score (None where nothing is known), and why.

    score == 50 + the sum of the points of contributions, exactly, unless a trip-wire capped it: then
    `uncapped` is that sum. coverage: share of the weight whose value is known. trip_wires: what capped it.
    """

    score: float | None
    uncapped: float | None
    coverage: float
    contributions: tuple[Contribution, ...]
    trip_wires: tuple[str, ...]


def normalise(raw: float, bad: float, ok: float, good: float) -> float:
    """A raw figure as 0...1: piecewise linear through bad = 0, ok = 1/2 and good = 1, cut at the ends.

    bad > good where lower is better. ValueError unless ok lies strictly between the two.
    """
    if not (bad < ok < good or bad > ok > good):
        raise ValueError(f"The anchor for ok, {ok}, must lie between those for bad, {bad}, and good, {good}.")
    worse_than_ok = raw < ok if bad < good else raw > ok
    value = 0.5 * (raw - bad) / (ok - bad) if worse_than_ok else 0.5 + 0.5 * (raw - ok) / (good - ok)
    return min(1.0, max(0.0, value))


def score(components: Iterable[Component], trip_wires: Sequence[str] = ()) -> Health:
    """The health of a customer: weighted mean of the known values, times 100, as contributions to 50.

    The weight of a missing value is shared out among the others and shows in the coverage. trip_wires: names
    of what holds the score at 39 at most (a cancellation notice, a complaint left open). ValueError for
    values outside 0...1, weights below 0, none above it, and names that repeat.
    """
    parts = list(components)
    _check(parts)
    known = [(part, faded) for part in parts if (faded := part.faded) is not None and part.weight]
    present, total = sum(part.weight for part, _ in known), sum(part.weight for part in parts)
    if not total:
        raise ValueError("A health score needs a component with a weight above 0.")
    contributions = []
    sum_of_points = 50.0
    for part in parts:
        faded = part.faded
        share = part.weight / present if faded is not None and present else 0.0
        points = 0.0 if faded is None else round(100 * share * (faded - NEUTRAL) * _GRID) / _GRID
        # Rounding may not carry the sum past the ends of the scale.
        points = min(100 - sum_of_points, max(-sum_of_points, points))
        sum_of_points += points
        contributions.append(Contribution(part.name, points, part.value, share))
    if not known:
        return Health(None, None, 0.0, tuple(contributions), tuple(trip_wires))
    capped = min(sum_of_points, TRIP_WIRE_CAP) if trip_wires else sum_of_points
    return Health(capped, sum_of_points, present / total, tuple(contributions), tuple(trip_wires))


def _check(parts: Sequence[Component]) -> None:
    if len({part.name for part in parts}) < len(parts):
        raise ValueError("Each component of a health score has a name of its own.")
    for part in parts:
        if part.value is not None and not 0 <= part.value <= 1:
            raise ValueError(f"The value of {part.name} is {part.value}; it lies between 0 and 1.")
        if part.weight < 0 or not isfinite(part.weight):
            raise ValueError(f"The weight of {part.name} is {part.weight}; it is not negative.")
        if part.age < 0 or (part.half_life is not None and part.half_life <= 0):
            raise ValueError(f"The age of {part.name} is not negative and its half-life is above 0.")


def band(score: float | None, previous_band: Band | str | None = None, *, coverage: float = 1.0) -> Band:
    """The band of a score, slow to change: red is entered below 40 and left above 50, green above 70 and below 60.

    previous_band: None for the first. Unknown where there is no score or under 60 % of the weight is known.
    ValueError for a score outside 0...100 or a band that does not exist.
    """
    previous = None if previous_band is None else Band(previous_band)
    if score is None or coverage < ENOUGH_COVERAGE:
        return Band.UNKNOWN
    if not 0 <= score <= 100:
        raise ValueError(f"A health score lies between 0 and 100, not at {score}.")
    if score < 40 or (previous is Band.RED and score <= 50):
        return Band.RED
    if score > 70 or (previous is Band.GREEN and score >= 60):
        return Band.GREEN
    return Band.AMBER


WEIGHTS_CHANGED = "weights changed"
TRIP_WIRES = "trip-wires"


def change(before: Health, after: Health) -> Mapping[str, float]:
    """The change of the score in points, split by component; the parts add up to it exactly.

    Where weights differ (another version of the model, or a value that came or went), each component has
    the effect of its value at the old weights and the rest stands under WEIGHTS_CHANGED; the effect of a
    cap under TRIP_WIRES. Empty where a score is missing.
    """
    if before.score is None or after.score is None or before.uncapped is None or after.uncapped is None:
        return {}
    old = {part.name: part for part in before.contributions}
    effects: dict[str, float] = {}
    reweighted = 0.0
    for part in after.contributions:
        earlier = old.pop(part.name, None)
        moved = part.points - (earlier.points if earlier else 0.0)
        if earlier and earlier.effective_weight == part.effective_weight:
            effects[part.name] = moved
        elif earlier and earlier.effective_weight and part.effective_weight:
            at_old_weight = part.points * earlier.effective_weight / part.effective_weight
            effects[part.name] = round((at_old_weight - earlier.points) * _GRID) / _GRID
            reweighted += moved - effects[part.name]
        else:
            reweighted += moved
    reweighted -= sum(part.points for part in old.values())
    capping = (after.score - after.uncapped) - (before.score - before.uncapped)
    if reweighted:
        effects[WEIGHTS_CHANGED] = reweighted
    if capping:
        effects[TRIP_WIRES] = capping
    return effects


def needed(components: Iterable[Component], target: float = 50.0) -> Mapping[str, float | None]:
    """For each known component, the value (0...1, as of today) that alone would lift the score to `target`.

    None where even the best value would not. Components at or above what is needed have their own value.
    """
    parts = list(components)
    health = score(parts)
    result: dict[str, float | None] = {}
    for part, contribution in zip(parts, health.contributions, strict=True):
        if part.faded is None or health.uncapped is None or not contribution.effective_weight:
            continue
        missing = max(0.0, target - health.uncapped)
        value = part.faded + missing / (100 * contribution.effective_weight)
        result[part.name] = value if value <= 1 else None
    return result
