"""What the engine answers with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from evaluation.engine import coverage
from evaluation.engine.scopes import Scope
from evaluation.formulas import drivers, intervals
from evaluation.formulas.incidence import Incidence
from evaluation.formulas.periods import Period
from evaluation.formulas.samples import IDENTIFIABLE_BELOW
from evaluation.kpis.declaration import Aggregation, Kpi, Method, Unit
from evaluation.models import closed

NO_DENOMINATOR = "no_denominator"
NO_COST = "no_cost"
NOT_REACHED = "not_reached"
PROVISIONAL = "provisional"
SMALL_N = "small_n"
HIDDEN = "hidden_small_group"
DEADLINES_OF_TODAY = "deadlines_of_today"
STATE_OF_TODAY = "state_of_today"
LEVEL = 0.95

Number = int | float | Decimal


@dataclass(frozen=True)
class Interval:
    low: float
    high: float
    level: float
    method: str

    def as_json(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high, "level": self.level, "method": self.method}


@dataclass(frozen=True)
class Result:
    """A KPI's number for one scope and period. `value` None is not computable, or hidden: the flags say which."""

    kpi: Kpi
    scope: Scope
    period: Period
    value: Number | None
    numerator: Number | None
    denominator: Number | None
    n: int
    interval: Interval | None
    flags: tuple[str, ...]
    currency: str | None = None
    drivers: tuple[Number | None, ...] = ()  # of a product: what it was made of, in the order of its declaration

    @property
    def is_provisional(self) -> bool:
        return PROVISIONAL in self.flags

    @property
    def is_judgeable(self) -> bool:
        """Whether a verdict may be given: there is a value, and enough behind it."""
        return self.value is not None and SMALL_N not in self.flags

    @property
    def issues(self) -> dict[str, int]:
        """The data-quality flags: how many records are concerned, by code."""
        pairs = (flag.partition(":") for flag in self.flags if ":" in flag)
        return {code: int(count) for code, _, count in pairs}

    def as_json(self) -> dict[str, Any]:
        """The form the command line prints, and others may rely on."""
        return {
            "scope": {"kind": self.scope.kind, "name": self.scope.name},
            "value": self._amount(self.value),
            "numerator": self._amount(self.numerator),
            "denominator": as_json(self.denominator),
            "n": self.n,
            "interval": self.interval.as_json() if self.interval else None,
            "flags": list(self.flags),
        } | self._drivers()

    def _drivers(self) -> dict[str, Any]:
        named = zip(self.kpi.drivers, self.drivers, strict=False)
        return {"drivers": {one.code: as_json(value) for one, value in named}} if self.drivers else {}

    def _amount(self, value: Number | None) -> Any:
        if value is None or self.kpi.unit != Unit.MONEY:
            return as_json(value)
        return {"amount": as_json(value), "currency": self.currency}


def as_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value


@dataclass(frozen=True)
class Totals:
    """One row of the statement that measures: sums, never rows."""

    n: int
    numerator: float = 0
    above: int = 0  # rows whose numerator is above 0, below 0
    below: int = 0
    total: Decimal | float | None = None
    weight: Decimal | float | None = None  # what a weighted ratio is divided by
    whole: Decimal | float | None = None  # what it would be if nothing were missing
    middle: float | None = None
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    unripe: int = 0
    issues: tuple[tuple[str, int], ...] = ()
    drivers: tuple[tuple[Decimal | float | None, ...], ...] = ()  # the one or two sums of each
    incidence: Sequence[float] = (0.0, 0.0)  # the share and its variance


def make(kpi: Kpi, scope: Scope, period: Period, totals: Totals, *, complete: bool, currency: str) -> Result:
    """The result of a row of sums."""
    if closed.is_closed(kpi):
        return Result(kpi, scope, period, None, None, None, 0, None, (closed.CLOSED,))
    value, numerator, denominator = _numbers(kpi, totals)
    result = Result(
        kpi, scope, period, value, numerator, denominator, totals.n, _interval(kpi, totals), (),
        currency if kpi.unit == Unit.MONEY else None, _drivers(kpi, totals),
    )  # fmt: skip
    flags = []
    if value is None:
        flags.append(_why_none(kpi, totals))
    is_narrow = scope.kind in ("team", "person") or scope.within is not None
    if kpi.confidential and is_narrow and 0 < totals.n < IDENTIFIABLE_BELOW:
        result = replace(result, value=None, numerator=None, interval=None)
        flags.append(HIDDEN)
    if _is_small(kpi, totals):
        flags.append(SMALL_N)
    if not complete or totals.unripe:
        flags.append(PROVISIONAL)
    if kpi.facts.whole:
        flags += coverage.flags(totals.weight, totals.whole)
    return replace(result, flags=(*flags, *(f"{code}:{count}" for code, count in totals.issues)))


def _why_none(kpi: Kpi, totals: Totals) -> str:
    if kpi.costs and totals.weight:
        return NO_COST
    return NOT_REACHED if kpi.aggregation == Aggregation.SURVIVAL and totals.n else NO_DENOMINATOR


def _is_small(kpi: Kpi, totals: Totals) -> bool:
    """Too few for a verdict. Of a growth, where both counts are."""
    if kpi.aggregation == Aggregation.GROWTH:
        return totals.n > 0 and max(_counts(totals)) < kpi.minimum_n
    return 0 < totals.n < kpi.minimum_n


def _counts(totals: Totals) -> tuple[int, int]:
    """Of a growth, what there is and what there was."""
    before = int(totals.weight or 0)
    return before + int(totals.total or 0), before


def _numbers(kpi: Kpi, totals: Totals) -> tuple[Number | None, Number | None, Number | None]:
    """Value, numerator and denominator."""
    n = totals.n
    if kpi.drivers:
        return drivers.product(_drivers(kpi, totals), [one.divides for one in kpi.drivers]), None, None
    if kpi.aggregation == Aggregation.INCIDENCE:
        return (totals.incidence[0] if n else None), None, n
    if kpi.aggregation == Aggregation.COUNT:
        return n, n, None
    if kpi.aggregation == Aggregation.SUM:
        total = totals.total if totals.total is not None else 0
        return total, total, None
    if kpi.has_denominator:
        scale = 100 if kpi.aggregation == Aggregation.NET_SHARE else 1
        numerator = int(totals.numerator)
        return (scale * numerator / n if n else None), numerator, n
    if kpi.costs and not totals.total:
        return None, None, totals.weight
    if kpi.is_weighted:
        return (float(totals.total / totals.weight) if totals.weight else None), totals.total, totals.weight  # type: ignore[operator]
    if kpi.aggregation == Aggregation.MEAN:
        return (float(totals.total) / n if n and totals.total is not None else None), totals.total, n
    return totals.middle, None, n


def _drivers(kpi: Kpi, totals: Totals) -> tuple[Number | None, ...]:
    """Each driver's number; None where there is nothing to divide by."""
    found: list[Number | None] = []
    for sums in totals.drivers or [()] * len(kpi.drivers):
        top = (sums[0] if sums else None) or 0
        found.append((float(top / sums[1]) if sums[1] else None) if len(sums) > 1 else top)  # type: ignore[operator]
    return tuple(found)


def _interval(kpi: Kpi, totals: Totals) -> Interval | None:
    found: tuple[float, float] | None = None
    if kpi.interval == Method.WILSON:
        found = intervals.wilson(int(totals.numerator), totals.n, LEVEL)
    elif kpi.interval == Method.NPS:
        found = intervals.nps(totals.above, totals.n - totals.above - totals.below, totals.below, LEVEL)
    elif kpi.interval == Method.POISSON:
        found = intervals.poisson(totals.n, 1, LEVEL)
    elif kpi.interval == Method.POISSON_RATIO:
        ratio = intervals.poisson_ratio(*_counts(totals), LEVEL)
        found = (ratio[0] - 1, ratio[1] - 1) if ratio else None
    elif kpi.interval == Method.EFFECTIVE:
        found = Incidence(totals.incidence[0], max(0.0, totals.incidence[1]), totals.n).interval(LEVEL)
    elif kpi.interval == Method.LOG_LOG:
        ends = (*totals.low, *totals.high)
        found = (ends[0], ends[1]) if len(ends) == 2 and None not in ends else None
    elif kpi.interval == Method.ORDER_STATISTICS:
        found = _of_median(totals)
    return Interval(*found, LEVEL, kpi.interval.value) if found else None


def _of_median(totals: Totals) -> tuple[float, float] | None:
    """The statement brings the two candidates on either side; which it is, the exact distribution says."""
    rank = intervals.median_rank(totals.n, LEVEL)
    if not rank or not totals.low:
        return None
    step = rank - about_rank(totals.n)
    return totals.low[step], totals.high[-1 - step]


def about_rank(n: int) -> int:
    """The rank by the normal approximation: the exact one is this or the next, as the tests show."""
    return max(0, math.floor((n - intervals.z_value(LEVEL) * math.sqrt(n)) / 2))
