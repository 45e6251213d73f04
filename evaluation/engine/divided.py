"""The rows of a list divided into parts, and how many each part holds or what it comes to: one statement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import EmptyResultSet, FieldDoesNotExist
from django.db import connection, models
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce, TruncDate

from crm.web.lists.columns import Column
from crm.web.lists.grouping import MOST, Grouping, InTime
from customers.sales.models.currency import Money, totals
from customers.sales.models.currency_rate import rate_sql
from customers.sales.models.forecast_period import local_day, organisation_zone


@dataclass
class Bar:
    """A part: how many rows it holds, what they come to in the organisation's currency, and what has no rate."""

    value: Any
    count: int = 0
    amount: Decimal = Decimal(0)
    beside: list[Money] = field(default_factory=list)


@dataclass
class Divided:
    """At most MOST parts by themselves; `rest` is all others together, `total` all there is."""

    bars: list[Bar]
    names: dict[Any, str]
    rest: Bar | None
    total: Bar
    others: int  # how many parts the rest is of


def divide(rows: QuerySet, grouping: Grouping, column: Column | None, *, now: datetime) -> Divided:
    """`rows` are those the reader may see, unordered; `column` is added up, or the rows are counted."""
    found = _parts(rows, grouping, column, now)
    bars, left = _most(found, grouping, is_sum=column is not None)
    names = grouping.names([bar.value for bar in bars if bar.value is not None])
    if grouping.is_ordered:
        place = {value: number for number, value in enumerate(names)}
        bars.sort(key=lambda bar: place.get(bar.value, len(place)))
    return Divided(bars, names, together(left) if left else None, together(found), len(left))


def together(bars: Iterable[Bar]) -> Bar:
    held = list(bars)
    return Bar(
        None, sum(bar.count for bar in held), sum((bar.amount for bar in held), Decimal(0)),
        totals(money for bar in held for money in bar.beside),
    )  # fmt: skip


def _most(found: list[Bar], grouping: Grouping, *, is_sum: bool) -> tuple[list[Bar], list[Bar]]:
    """Those that are told: the largest, or in time the latest, with the empty periods between where there is room."""
    if isinstance(grouping, InTime):
        dated = sorted((bar for bar in found if bar.value is not None), key=lambda bar: bar.value)
        undated, shown = [bar for bar in found if bar.value is None], dated[-MOST:]
        if shown:
            held = {bar.value: bar for bar in shown}
            every = list(grouping.between(shown[0].value, shown[-1].value))
            shown = [held.get(day) or Bar(day) for day in every] if len(every) <= MOST else shown
        return shown + undated, dated[:-MOST]
    found = sorted(found, key=lambda bar: (bar.amount if is_sum else bar.count, bar.count), reverse=True)
    return found[:MOST], found[MOST:]


def _parts(rows: QuerySet, grouping: Grouping, column: Column | None, now: datetime) -> list[Bar]:
    columns: list[Any] = ["pk", "divided_by"]
    rows = grouping.keyed(rows.order_by()).annotate(divided_by=grouping.key)
    if column is not None:
        rows, more = _priced(rows, column, now)
        columns += more
    try:
        sql, params = rows.values_list(*columns).query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        if column is None:
            cursor.execute(COUNTED.format(rows=sql), params)
        else:
            cursor.execute(SUMMED.format(rows=sql), [settings.CURRENCY, *params, settings.CURRENCY])
        return _merged(cursor.fetchall())


COUNTED = "SELECT part, NULL, count(*), 0 FROM ({rows}) AS seen (id, part) GROUP BY part"
# Added up for each currency and day first: a rate is then looked up once for all rows of that day.
_RATE = rate_sql("of_a_day.currency", "of_a_day.day") % {"home": "%s"}
SUMMED = f"""
WITH of_a_day AS (
    SELECT part, currency, CASE WHEN currency <> %s THEN day END AS day, count(*) AS many, sum(amount) AS amount
    FROM ({{rows}}) AS seen (id, part, amount, currency, day) GROUP BY 1, 2, 3),
priced AS MATERIALIZED (SELECT of_a_day.*, {_RATE} AS rate FROM of_a_day)
SELECT part, CASE WHEN rate IS NULL THEN currency END, sum(many)::bigint, sum(amount * coalesce(rate, 1))
FROM priced GROUP BY 1, 2"""


def _merged(found: Iterable[tuple[Any, str | None, int, Decimal | None]]) -> list[Bar]:
    bars: dict[Any, Bar] = {}
    for value, foreign, count, amount in found:
        bar = bars.setdefault(value, Bar(value))
        bar.count += count
        if foreign is None:
            bar.amount += amount or 0
        elif amount is not None:
            bar.beside = totals([*bar.beside, Money(amount, foreign)])
    return list(bars.values())


def _priced(rows: QuerySet, column: Column, now: datetime) -> tuple[QuerySet, list[Any]]:
    """With what is added up of each row: its amount, its currency, and the day whose rate counts for it."""
    path = str(column.value or column.code).replace(".", "__")
    currency = F(str(column.currency).replace(".", "__")) if column.currency else Value(settings.CURRENCY)
    day = _own_day(rows.model, column.adds_up, now)
    return rows.annotate(summed=F(path), paid_in=currency, own_day=day), ["summed", "paid_in", "own_day"]


def _own_day(model: Any, path: str, now: datetime) -> Any:
    """Of a row without such a day, and where none is named, today's rate counts."""
    today = Value(local_day(now), output_field=models.DateField())
    try:
        is_moment = isinstance(model._meta.get_field(path), models.DateTimeField)
    except FieldDoesNotExist:
        return today
    return Coalesce(TruncDate(path, tzinfo=organisation_zone()) if is_moment else F(path), today)
