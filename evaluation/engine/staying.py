"""How long customers stay, by when they began: Kaplan-Meier curves of those who came in the same month."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from evaluation import kpis
from evaluation.engine import scopes, statements
from evaluation.engine.results import LEVEL
from evaluation.engine.scopes import Scope
from evaluation.engine.statements import Statement, zone
from evaluation.formulas import periods
from evaluation.formulas.periods import Period
from evaluation.formulas.samples import JUDGED_FROM, SHOWN_FROM
from evaluation.formulas.survival import Curve, kaplan_meier
from evaluation.kpis.contracts import SIGN, in_force

DAYS_OF_MONTH = 365.25 / 12
STEPS = (1, 2, 3, 6, 9, 12, 18, 24, 36, 48, 60)
OF_COHORTS = (3, 6, 12, 24)
_KPI = "churn_rate"  # what it can be cut by, and whose customers it is about


@dataclass(frozen=True)
class Step:
    """After so many months. `share` is None where nobody has been followed so long."""

    months: int
    share: float | None
    low: float | None
    high: float | None
    at_risk: int


@dataclass(frozen=True)
class Cohort:
    """Who began in a period: how many, how many of them left, and the share that stayed after some months.

    Of fewer than ten no shares are given, of fewer than thirty no verdict."""

    period: Period
    n: int
    lost: int
    median: float | None  # months until half have left; None while more than half stay
    curve: Curve
    steps: list[Step]

    @property
    def is_tiny(self) -> bool:
        return self.n < SHOWN_FROM

    @property
    def is_small(self) -> bool:
        return self.n < JUDGED_FROM


def staying(scope: Scope, period: Period, *, now: datetime) -> tuple[Cohort, list[Cohort]]:
    """All who began in the period, and those of each of its months; from one statement."""
    kpi = kpis.get(_KPI)
    scopes.check(kpi, scope.kind)
    today = now.astimezone(zone()).date()
    rows = _lives(scope, period, today)
    by_month: dict[Period, list[tuple[int, bool]]] = {}
    for began, days, left in rows:
        by_month.setdefault(periods.containing(periods.MONTH, began), []).append((days, left))
    months = [cohort(month, lives, OF_COHORTS) for month, lives in sorted(by_month.items())]
    return cohort(period, [(days, left) for _, days, left in rows], STEPS), months


def cohort(period: Period, lives: list[tuple[int, bool]], months: tuple[int, ...]) -> Cohort:
    """From how many days each has been there, and whether it is over."""
    lasted = sorted(days for days, _ in lives)
    curve = kaplan_meier([days for days, _ in lives], [left for _, left in lives], LEVEL)
    steps = [_step(curve, lasted, number) for number in months]
    median = None if curve.median is None else curve.median / DAYS_OF_MONTH
    return Cohort(period, len(lives), sum(left for _, left in lives), median, curve, steps)


def _step(curve: Curve, lasted: list[int], months: int) -> Step:
    at = months * DAYS_OF_MONTH
    there = len(lasted) - bisect_left(lasted, at)
    if not there and (not curve.survival or curve.survival[-1] > 0):
        return Step(months, None, None, None, 0)
    place = bisect_right(curve.times, at)
    low, high = (curve.lower[place - 1], curve.upper[place - 1]) if place else (None, None)
    return Step(months, curve.at(at), low, high, there)


_SCOPES = {
    "person": "base.owner_id",
    "team": "base.team_id",
    "channel": "(SELECT nullif(customer.channel, '') FROM customers_customer AS customer"
    " WHERE customer.id = base.customer_id)",
    "customer": "base.customer_id",
}

# Each customer with a contract that has begun: since when, held by whom then, and since when there is none any more.
_BASE = f"""SELECT each.customer_id, min(each.began) AS began, max(each.left_on) AS left_on,
            bool_or(each.held > 0) AS is_customer,
            (array_agg(each.owner_id ORDER BY each.began, each.id))[1] AS owner_id,
            (array_agg(each.team_id ORDER BY each.began, each.id))[1] AS team_id
        FROM (SELECT contract.id, contract.customer_id, sum({SIGN}) AS held,
                min(moved.counts_from) FILTER (WHERE moved.type IN ('new', 'reactivation') AND {in_force("moved")})
                    AS began,
                max(moved.counts_from) FILTER (WHERE moved.type = 'churn' AND {in_force("moved")}) AS left_on,
                (array_agg(moved.owner_id ORDER BY moved.counts_from, moved.id))[1] AS owner_id,
                (array_agg(moved.team_id ORDER BY moved.counts_from, moved.id))[1] AS team_id
            FROM sales_contractmovement AS moved JOIN sales_contract AS contract ON contract.id = moved.contract_id
            WHERE moved.counts_from <= %s AND contract.deleted_at IS NULL
            GROUP BY contract.id) AS each
        WHERE each.began IS NOT NULL GROUP BY each.customer_id"""


def _lives(scope: Scope, period: Period, today: date) -> list[Any]:
    """The first day of each customer under contract, for how many days, and whether they are gone. Who came back has
    not left; credited to whoever held the first contract as it began."""
    within = statements.scope_sql(kpis.get(_KPI), scope)
    sql = f"""WITH fact AS (
            SELECT base.*, {_SCOPES.get(scope.kind, "NULL::bigint")} AS scope, base.customer_id AS member
            FROM ({_BASE}) AS base WHERE base.began BETWEEN %s AND %s AND NOT EXISTS (
                SELECT FROM customers_customer AS bin WHERE bin.id = base.customer_id AND bin.deleted_at IS NOT NULL))
        SELECT fact.began, greatest((CASE WHEN fact.is_customer THEN %s::date ELSE fact.left_on END) - fact.began, 0),
            NOT fact.is_customer
        FROM fact WHERE {within.sql} ORDER BY 1, 2, 3"""
    return Statement(sql, [today, period.first, period.last, today, *within.params]).rows()
