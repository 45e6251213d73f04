"""The very records a number is made of, as far as the reader may see them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from crm.access import kinds
from crm.models import User
from evaluation.engine import scopes, statements
from evaluation.engine.measuring import AsOf, declared
from evaluation.engine.results import as_json
from evaluation.engine.scopes import Scope
from evaluation.engine.statements import Statement, View
from evaluation.formulas.periods import Period
from evaluation.kpis.declaration import Aggregation, Kpi
from evaluation.models import closed


@dataclass(frozen=True)
class EvidenceRow:
    """One record: whether it counts, as what, why not, and the field values that were used."""

    kind: str
    id: int
    label: str
    at: datetime
    counted: bool
    numerator: int | None  # of ratios: what it adds to the numerator; every counted row adds 1 to the denominator
    value: float | Decimal | None  # of sums and medians
    issue: str | None
    fields: dict[str, Any]
    keys: dict[str, int | str | None]  # person, team … that it is credited to

    @property
    def url(self) -> str | None:
        return kinds.get(self.kind).url_for(self.id)

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "id": self.id,
            "label": self.label,
            "at": self.at.isoformat(),
            "counted": self.counted,
            "numerator": self.numerator,
            "value": as_json(self.value),
            "issue": self.issue,
            "fields": {name: as_json(value) for name, value in self.fields.items()},
        }


@dataclass(frozen=True)
class Evidence:
    rows: list[EvidenceRow]
    total: int  # records behind the number, those left out for an issue included
    hidden: int  # how many of them the reader may not see

    @property
    def is_cut(self) -> bool:
        return len(self.rows) < self.total - self.hidden


def evidence(
    kpi: Kpi | str,
    scope: Scope,
    period: Period,
    user: User | None = None,
    limit: int | None = None,
    as_of: AsOf = None,
    *,
    now: datetime,
) -> Evidence:
    """The records of numerator and denominator, the latest first; `user` None is the system and sees all."""
    kpi, view = declared(kpi), View.of(as_of, now)
    scopes.check(kpi, scope.kind)
    facts = facts_of(kpi, [period], view, scope)
    seen = visibility(kpi, user)
    sql = f"""WITH judged AS MATERIALIZED (SELECT fact.*, {seen.sql} AS visible FROM ({facts.sql}) AS fact),
        listed AS (SELECT {_COLUMNS} FROM judged WHERE visible ORDER BY at DESC, record DESC, kind LIMIT %s)
        SELECT totals.*, listed.* FROM (
            SELECT count(*) AS total, count(*) FILTER (WHERE NOT visible) AS hidden FROM judged) AS totals
        LEFT JOIN listed ON TRUE ORDER BY at DESC, record DESC, kind"""
    rows = Statement(sql, [*seen.params, *facts.params, limit]).rows()
    return Evidence([_row(row[2:]) for row in rows if row[2] is not None], rows[0][0], rows[0][1])


def facts_of(kpi: Kpi, periods: list[Period], view: View, scope: Scope) -> Statement:
    """Every fact with everything that is known of it."""
    facts, is_count = kpi.facts, kpi.aggregation == Aggregation.COUNT
    columns = {
        "kind": facts.kind_sql(),
        "record": facts.record,
        "label": facts.label,
        "at": facts.moment,
        "num": facts.numerator if kpi.has_denominator else "NULL::int",
        "val": "NULL::float8" if is_count or kpi.has_denominator else facts.value,
        "weight": facts.weight or "1",
        "issue": facts.issue,
        "shown": _json_object(dict(facts.shown)),
        "keys": _json_object(dict(facts.dimensions)),
        "counted": statements.value_columns(kpi)["counted"],
    }
    columns |= statements.scope_columns(kpi, scope)
    within = statements.scope_sql(kpi, scope)
    parts, params = [], []
    for number, period in enumerate(periods):
        given = statements.period_sql(number, period, view)
        parts.append(f"""SELECT period.no, fact.*
            FROM {given.sql}, {statements.facts_sql(facts, columns, view)} WHERE {within.sql}""")
        params += [*given.params, *within.params]
    return Statement(" UNION ALL ".join(parts), params)


def visibility(kpi: Kpi, user: User | None, *, with_restorable: bool = False) -> Statement:
    """The condition, over `fact`, that the person may see the record, or take it out of the bin."""
    if user is None:
        return Statement("TRUE", [])
    parts, params = [], []
    for kind in kpi.facts.kinds:
        model: Any = kinds.get(kind).model
        reached = [model.objects.visible_to(user)]
        if with_restorable:
            reached.append(model.objects.restorable_by(user))
        for rows in reached:
            query = rows.order_by().values("pk").query
            if not query.is_empty():
                sql, given = query.sql_with_params()
                parts.append(f"(fact.kind = '{kind}' AND fact.record IN ({sql}))")
                params += given
    return Statement(f"({' OR '.join(parts)})" if parts else "FALSE", params)


def in_bin(kpi: Kpi) -> str:
    """The condition, over `fact`, that the record is in the bin."""
    models: dict[str, Any] = {kind: kinds.get(kind).model for kind in kpi.facts.kinds}
    parts = [
        f"(fact.kind = '{kind}' AND EXISTS (SELECT FROM {model._meta.db_table} AS bin WHERE bin.id = fact.record "
        "AND bin.deleted_at IS NOT NULL))"
        for kind, model in models.items()
    ]
    return f"({' OR '.join(parts)})"


_COLUMNS = "kind, record, label, at, counted, num, val, issue, shown, keys"


def _json_object(values: dict[str, str]) -> str:
    pairs = ", ".join(f"'{name}', {path}" for name, path in values.items())
    return f"jsonb_build_object({pairs})"


def _row(row: tuple[Any, ...]) -> EvidenceRow:
    kind, record, label, at, counted, numerator, value, issue, shown, keys = row
    used = closed.shown(loaded(shown))
    return EvidenceRow(kind, record, label, at, counted, numerator, value, issue, used, loaded(keys))


def loaded(value: Any) -> Any:
    return json.loads(value, parse_float=Decimal) if isinstance(value, str) else value
