"""Ratios, their differences and their growth: aggregated as sum over sum, never as a mean of means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LUNAR_NEW_YEAR = "lunar_new_year"


def ratio(numerator: float, denominator: float) -> float | None:
    """numerator / denominator, a fraction; None for a denominator of 0: not computable, neither 0 nor 100 %."""
    return numerator / denominator if denominator else None


def pp(current: float | None, previous: float | None) -> float | None:
    """Difference of two ratios in percentage points: pp(0.90, 0.85) is 5. None where one is missing."""
    return None if current is None or previous is None else 100 * (current - previous)


def growth(current: float | None, previous: float | None) -> float | None:
    """Relative change, current / previous - 1, a fraction. None where one is missing, or previous is not above 0."""
    if current is None or previous is None or previous <= 0:
        return None
    return current / previous - 1


@dataclass(frozen=True)
class YearOnYear:
    """Growth against the same months a year before: `rate` a fraction or None, in the months compared.

    note is LUNAR_NEW_YEAR where January and February were taken together, else None.
    """

    rate: float | None
    current: float | None
    previous: float | None
    months: tuple[int, ...]
    note: str | None


def year_on_year(values: Mapping[tuple[int, int], float | None], year: int, month: int) -> YearOnYear:
    """Growth of a month over the same month last year, of amounts keyed by (year, month).

    January and February are compared together, because Lunar New Year moves between them (practice of
    China's statistics bureau); while one of the four is missing there is no rate. Amounts must be additive.
    """
    if not 1 <= month <= 12:
        raise ValueError(f"There is no month {month}.")
    months = (1, 2) if month <= 2 else (month,)
    current = _total(values, year, months)
    previous = _total(values, year - 1, months)
    note = LUNAR_NEW_YEAR if month <= 2 else None
    return YearOnYear(growth(current, previous), current, previous, months, note)


def _total(values: Mapping[tuple[int, int], float | None], year: int, months: tuple[int, ...]) -> float | None:
    total = 0.0
    for month in months:
        value = values.get((year, month))
        if value is None:
            return None
        total += value
    return total


def annualised_churn(rate: float, periods: int = 12) -> float:
    """Churn per year from churn per period, both fractions: 1 - (1 - c)^12, not 12c.

    periods: how many of the period make a year (12 months, 4 quarters). ValueError for a rate outside 0...1.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"A churn rate lies between 0 and 1, not at {rate}.")
    if periods <= 0:
        raise ValueError("A year has at least one period.")
    return 1 - (1 - rate) ** periods
