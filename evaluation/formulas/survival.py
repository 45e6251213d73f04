"""How long things last when some have not ended yet: the Kaplan-Meier estimate."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite, log, sqrt

from evaluation.formulas.intervals import z_value


@dataclass(frozen=True)
class Curve:
    """A survival curve: a step down at each of `times`, the durations at which something ended.

    survival[i] is the share lasting longer than times[i], between lower[i] and upper[i]; at_risk[i] were
    still there just before, ended[i] ended then. median is the first time by which half have ended, None
    while more than half last; each end of median_interval likewise. Times are in the unit given.
    """

    times: tuple[float, ...]
    survival: tuple[float, ...]
    at_risk: tuple[int, ...]
    ended: tuple[int, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    median: float | None
    median_interval: tuple[float | None, float | None]
    n: int

    def at(self, time: float) -> float:
        """The share lasting longer than `time`; constant after the last step."""
        step = bisect_right(self.times, time)
        return self.survival[step - 1] if step else 1.0

    def quantile(self, share: float) -> float | None:
        """The first time by which `share` (a fraction) have ended; None where the curve does not come so far."""
        return _first_at_or_below(self.times, self.survival, 1 - share)


def kaplan_meier(durations: Sequence[float], observed: Sequence[bool], level: float = 0.95) -> Curve:
    """The survival curve of durations, of which those not `observed` had not ended yet (censored).

    durations: numbers of one unit, at least 0; observed: as long, true where the end was seen. Something
    censored at the time of an end counts as at risk for it. Intervals are log-log with Greenwood's variance
    (Kaplan & Meier 1958; Kalbfleisch & Prentice 1980), None where all have ended. No durations give an
    empty curve. ValueError for lists of unlike length and for negative or infinite durations.
    """
    if len(durations) != len(observed):
        raise ValueError(f"{len(durations)} durations need as many marks of being observed, not {len(observed)}.")
    if any(not isfinite(duration) or duration < 0 for duration in durations):
        raise ValueError("Durations are finite and not negative.")
    z = z_value(level)
    ends = Counter(duration for duration, seen in zip(durations, observed, strict=True) if seen)
    ordered, n = sorted(durations), len(durations)
    times = tuple(sorted(ends))
    at_risk = tuple(n - bisect_left(ordered, time) for time in times)
    survival, limits = [], []
    share, greenwood = 1.0, 0.0
    for time, there in zip(times, at_risk, strict=True):
        share *= (there - ends[time]) / there
        greenwood += ends[time] / (there * (there - ends[time])) if there > ends[time] else 0.0
        survival.append(share)
        limits.append(_log_log(share, greenwood, z))
    lower, upper = tuple(low for low, _ in limits), tuple(high for _, high in limits)
    return Curve(
        times=times,
        survival=tuple(survival),
        at_risk=at_risk,
        ended=tuple(ends[time] for time in times),
        lower=lower,
        upper=upper,
        median=_first_at_or_below(times, survival, 0.5),
        median_interval=(_first_at_or_below(times, lower, 0.5), _first_at_or_below(times, upper, 0.5)),
        n=n,
    )


def _log_log(share: float, greenwood: float, z: float) -> tuple[float | None, float | None]:
    if share <= 0:
        return None, None
    spread = exp(z * sqrt(greenwood) / log(share))  # below 1, as the logarithm is negative
    return share ** (1 / spread), share**spread


def _first_at_or_below(times: Sequence[float], curve: Sequence[float | None], level: float) -> float | None:
    for time, share in zip(times, curve, strict=True):
        # Nothing left is below any level; 1/2 may come out of the product as 0.5000000000000001.
        if share is None or share <= level + 1e-12:
            return time
    return None
