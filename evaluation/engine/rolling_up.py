"""A goal of a short period over a longer one: what adds up has the levels of all parts together, the rest the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from evaluation.engine.judgement import Levels
from evaluation.formulas import periods
from evaluation.formulas.periods import Period
from evaluation.kpis.declaration import Kpi, Time

# Goals of a short period are also judged for the longer ones it is part of.
ROLLED_UP = {periods.MONTH: (periods.QUARTER, periods.HALF), periods.QUARTER: (periods.HALF,)}


def adds_up(kpi: Kpi, target_kind: str) -> bool:
    """Whether the levels of parts make that of the whole; last year's value is taken over the whole period anyway."""
    return kpi.is_additive and kpi.time != Time.STOCK and target_kind != "last_year_ratio"


def together(parts: Sequence[Levels]) -> Levels:
    """A level that one of the parts does not have, the whole does not have either."""
    sums = {}
    for field in fields(Levels):
        values = [getattr(part, field.name) for part in parts]
        sums[field.name] = None if None in values else sum(values)
    return Levels(**sums)


def parts_of(period: Period, kind: str) -> list[Period]:
    """The periods of a kind, from the one that the first day lies in to the one that the last day lies in."""
    found = [periods.containing(kind, period.first)]
    while found[-1].last < period.last:
        found.append(found[-1].next())
    return found
