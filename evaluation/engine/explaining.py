"""Why a number changed: by the parts themselves, by their weights, by parts that came and went, and by records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.models import User
from evaluation.engine import measuring, records, scopes, statements
from evaluation.engine.measuring import AsOf, declared
from evaluation.engine.results import Result, Totals
from evaluation.engine.scopes import Scope
from evaluation.engine.statements import Statement, View
from evaluation.formulas import changes, drivers
from evaluation.formulas.changes import Effects
from evaluation.formulas.periods import Period
from evaluation.kpis.declaration import Aggregation, Driver, Kpi

MOVERS = 10
# Parts must not overlap, so teams, which contain one another, cannot be the parts.
PARTS = ("person", "channel", "campaign", "product", "customer", "stage")


@dataclass(frozen=True)
class Mover:
    kind: str
    id: int
    label: str
    effect: float | None  # what it adds to the change; None where a change is not a sum of records (medians)


@dataclass(frozen=True)
class Explanation:
    """`change` = rate + mix + entered + left, in the KPI's unit; None where a value is not computable.

    `effects` is None where there is nothing to split by: one person's number has no parts by person. Of a product
    `drivers` says what each of them did, which adds up to the change too; neither it nor an incidence, nor a time by
    which a share have ended, is a sum of parts or records.
    """

    before: Result
    after: Result
    dimension: str
    change: float | None
    effects: Effects | None
    movers: list[Mover]
    drivers: tuple[tuple[Driver, float], ...] = ()

    @property
    def is_estimate(self) -> bool:
        return self.after.kpi.aggregation in statements.FOLLOWED


def explain(
    kpi: Kpi | str,
    scope: Scope,
    before: Period,
    after: Period,
    dimension: str = "",
    user: User | None = None,
    as_of: AsOf = None,
    *,
    now: datetime,
) -> Explanation:
    """The change from one period to another, and the ten records, of those `user` may see, that moved it most."""
    kpi, view = declared(kpi), View.of(as_of, now)
    scopes.check(kpi, scope.kind)
    dimension = dimension or _default_parts(kpi, scope)
    if dimension and (dimension not in PARTS or dimension not in kpi.dimensions):
        allowed = ", ".join(part for part in PARTS if part in kpi.dimensions)
        raise scopes.ScopeError(f"A change of {kpi.code} is explained by one of: {allowed}.")
    first, second = measuring.series(kpi, scope, [before, after], as_of, now=view.seen)
    if first.value is None or second.value is None:
        return Explanation(first, second, dimension, None, None, [])
    if kpi.drivers:
        return Explanation(
            first, second, "", float(second.value) - float(first.value), None, [], _of_drivers(kpi, first, second)
        )
    if kpi.aggregation in statements.FOLLOWED:
        return Explanation(first, second, "", float(second.value) - float(first.value), None, [])
    effects = _effects(kpi, scope, [before, after], dimension, view) if dimension else None
    movers = _movers(kpi, scope, (first, second), view, user)
    return Explanation(first, second, dimension, float(second.value) - float(first.value), effects, movers)


def _of_drivers(kpi: Kpi, before: Result, after: Result) -> tuple[tuple[Driver, float], ...]:
    was, is_now = ([float(value or 0) for value in side.drivers] for side in (before, after))
    shares = drivers.shares_of_change(was, is_now, [one.divides for one in kpi.drivers])
    return tuple(zip(kpi.drivers, shares, strict=True))


def _default_parts(kpi: Kpi, scope: Scope) -> str:
    return next((part for part in PARTS if part in kpi.dimensions and part != scope.kind), "")


def _effects(kpi: Kpi, scope: Scope, periods: list[Period], dimension: str, view: View) -> Effects | None:
    if kpi.aggregation == Aggregation.MEDIAN:
        return _effects_on_median(kpi, scope, periods, dimension, view)
    if kpi.aggregation == Aggregation.PERCENTILE:
        return None
    sides: tuple[dict[Any, Any], dict[Any, Any]] = ({}, {})
    for no, key, _, *sums in statements.measure(kpi, periods, view, scope, dimension).rows():
        totals = statements.read(kpi, tuple(sums))
        if totals.n:
            sides[no][key] = (_sum(kpi, totals), float(totals.weight or 0) if kpi.is_weighted else totals.n)
    if kpi.is_additive:
        return changes.of_sums(*sides)
    scale = 100 if kpi.aggregation == Aggregation.NET_SHARE else 1
    return changes.of_ratios(*sides).times(scale)


def _sum(kpi: Kpi, totals: Totals) -> float:
    if kpi.has_denominator:
        return float(totals.numerator)
    return float(totals.n if kpi.aggregation == Aggregation.COUNT else totals.total or 0)


def _effects_on_median(kpi: Kpi, scope: Scope, periods: list[Period], dimension: str, view: View) -> Effects | None:
    """The median is taken again with the parts weighted as they were before, each step changing one thing."""
    facts = records.facts_of(kpi, periods, view, scope)
    sql = f"""WITH fact AS MATERIALIZED (
            SELECT no, keys ->> '{dimension}' AS part, val FROM ({facts.sql}) AS fact WHERE counted),
        part AS (SELECT part, count(*) FILTER (WHERE no = 0) AS n0, count(*) FILTER (WHERE no = 1) AS n1
            FROM fact GROUP BY part),
        step AS (SELECT step.name, fact.val, step.weight::float8
            FROM fact JOIN part ON part.part IS NOT DISTINCT FROM fact.part CROSS JOIN LATERAL (VALUES
                ('before', no = 0, 1), ('stayed', no = 0 AND n1 > 0, 1), ('after', no = 1, 1),
                ('reweighted', no = 1 AND n0 > 0, n0::float8 / nullif(n1, 0)), ('kept', no = 1 AND n0 > 0, 1)
            ) AS step(name, applies, weight) WHERE step.applies),
        run AS (SELECT name, val, sum(weight) OVER (PARTITION BY name ORDER BY val) AS upto,
            sum(weight) OVER (PARTITION BY name) / 2 AS half FROM step)
        SELECT name, (min(val) FILTER (WHERE upto >= half * (1 - 1e-9))
            + min(val) FILTER (WHERE upto > half * (1 + 1e-9))) / 2 FROM run GROUP BY name"""
    medians = dict(Statement(sql, facts.params).rows())
    if len(medians) < 5:  # no part has records in both periods
        return Effects(0.0, 0.0, medians["after"] - medians["before"], 0.0)
    return Effects(
        rate=medians["reweighted"] - medians["stayed"],
        mix=medians["kept"] - medians["reweighted"],
        entered=medians["after"] - medians["kept"],
        left=medians["stayed"] - medians["before"],
    )


def _movers(kpi: Kpi, scope: Scope, sides: tuple[Result, Result], view: View, user: User | None) -> list[Mover]:
    facts = records.facts_of(kpi, [side.period for side in sides], view, scope)
    seen = records.visibility(kpi, user)
    effect, params = _effect_sql(kpi, sides)
    sums = kpi.aggregation not in (Aggregation.MEDIAN, Aggregation.PERCENTILE)
    order = "abs(sum(effect))" if sums else "max(abs(effect))"
    sql = f"""SELECT kind, record, min(label), sum(effect) FROM (
            SELECT fact.*, ({effect})::float8 AS effect FROM ({facts.sql}) AS fact
            WHERE fact.counted AND {seen.sql}) AS moved
        GROUP BY kind, record HAVING {order} > 0 ORDER BY {order} DESC, kind, record LIMIT {MOVERS}"""
    rows = Statement(sql, [*params, *facts.params, *seen.params]).rows()
    return [Mover(kind, record, label, effect if sums else None) for kind, record, label, effect in rows]


def _effect_sql(kpi: Kpi, sides: tuple[Result, Result]) -> tuple[str, list[Any]]:
    """What one fact adds to the change; the facts of both periods together add up to it."""
    sign = "CASE WHEN fact.no = 1 THEN 1 ELSE -1 END"
    if kpi.aggregation == Aggregation.COUNT:
        return sign, []
    if kpi.aggregation == Aggregation.SUM:
        return f"{sign} * fact.val", []
    scale = 100 if kpi.aggregation == Aggregation.NET_SHARE else 1
    reference = sum(float(side.value or 0) for side in sides) / 2 / scale
    measured = "fact.num" if kpi.has_denominator else "fact.val"
    share = f"{scale} * ({measured} - fact.weight * %s::float8) / CASE WHEN fact.no = 1 THEN %s ELSE %s END"
    whole = [float((side.denominator if kpi.is_weighted else side.n) or 0) for side in (sides[1], sides[0])]
    return f"{sign} * {share}", [reference, *whole]
