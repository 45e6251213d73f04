"""What is open by the month it is expected to close in: the columns of the board by month, and where a card goes."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, Sum, Value, When
from django.db.models.functions import Coalesce, NullIf

from customers.sales.models.board import Sums
from customers.sales.models.currency import Money
from customers.sales.models.currency_rate import Rates
from customers.sales.models.forecast_period import MONTH, Period
from customers.sales.models.pipeline import ForecastCategory

SHOWN = 25  # cards of a column; the others are in the list
MONTHS = 4
OVERDUE, UNDATED = "overdue", "none"


@dataclass
class Column:
    """A month, what should have closed before the first one, or what has no date."""

    code: str
    label: str
    period: Period | None = None
    sums: Sums = field(default_factory=Sums)
    categories: list[tuple[str, list[Money]]] = field(default_factory=list)
    cards: list[Any] = field(default_factory=list)

    @property
    def hidden(self) -> int:
        return max(self.sums.count - len(self.cards), 0)


def months_from(first: Period) -> list[Period]:
    return [first.after(place) for place in range(MONTHS)]


def fill(columns: list[Column], opportunities: Any, first: date, today: date) -> None:
    """Cards and sums of every column: one query each, and one for all sums. `opportunities` are those asked for."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in _summed(opportunities, columns, first):
        grouped.setdefault(row["place"], []).append(row)
    rates = Rates(today)
    for column in columns:
        rows = grouped.get(column.code, [])
        column.sums = Sums(
            count=sum(row["count"] for row in rows),
            unpriced=sum(row["count"] - row["priced"] for row in rows),
            amounts=rates.total(Money(row["total"], row["currency"]) for row in rows if row["priced"]),
        )
        column.categories = _by_category(rows, rates)
        if rows:
            column.cards = list(cards(opportunities.filter(_place(column, first))))


def cards(opportunities: Any) -> Any:
    """The first to close first, of those the dearest."""
    own = ("name", "amount", "currency", "expected_close", "version", "stage", "customer", "owner")
    more = ("close_pushes", "forecast_category", "stage__name", "stage__outcome", "stage__forecast_category")
    related = opportunities.select_related("customer", "owner", "stage")
    ordered = related.order_by(F("expected_close").asc(nulls_last=True), F("amount").desc(nulls_last=True), "pk")
    return ordered.only(*own, *more, "customer__name", "owner__name")[:SHOWN]


def day_in(period: Period, before: date | None, today: date) -> date:
    """The day in a month that a card dropped on it gets: the same one of the month as before, or its last; never a
    day that has gone by."""
    last = calendar.monthrange(period.start.year, period.start.month)[1]
    return max(period.start.replace(day=min(before.day if before else last, last)), min(today, period.end))


def asked_month(text: str, today: date) -> Period:
    """The first month of the board: none that is over."""
    found = Period.named(text)
    current = Period.of(MONTH, today)
    return found if found and found.kind == MONTH and found > current else current


def _place(column: Column, first: date) -> Q:
    if column.period:
        return Q(expected_close__gte=column.period.start, expected_close__lte=column.period.end)
    return Q(expected_close__lt=first) if column.code == OVERDUE else Q(expected_close__isnull=True)


def _summed(opportunities: Any, columns: list[Column], first: date) -> Any:
    inside = Q()
    for column in columns:
        inside |= _place(column, first)
    place = Case(
        *(When(_place(column, first), then=Value(column.code)) for column in columns), output_field=CharField()
    )
    category = Coalesce(NullIf("forecast_category", Value("")), "stage__forecast_category")
    sums = {"count": Count("pk"), "priced": Count("amount"), "total": Sum("amount")}
    placed = opportunities.filter(inside).annotate(place=place, category=category).order_by()
    return placed.values("place", "category", "currency").annotate(**sums)


def _by_category(rows: Iterable[dict[str, Any]], rates: Rates) -> list[tuple[str, list[Money]]]:
    """What is not omitted, the surest first."""
    found = list(rows)
    parts = []
    for category in (ForecastCategory.COMMIT, ForecastCategory.BEST_CASE, ForecastCategory.PIPELINE):
        of_it = [row for row in found if row["category"] == category and row["priced"]]
        if of_it:
            parts.append((str(category.label), rates.total(Money(row["total"], row["currency"]) for row in of_it)))
    return parts
