"""Which customers have a KPI's value of their own within bounds: a condition of a queryset, in one statement.

It is the declaration that every other number is made from, with the customer as what it is cut by, whether or not it
can be cut so for a goal. Only of kinds of arithmetic whose value one group of records has by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models.expressions import RawSQL

from evaluation.engine import records, statements
from evaluation.engine.measuring import declared
from evaluation.engine.statements import View
from evaluation.formulas.periods import Period, parse
from evaluation.kpis.declaration import Aggregation, Kpi

WINDOW = timedelta(days=365)

COUNTED = "FILTER (WHERE fact.counted)"
VALUES = {
    Aggregation.SUM: f"sum(fact.val) {COUNTED}",
    Aggregation.RATIO: f"sum(fact.num) {COUNTED}::float8 / nullif(count(*) {COUNTED}, 0)",
    Aggregation.MEDIAN: f"percentile_cont(0.5) WITHIN GROUP (ORDER BY fact.val) {COUNTED}",
}


def latest(now: datetime) -> Period:
    """The year until today, today included."""
    today = now.astimezone(statements.zone()).date()
    return parse(f"{today - WINDOW + timedelta(days=1)}..{today}")


def between(kpi: Kpi | str, low: Any, high: Any, user: Any, now: datetime) -> RawSQL:
    """Of the records that the person may see: `pk__in=` for customers. Where nothing counts there is no value."""
    kpi = declared(kpi)
    given = statements.period_sql(0, latest(now), View.of(None, now))
    facts = kpi.facts
    columns = statements.value_columns(kpi) | {
        "member": facts.customer,
        "kind": facts.kind_sql(),
        "record": facts.record,
    }
    seen = records.visibility(kpi, user)
    bounds = [(sign, end) for sign, end in ((">=", low), ("<=", high)) if end is not None]
    having = " AND ".join(f"{VALUES[kpi.aggregation]} {sign} %s" for sign, _end in bounds)
    sql = f"""SELECT fact.member
        FROM {given.sql}, {statements.facts_sql(facts, columns, View.of(None, now))}
        WHERE fact.member IS NOT NULL AND {seen.sql} GROUP BY fact.member HAVING {having}"""
    return RawSQL(sql, [*given.params, *seen.params, *(end for _sign, end in bounds)])
