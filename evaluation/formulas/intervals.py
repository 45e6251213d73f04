"""Confidence intervals. Each returns (low, high), or None where there is nothing to estimate.

Shares are fractions (0.9, not 90), NPS is in points from -100 to 100. `level` is the two-sided confidence,
0.95 by default. Counts that cannot be (negative, more successes than trials) raise ValueError.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from math import isfinite, sqrt
from statistics import NormalDist
from typing import Any, TypeVar

Interval = tuple[float, float]
T = TypeVar("T")


@lru_cache(maxsize=64)
def z_value(level: float) -> float:
    """The two-sided standard normal quantile of a confidence level: 1.95996... for 0.95."""
    if not 0 < level < 1:
        raise ValueError(f"A confidence level lies between 0 and 1, not at {level}.")
    return NormalDist().inv_cdf((1 + level) / 2)


def _share(successes: float, n: float) -> float | None:
    if successes < 0 or n < 0 or successes > n:
        raise ValueError(f"{successes} of {n} is not a share: 0 <= successes <= n.")
    return successes / n if n else None


def wilson(successes: float, n: float, level: float = 0.95) -> Interval | None:
    """Interval of a share, `successes` of `n`; None for n = 0.

    Wilson's score interval (Wilson 1927; Newcombe 1998, Stat Med 17:857-872), without continuity correction. Both are
    whole numbers, or effective ones.
    """
    share, z = _share(successes, n), z_value(level)
    if share is None:
        return None
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At the ends the algebra gives exactly 0 and 1; rounding must not say 1e-17.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def newcombe(s1: int, n1: int, s2: int, n2: int, level: float = 0.95) -> Interval | None:
    """Interval of the difference of two independent shares, s1/n1 - s2/n2; None where n1 or n2 is 0.

    Square-and-add of the two Wilson intervals (Newcombe 1998, Stat Med 17:873-890, method 10).
    """
    first, second = wilson(s1, n1, level), wilson(s2, n2, level)
    if first is None or second is None:
        return None
    p1, p2 = s1 / n1, s2 / n2
    low = p1 - p2 - sqrt((p1 - first[0]) ** 2 + (second[1] - p2) ** 2)
    high = p1 - p2 + sqrt((first[1] - p1) ** 2 + (p2 - second[0]) ** 2)
    return max(-1.0, low), min(1.0, high)


def _adjusted_nps(promoters: int, passives: int, detractors: int) -> tuple[float, float] | None:
    """Adjusted NPS as a fraction, and its variance; None for no answers."""
    if min(promoters, passives, detractors) < 0:
        raise ValueError("Numbers of promoters, passives and detractors cannot be negative.")
    n = promoters + passives + detractors
    if not n:
        return None
    liked, disliked = (promoters + 0.75) / (n + 3), (detractors + 0.75) / (n + 3)
    net = liked - disliked
    return net, (liked + disliked - net * net) / (n + 3)


def nps(promoters: int, passives: int, detractors: int, level: float = 0.95) -> Interval | None:
    """Interval of the Net Promoter Score in points, cut to -100...100; None without answers.

    Adjusted Wald: three answers more, 3/4 each for promoters and detractors (Rocks 2016, The American
    Statistician 70(4)). Its centre is shrunk, so show the plain NPS as the estimate.
    """
    z, adjusted = z_value(level), _adjusted_nps(promoters, passives, detractors)
    if adjusted is None:
        return None
    net, variance = adjusted
    half = z * sqrt(variance)
    return max(-100.0, 100 * (net - half)), min(100.0, 100 * (net + half))


def poisson(events: int, exposure: float, level: float = 0.95) -> Interval | None:
    """Exact interval of a rate, events per unit of exposure; None for no exposure.

    Garwood 1936 (Biometrika 28:437-442), by quantiles of the gamma distribution.
    """
    if events < 0 or exposure < 0 or not isfinite(exposure):
        raise ValueError(f"{events} events in an exposure of {exposure} cannot be.")
    z_value(level)
    if not exposure:
        return None
    from scipy.special import gammaincinv

    tail = (1 - level) / 2
    low = float(gammaincinv(events, tail)) if events else 0.0
    return low / exposure, float(gammaincinv(events + 1, 1 - tail)) / exposure


def poisson_ratio(events: int, before: int, level: float = 0.95) -> Interval | None:
    """Exact interval of the ratio of two rates over like stretches, events / before; None where `before` is 0.

    Given both together, how many are of the first is binomial (Przyborowski & Wilenski 1940); its exact interval
    (Clopper & Pearson 1934) is turned into one of the ratio.
    """
    if events < 0 or before < 0:
        raise ValueError(f"{events} events after {before} cannot be.")
    z_value(level)
    if not before:
        return None
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = float(betaincinv(events, before + 1, tail)) if events else 0.0
    high = float(betaincinv(events + 1, before, 1 - tail))
    return low / (1 - low), high / (1 - high)


def median(values: Iterable[T], level: float = 0.95) -> tuple[T, T] | None:
    """Interval of the median between two of the values themselves, in their own unit (numbers, durations).

    By order statistics of the binomial distribution: assumes nothing about the shape, covers at least
    `level`. None for fewer values than can reach the level (six for 95 %).
    """
    ordered: list[Any] = sorted(values)
    n = len(ordered)
    rank = median_rank(n, level)
    return (ordered[rank - 1], ordered[n - rank]) if rank else None


def median_rank(n: int, level: float = 0.95) -> int:
    """Which of `n` sorted values, counted from 1 from either end, bound the median; 0 where too few can."""
    z_value(level)
    if not n:
        return 0
    from scipy.special import bdtr

    # How many of the smallest and largest values can be left out on each side.
    return bisect_right(range(n), (1 - level) / 2, key=lambda below: float(bdtr(below, n, 0.5)))


def bootstrap(
    rows: Sequence[T],
    statistic: Callable[[Sequence[T]], float],
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
) -> Interval | None:
    """Percentile interval of a statistic of rows (one per customer), for sums, means and ratios of money.

    The seed is stored beside the result: the same rows and seed give the same interval. None for fewer
    than two rows (Efron & Tibshirani 1993).
    """
    z_value(level)
    if len(rows) < 2:
        return None
    import numpy as np

    picks = np.random.default_rng(seed).integers(0, len(rows), size=(draws, len(rows)))
    results = [statistic([rows[index] for index in pick]) for pick in picks]
    low, high = np.quantile(results, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
