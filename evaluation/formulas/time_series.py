"""Regression on short series: the level change of an interrupted series, and a robust trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from statistics import median

Interval = tuple[float, float]

TREND_POINTS = 12


def student_quantile(level: float, freedom: float) -> float:
    """The two-sided quantile of Student's t distribution: 2.2281 for 0.95 and 10 degrees of freedom."""
    if not 0 < level < 1 or freedom <= 0:
        raise ValueError("A level lies between 0 and 1, and degrees of freedom are above 0.")
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + level) / 2))


def level_change(
    before: Sequence[tuple[int, float]], after: Sequence[tuple[int, float]], starts: int, level: float
) -> tuple[float, Interval]:
    """Mean distance of a series after `starts` from its continued trend of before, and the interval.

    before, after: (period, value). Ordinary least squares with a level and a slope change; the error is the
    larger of the ordinary and the Newey-West one, because the latter is too small in short series (Lopez
    Bernal, Cummins & Gasparrini 2017, IJE 46:348-355). ValueError for fewer than four points in all or two
    on a side.
    """
    if len(before) < 2 or len(after) < 2:
        raise ValueError("An interrupted series needs two points on each side.")
    import numpy as np

    times = np.array([period for period, _ in (*before, *after)], float) - starts
    values = np.array([value for _, value in (*before, *after)], float)
    is_after = (np.arange(len(times)) >= len(before)).astype(float)
    design = np.column_stack([np.ones_like(times), times, is_after, times * is_after])
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ values
    residuals = values - design @ coefficients
    n, freedom = len(values), len(values) - 4
    if freedom < 1:
        raise ValueError("An interrupted series needs more than four points.")
    # The effect asked for: level change plus the slope change over the mean period afterwards.
    asked = np.array([0.0, 0.0, 1.0, times[len(before) :].mean()])
    ordinary = float(asked @ inverse @ asked * (residuals @ residuals) / freedom)
    scores = design * residuals[:, None]
    middle = scores.T @ scores
    lags = int(4 * (n / 100) ** (2 / 9))
    for lag in range(1, lags + 1):
        product = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / (lags + 1)) * (product + product.T)
    newey_west = float(asked @ inverse @ middle @ inverse @ asked) * n / freedom
    estimate = float(asked @ coefficients)
    half = student_quantile(level, freedom) * sqrt(max(ordinary, newey_west, 0.0))
    return estimate, (estimate - half, estimate + half)


@dataclass(frozen=True)
class Trend:
    """slope: per period, in the unit of the values (Theil-Sen). p: how likely such a trend is by chance."""

    slope: float
    p: float
    n: int


def trend(values: Sequence[float | None]) -> Trend | None:
    """The trend of a series, one value per period, None where missing; None below twelve values.

    Median of all slopes between two points (Theil-Sen), tested by Mann-Kendall with the correction for ties
    and continuity. Take the season out first; of a few months there is no trend to speak of.
    """
    points = [(at, float(value)) for at, value in enumerate(values) if value is not None]
    n = len(points)
    if n < TREND_POINTS:
        return None
    pairs = [(x2 - x1, y2 - y1) for i, (x1, y1) in enumerate(points) for x2, y2 in points[i + 1 :]]
    s = sum((rise > 0) - (rise < 0) for _, rise in pairs)
    heights = [y for _, y in points]
    ties = [heights.count(height) for height in set(heights)]
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    z = max(0, abs(s) - 1) / sqrt(variance) if variance > 0 else 0.0
    return Trend(median(rise / run for run, rise in pairs), erfc(z / sqrt(2)), n)
