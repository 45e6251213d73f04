"""How much a number of answers can carry: what may be shown, what may be judged, what change can be seen."""

from __future__ import annotations

from enum import StrEnum
from math import sqrt
from statistics import NormalDist

from evaluation.formulas.intervals import z_value

SHOWN_FROM = 10
JUDGED_FROM = 30
WIDEST_JUDGED = 0.30
IDENTIFIABLE_BELOW = 5


class Precision(StrEnum):
    """What a share of n answers may be used for (after NCHS, Parker et al. 2017, Vital Health Stat 2(175))."""

    NONE = "none"  # nothing counted
    COUNT_ONLY = "count only"  # "k of n", no percentage, no colour
    SHOWN = "shown"  # percentage greyed, interval shown, no verdict
    TOO_IMPRECISE = "too imprecise"  # interval of 30 points or wider: no verdict
    JUDGED = "judged"


def precision(n: int, interval: tuple[float, float] | None) -> Precision:
    """What may be done with a share of `n` with its interval, both ends fractions. ValueError for n < 0."""
    if n < 0:
        raise ValueError("A number of answers cannot be negative.")
    if not n:
        return Precision.NONE
    if n < SHOWN_FROM:
        return Precision.COUNT_ONLY
    if n < JUDGED_FROM:
        return Precision.SHOWN
    if interval is None or interval[1] - interval[0] >= WIDEST_JUDGED:
        return Precision.TOO_IMPRECISE
    return Precision.JUDGED


def _detectable(variance: float, n: int, level: float, power: float) -> float | None:
    if n < 0:
        raise ValueError("A number of answers cannot be negative.")
    if not n:
        return None
    return (z_value(level) + NormalDist().inv_cdf(power)) * sqrt(2 * variance / n)


def detectable_share_change(share: float, n: int, *, level: float = 0.95, power: float = 0.8) -> float | None:
    """The smallest change of a share (a fraction) that two periods of `n` answers each tell from chance.

    Normal approximation at the given share; None for n = 0.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"A share lies between 0 and 1, not at {share}.")
    return _detectable(share * (1 - share), n, level, power)


def detectable_nps_change(
    promoters: float, detractors: float, n: int, *, level: float = 0.95, power: float = 0.8
) -> float | None:
    """The smallest change of NPS, in points, that two periods of `n` answers tell from chance.

    promoters, detractors: their shares, fractions. Variance p + d - (p - d)^2; None for n = 0.
    """
    if promoters < 0 or detractors < 0 or promoters + detractors > 1:
        raise ValueError("Shares of promoters and detractors lie between 0 and 1 together.")
    variance = promoters + detractors - (promoters - detractors) ** 2
    change = _detectable(variance, n, level, power)
    return None if change is None else 100 * change
