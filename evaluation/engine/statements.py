"""From a declaration to SQL. Everything is computed in sets by the database; Python gets sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from evaluation.engine.incidence import INCIDENCE
from evaluation.engine.results import LEVEL, Totals
from evaluation.engine.scopes import SEGMENT_KIND, Scope
from evaluation.engine.survival import quantile_columns
from evaluation.formulas.intervals import z_value
from evaluation.formulas.periods import Period, midnight
from evaluation.kpis.declaration import Aggregation, Driver, Facts, Kpi, Method
from evaluation.kpis.rows import as_things_stand, without_product

AMOUNTS = ("total", "weight", "whole")  # of the sums, those that are no whole numbers; neither are a driver's
ARRAYS = ("sorted", "ways")  # values that are read by the statement itself
DRIVER = "driver_"
FOLLOWED = (Aggregation.SURVIVAL, Aggregation.INCIDENCE)  # each record for as long as it has been followed


@dataclass(frozen=True)
class View:
    """From when the records are looked at. `known`: events from then on are ignored; None where nothing is."""

    seen: datetime
    known: datetime | None

    @classmethod
    def of(cls, as_of: datetime | date | None, now: datetime) -> View:
        """A moment, or a whole day, is included."""
        if as_of is None:
            return cls(now, None)
        if isinstance(as_of, datetime):
            known = as_of + timedelta(microseconds=1)
        else:
            known = midnight(as_of + timedelta(days=1), zone())
        return cls(known, known)


def zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


@dataclass(frozen=True)
class Statement:
    sql: str
    params: list[Any]

    def rows(self) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.params)
            return cursor.fetchall()


def period_sql(number: int, period: Period, view: View) -> Statement:
    """The row `period` that declarations speak of."""
    starts, ends = period.bounds(zone())
    cut = min(ends, view.known) if view.known else ends
    row = f"(%s::int{', %s::timestamptz' * 5}, %s::text, %s::text)"
    return Statement(
        f"(VALUES {row}) AS period(no, starts, ends, instant, known, seen, currency, zone)",
        [
            number, starts, cut, min(cut, view.seen), view.known or "infinity", view.seen, settings.CURRENCY,
            settings.TIME_ZONE,
        ],
    )  # fmt: skip


def facts_sql(facts: Facts, columns: dict[str, str], view: View) -> str:
    selected = ", ".join(f"{path} AS {name}" for name, path in columns.items())
    sql = f"LATERAL (SELECT {selected} FROM {facts.source} WHERE {facts.where}) AS fact"
    if facts.idle_product and facts.dimensions.get("product") not in columns.values():
        sql = without_product(sql)
    return sql if view.known else as_things_stand(sql)


def scope_columns(kpi: Kpi, scope: Scope) -> dict[str, str]:
    """What `scope_sql` speaks of."""
    is_whole = scope.is_company or scope.kind == SEGMENT_KIND
    found = {} if is_whole else {"scope": kpi.facts.dimensions[scope.kind]}
    return found | ({"member": kpi.facts.customer} if scope.within or scope.members else {})


def scope_sql(kpi: Kpi, scope: Scope) -> Statement:
    """The condition that keeps the rows of a scope; `fact.scope` is the key of its dimension."""
    found = _whole_scope(scope)
    for within in (scope.members, scope.within):
        if within is not None:
            sql = f"({found.sql}) AND fact.member IN ({within.sql})"
            found = Statement(sql, [*found.params, *within.params])
    return found


def _whole_scope(scope: Scope) -> Statement:
    if scope.is_company:
        return Statement("TRUE", [])
    if scope.kind == SEGMENT_KIND:  # of one whose members are not said there is nobody, rather than everybody
        return Statement("TRUE" if scope.members else "FALSE", [])
    if scope.key is None:
        return Statement("fact.scope IS NULL", [])
    if scope.kind == "team":
        return Statement("fact.scope IN (SELECT id FROM crm_team WHERE path @> ARRAY[%s::bigint])", [scope.key])
    return Statement("fact.scope = %s", [scope.key])


def value_columns(kpi: Kpi) -> dict[str, str]:
    """What the aggregates below are made of."""
    facts = kpi.facts
    columns = {"counted": facts.counted, "issue": facts.issue, "ripe": facts.ripe}
    if kpi.has_denominator:
        columns["num"] = facts.numerator
    elif kpi.aggregation in FOLLOWED:
        columns |= {"num": facts.numerator, "val": facts.value}
    elif kpi.drivers:
        for driver in kpi.drivers:
            columns |= dict(zip(_sums_of(driver), (driver.top, driver.bottom), strict=False))
    elif kpi.aggregation != Aggregation.COUNT:
        if kpi.is_weighted:
            columns["weight"] = facts.weight
        if facts.whole:
            columns["whole"] = facts.whole
        columns["val"] = facts.value
        columns["counted"] = f"({facts.counted}) AND ({facts.value}) IS NOT NULL"
    return {name: path for name, path in columns.items() if not (name == "ripe" and path == "TRUE")}


def aggregates(kpi: Kpi) -> dict[str, str]:
    """Column by column, what one group of facts adds up to."""
    found = {"n": "count(*) FILTER (WHERE fact.counted)"}
    if kpi.has_denominator:
        found["numerator"] = "coalesce(sum(fact.num) FILTER (WHERE fact.counted), 0)"
    if kpi.interval == Method.NPS:
        found["above"] = "count(*) FILTER (WHERE fact.counted AND fact.num > 0)"
        found["below"] = "count(*) FILTER (WHERE fact.counted AND fact.num < 0)"
    if kpi.is_weighted:
        found["weight"] = "sum(fact.weight) FILTER (WHERE fact.counted)"
    if kpi.aggregation in (Aggregation.SUM, Aggregation.MEAN) or kpi.is_weighted:
        found["total"] = "sum(fact.val) FILTER (WHERE fact.counted)"
    found |= _arrays(kpi)
    for driver in kpi.drivers:
        found |= {name: f"sum(fact.{name}) FILTER (WHERE fact.counted)" for name in _sums_of(driver)}
    if kpi.facts.whole:
        found["whole"] = "sum(fact.whole)"
    if kpi.facts.ripe != "TRUE":
        found["unripe"] = "count(*) FILTER (WHERE fact.counted AND NOT fact.ripe)"
    for code in kpi.issues:
        found[f"issue_{code}"] = f"count(*) FILTER (WHERE fact.issue = '{code}')"
    return found


def _arrays(kpi: Kpi) -> dict[str, str]:
    """The values in their order, where a sum of them says nothing."""
    if kpi.aggregation not in (Aggregation.MEDIAN, Aggregation.PERCENTILE, *FOLLOWED):
        return {}
    found = {"sorted": "array_agg(fact.val ORDER BY fact.val) FILTER (WHERE fact.counted)"}
    if kpi.aggregation in FOLLOWED:
        found["ways"] = "array_agg(fact.num ORDER BY fact.val) FILTER (WHERE fact.counted)"
    return found


def ordered_columns(kpi: Kpi) -> dict[str, str]:
    """The percentile, and the candidates for its interval, out of the sorted values."""
    if kpi.aggregation == Aggregation.INCIDENCE:
        return {"incidence": INCIDENCE}
    if kpi.aggregation == Aggregation.SURVIVAL:
        return quantile_columns(kpi.percentile, LEVEL)
    at = f"({kpi.percentile}::float8 * (n - 1))"
    low, high = f"sorted[floor({at})::int + 1]", f"sorted[ceil({at})::int + 1]"
    # As percentile_cont would interpolate, but with one sort for everything.
    found = {"middle": f"{low} + ({high} - {low}) * ({at} - floor({at}))"}
    if kpi.interval == Method.ORDER_STATISTICS:
        rank = f"greatest(0, floor((n - {z_value(LEVEL)!r}::float8 * sqrt(n::float8)) / 2))::int"
        found["low"] = f"ARRAY[sorted[{rank}], sorted[{rank} + 1]]"
        found["high"] = f"ARRAY[sorted[n - {rank}], sorted[n - {rank} + 1]]"
    return found


def measure(kpi: Kpi, periods: Sequence[Period], view: View, scope: Scope, dimension: str | None = None) -> Statement:
    """One row for each period, and for each key of the dimension that has facts; the whole in one statement.

    The periods are put side by side, not joined: with the bounds of each as constants the planner uses indexes.
    """
    columns = value_columns(kpi) | scope_columns(kpi, scope)
    if dimension:
        columns["key"] = kpi.facts.dimensions[dimension]
    within = scope_sql(kpi, scope)
    sums = aggregates(kpi)
    # Sums of sums are sums: the teams above get theirs from the few teams below, not from every record again.
    rolled_up = dimension == "team" and "sorted" not in sums
    key, joins = ("fact.key", "") if rolled_up else _grouping(dimension)
    selected = ", ".join(f"{sql} AS {name}" for name, sql in sums.items())
    parts, params = [], []
    for number, period in enumerate(periods):
        given = period_sql(number, period, view)
        parts.append(f"""SELECT {number} AS no, {key} AS key, {selected}
            FROM {given.sql}, {facts_sql(kpi.facts, columns, view)} {joins}
            WHERE {within.sql} GROUP BY 1, 2""")
        params += [*given.params, *within.params]
    outer = {name: name for name in sums if name not in ARRAYS}
    if "sorted" in sums:
        outer |= ordered_columns(kpi)
    names, inner = _naming(dimension), " UNION ALL ".join(parts)
    if rolled_up:
        inner = _rolled_up(inner, sums)
    sql = f"""SELECT summed.no, summed.key, {names.sql}, {", ".join(outer.values())}
        FROM ({inner} OFFSET 0) AS summed {names.params[0]} ORDER BY 1, 3, 2"""
    return Statement(sql, params)


def read(kpi: Kpi, row: tuple[Any, ...]) -> Totals:
    """The sums of a row of `measure`."""
    sums = aggregates(kpi)
    names = [name for name in sums if name not in ARRAYS]
    if "sorted" in sums:
        names += list(ordered_columns(kpi))
    values = dict(zip(names, row, strict=True))
    issues = tuple((code, values.pop(f"issue_{code}")) for code in kpi.issues)
    drivers = tuple(tuple(values.pop(name) for name in _sums_of(driver)) for driver in kpi.drivers)
    return Totals(**values, issues=tuple((code, count) for code, count in issues if count), drivers=drivers)


def _sums_of(driver: Driver) -> tuple[str, ...]:
    """The columns of its sums: one, or two that are divided by each other."""
    name = f"{DRIVER}{driver.code}"
    return (name, f"{name}_of") if driver.bottom else (name,)


def _grouping(dimension: str | None) -> tuple[str, str]:
    """A fact counts for its team and for every team above."""
    if dimension is None:
        return "NULL::text", ""
    if dimension != "team":
        return "fact.key", ""
    return (
        "above.id",
        """LEFT JOIN crm_team AS leaf ON leaf.id = fact.key
        CROSS JOIN LATERAL unnest(coalesce(leaf.path, ARRAY[NULL::bigint])) AS above(id)""",
    )


def _rolled_up(parts: str, sums: dict[str, str]) -> str:
    """What each team adds up to, counted again for every team above it. Only amounts are no whole numbers."""
    again = ", ".join(f"sum(fact.{name}){'' if _is_amount(name) else '::bigint'} AS {name}" for name in sums)
    key, joins = _grouping("team")
    return f"SELECT fact.no, {key} AS key, {again} FROM ({parts}) AS fact {joins} GROUP BY 1, 2"


def _is_amount(name: str) -> bool:
    return name in AMOUNTS or name.startswith(DRIVER)


_NAMES = {
    "team": ("CASE WHEN twin THEN array_to_string(named.path_names, ' / ') ELSE named.name END",
             """LEFT JOIN (SELECT id, name, path_names, count(*) OVER (PARTITION BY name) > 1 AS twin FROM crm_team)
                 AS named ON named.id = summed.key"""),
    "person": ("CASE WHEN twin THEN coalesce(named.email, named.name || ' #' || named.id) ELSE named.name END",
               """LEFT JOIN (SELECT id, name, email, count(*) OVER (PARTITION BY name) > 1 AS twin FROM crm_user)
                 AS named ON named.id = summed.key"""),
    "product": ("named.name", "LEFT JOIN sales_product AS named ON named.id = summed.key"),
    "customer": ("named.name", "LEFT JOIN customers_customer AS named ON named.id = summed.key"),
    "channel": ("summed.key", ""),
    "campaign": ("named.name", "LEFT JOIN sales_campaign AS named ON named.id = summed.key"),
    "stage": ("CASE WHEN twin THEN named.within || ' / ' || named.name ELSE named.name END",
              """LEFT JOIN (SELECT stage.id, stage.name, pipeline.name AS within,
                  count(*) OVER (PARTITION BY stage.name) > 1 AS twin FROM sales_stage AS stage
                  JOIN sales_pipeline AS pipeline ON pipeline.id = stage.pipeline_id) AS named
                  ON named.id = summed.key"""),
}  # fmt: skip


def _naming(dimension: str | None) -> Statement:
    """The name of each key, in the same statement."""
    name, join = _NAMES[dimension] if dimension else ("NULL::text", "")
    return Statement(name, [join])
