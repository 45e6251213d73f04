"""How much a number of answers can carry: what may be shown, what may be judged, what change can be seen."""

from __future__ import annotations

from enum import StrEnum

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
