"""What a KPI is: one frozen declaration, as data, that the engine turns into statements.

The pieces of SQL are the project's own text, never a person's. In them the row `period` is known:
`starts`, `ends`   the period, half-open, cut at what is known
`instant`          the moment a stock is taken at: the end of the period, or the moment looked from if earlier
`known`            events from here on are ignored ("as of"); infinity where nothing is
`seen`             the moment looked from, which decides what can still change
`currency`         the currency money is added up in
`zone`             the organisation's time zone, for what has a day and no moment
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

GROUPS = {
    "acquisition": _("Acquisition"),
    "retention": _("Retention"),
    "experience": _("Experience"),
    "sales": _("Sales"),
    "service": _("Service"),
    "value": _("Value"),
}


class Unit(StrEnum):
    RATIO = "ratio"  # a fraction
    COUNT = "count"
    MONEY = "money"
    SECONDS = "seconds"
    POINTS = "points"  # -100 to 100
    MONTHS = "months"
    TIMES = "times"  # how many times one thing is of another


# What the SQL of a KPI calls money of sales, and by which names the records behind it tell such.
_MONEY = re.compile(r"amount|monthly_value|unit_price|worth|revenue|charge|spent|before|after")
AMOUNTS = frozenset({
    "amount", "brought_in", "closing", "commit", "expansion", "monthly_value", "opening", "quantity", "quota",
    "value_due", "value_renewed", "won",
})  # fmt: skip

Ends = tuple[float | None, float | None]
SCALES: dict[Unit, Ends] = {Unit.RATIO: (0.0, 1.0), Unit.POINTS: (-100.0, 100.0)}


class Direction(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"
    BAND = "band"


class Time(StrEnum):
    EVENT = "event"  # counted when it happened
    STOCK = "stock"  # the value at an instant
    COHORT = "cohort"  # followed from an entry event for a while
    ROLLING = "rolling"  # over a window that ends at an instant


class Aggregation(StrEnum):
    RATIO = "ratio"  # sum of numerators over sum of denominators
    WEIGHTED = "weighted ratio"  # sum of values over sum of weights: a share of money
    GROWTH = "growth"  # the same of what was added to the weights: what there is more, of what there was
    NET_SHARE = "net share"  # the same in points, numerators from -1 to 1
    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MEDIAN = "median"
    PERCENTILE = "percentile"
    PRODUCT = "product of drivers"
    SURVIVAL = "percentile of survival"  # of durations: numerator 1 ended then, 0 had not ended yet
    INCIDENCE = "cumulative incidence"  # of numerators 1, where -1 competes and 0 has not ended, by when they ended


class Method(StrEnum):
    """How the interval is found; the functions are in `formulas.intervals`."""

    NONE = "none"
    WILSON = "wilson"
    NPS = "adjusted wald"
    POISSON = "poisson"
    POISSON_RATIO = "exact conditional"  # of a growth: two counts beside each other
    ORDER_STATISTICS = "order statistics"
    LOG_LOG = "log-log"
    EFFECTIVE = "wilson of the effective number"


@dataclass(frozen=True)
class Facts:
    """The rows a KPI is made of: one per record that counts, or that would if nothing were missing.

    A row whose `issue` is not null is told in the flags by that code; whether it counts says `counted`.
    """

    source: str  # what stands after FROM
    kinds: tuple[str, ...]  # the kinds of record the rows are, for who may see them
    record: str  # the record's id
    label: str
    moment: str  # what puts a row into a period
    dimensions: Mapping[str, str]  # the key of each dimension as of the event
    where: str = "TRUE"
    kind: str = ""  # the kind of a row where there are several
    numerator: str = "1"
    value: str = "NULL::float8"
    weight: str = ""  # of a weighted ratio, what each row adds to the denominator
    whole: str = ""  # what it would add if nothing were missing: how much of the whole is covered is then told
    counted: str = "TRUE"
    issue: str = "NULL::text"
    ripe: str = "TRUE"  # whether the row's outcome can no longer change
    member: str = ""  # whose customer's a row is, where neither a dimension nor the record says
    shown: Mapping[str, str] = field(default_factory=dict)  # the field values evidence is shown with
    idle_product: bool = False  # which product an order was of matters to the dimension alone, if there is one

    @property
    def customer(self) -> str:
        """Whose customer's a row is, so that it can be narrowed to a segment; empty where it is nobody's."""
        return self.member or self.dimensions.get("customer") or (self.record if self.kinds == ("customer",) else "")

    def kind_sql(self) -> str:
        return self.kind or f"'{self.kinds[0]}'"


@dataclass(frozen=True)
class Driver:
    """One of the numbers that a product is made of: a sum over the rows, or one sum divided by another."""

    code: str
    name: Any
    unit: Unit
    top: str  # what each row adds
    bottom: str = ""  # and to what it is divided by; empty where nothing
    divides: bool = False  # the product is divided by it: less of it is more


@dataclass(frozen=True)
class Kpi:
    code: str
    version: int
    name: Any  # lazy translations
    meaning: Any
    formula: Any
    group: str
    unit: Unit
    direction: Direction
    time: Time
    aggregation: Aggregation
    facts: Facts
    source: Any  # where the records come from and who defined it so, in plain words
    interval: Method = Method.NONE
    minimum_n: int = 0  # below it there is no verdict
    percentile: float = 0.5
    ends: Ends | None = None  # of the scale, where its unit does not say
    guard: str = ""  # the KPI that must not suffer for this one
    partner: str = ""  # the KPI that says the same of a cohort, shown beside it where the two differ
    beside: tuple[str, ...] = ()  # KPIs that say it in another way: their numbers stand beside this one
    costs: bool = False  # of a weighted ratio: the numerator is a cost, and where none is known there is no value
    matures_after: timedelta = timedelta(0)  # how long a cohort is followed
    confidential: bool = False  # survey answers: small groups of identifiable people are hidden
    looks_back: bool = False  # of a stock: counted over more than a period, so that values next to each other overlap
    on_dashboard: bool = True
    instead: Any = ""  # what is said where there is no value, or too little for one: %(top)s, %(bottom)s, %(whole)s
    flag_as_of: str = ""  # what to say of a number as it stood earlier, where a part of it keeps no history
    issues: Mapping[str, Any] = field(default_factory=dict)  # what each data-quality code means
    drivers: tuple[Driver, ...] = ()  # of a product

    def __str__(self) -> str:
        return str(self.name)

    def __hash__(self) -> int:
        return hash((self.code, self.version))

    @property
    def scale(self) -> Ends:
        """The least and the greatest value there can be; None where there is no end."""
        return self.ends or SCALES.get(self.unit, (0.0, None))

    @property
    def overlaps(self) -> bool:
        """Whether each value holds most of what the one before held: no limits can be drawn from such."""
        return self.time == Time.ROLLING or self.looks_back

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(self.facts.dimensions)

    @property
    def has_denominator(self) -> bool:
        return self.aggregation in (Aggregation.RATIO, Aggregation.NET_SHARE)

    @property
    def is_weighted(self) -> bool:
        return self.aggregation in (Aggregation.WEIGHTED, Aggregation.GROWTH)

    @property
    def is_of_amounts(self) -> bool:
        """Whether its value says what was sold for: money itself, and what weighs, adds up or multiplies it.

        Read off the SQL, so that no KPI can forget to say so; counts and shares of records are not of amounts.
        """
        if self.unit == Unit.MONEY:
            return True
        if self.aggregation not in (Aggregation.WEIGHTED, Aggregation.PRODUCT, Aggregation.SUM):
            return False
        facts = self.facts
        read = (facts.source, facts.where, facts.numerator, facts.value, facts.weight, facts.whole)
        return any(_MONEY.search(sql) for sql in (*read, *(one.top + one.bottom for one in self.drivers)))

    @property
    def is_additive(self) -> bool:
        return self.aggregation in (Aggregation.SUM, Aggregation.COUNT)

    @property
    def digest(self) -> str:
        """Changes with everything the number depends on, and with nothing else: words may be corrected."""
        facts = self.facts
        parts = [
            self.code, str(self.version), self.unit, self.time, self.aggregation, str(self.percentile),
            self.interval, str(self.minimum_n), str(self.confidential),
            facts.source, facts.where, facts.kind_sql(), facts.record, facts.moment,
            facts.numerator, facts.value, facts.counted, facts.issue, facts.ripe,
            *(f"{name}={path}" for name, path in sorted(facts.dimensions.items())),
            *([facts.weight] if facts.weight else []),
            *([facts.whole] if facts.whole else []),
            *(f"{one.code}={one.top}/{one.bottom} {one.divides}" for one in self.drivers),
        ]  # fmt: skip
        return hashlib.sha256("\n".join(" ".join(part.split()) for part in parts).encode()).hexdigest()
