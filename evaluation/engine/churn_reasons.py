"""Why customers left: those a churn rate counts as lost, by the reason that had to be said when they did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from evaluation.engine import records, scopes
from evaluation.engine.measuring import declared
from evaluation.engine.scopes import Scope
from evaluation.engine.statements import Statement, View, zone
from evaluation.formulas.periods import Period
from evaluation.kpis.contracts import GRACE, in_force
from evaluation.kpis.declaration import Kpi
from evaluation.kpis.rows import rate_on

CODES = ("churn_rate", "at_risk_churn_rate")  # whose numerator is customers lost


@dataclass(frozen=True)
class Reason:
    """`monthly` is what they brought in a month, in the organisation's currency at the rate of the day they left;
    `cumulative` the share of the customers lost for this reason and the more frequent ones."""

    name: str | None  # None where no reason is found any more
    customers: int
    monthly: Decimal
    share: float
    cumulative: float


# The last contract of the customer that ended. Of the at-risk rate it may have ended in the days of grace.
_WHY = f"""LEFT JOIN LATERAL (
            SELECT moved.churn_reason_id, moved.before * {rate_on("contract.currency", "moved.counts_from")} AS monthly
            FROM sales_contractmovement AS moved JOIN sales_contract AS contract ON contract.id = moved.contract_id
            WHERE contract.customer_id = gone.record AND moved.type = 'churn' AND {in_force("moved")}
                AND moved.counts_from <= (period.ends AT TIME ZONE period.zone)::date + {GRACE.days}
            ORDER BY moved.counts_from DESC, moved.id DESC LIMIT 1) AS why ON TRUE"""


def reasons(kpi: Kpi | str, scope: Scope, period: Period, *, now: datetime) -> list[Reason]:
    """A Pareto list, the most frequent first; one statement."""
    kpi = declared(kpi)
    if kpi.code not in CODES:
        raise scopes.ScopeError(f"{kpi.code} is not split by reason; these are: {', '.join(CODES)}.")
    scopes.check(kpi, scope.kind)
    facts = records.facts_of(kpi, [period], View.of(None, now), scope)
    sql = f"""SELECT reason.name, count(*), coalesce(sum(why.monthly), 0) FROM ({facts.sql}) AS gone
        CROSS JOIN (VALUES (%s::timestamptz, %s::text, %s::text)) AS period(ends, zone, currency)
        {_WHY} LEFT JOIN sales_churnreason AS reason ON reason.id = why.churn_reason_id
        WHERE gone.counted AND gone.num = 1
        GROUP BY reason.id, reason.name ORDER BY 2 DESC, 3 DESC, 1"""
    given = [period.bounds(zone())[1], settings.TIME_ZONE, settings.CURRENCY]
    return _pareto(Statement(sql, [*facts.params, *given]).rows())


def _pareto(rows: Iterable[tuple[Any, ...]]) -> list[Reason]:
    rows = list(rows)
    whole, upto, found = sum(row[1] for row in rows), 0, []
    for name, customers, monthly in rows:
        upto += customers
        found.append(Reason(name, customers, monthly, customers / whole, upto / whole))
    return found
