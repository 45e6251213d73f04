"""What a final number would be today, and the records by which it differs. The number itself stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.models import User
from evaluation import engine
from evaluation.actions import measurements
from evaluation.engine import records, scopes, statements
from evaluation.engine.results import Result
from evaluation.engine.scopes import Scope
from evaluation.engine.statements import Statement
from evaluation.kpis import Kpi
from evaluation.models import Measurement


@dataclass(frozen=True)
class Moved:
    """One record that counts otherwise now; `before` or `after` is None where it was or is not there."""

    kind: str
    id: int
    label: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    is_deleted: bool = False  # in the bin since


@dataclass(frozen=True)
class Restatement:
    measurement: Measurement
    result: Result  # as it would be measured now
    moved: list[Moved]
    hidden: int  # records that moved it and that the reader may not see
    deleted: int  # records in the bin, where only those who may restore them see which

    @property
    def differs(self) -> bool:
        now = None if self.result.value is None else float(self.result.value)
        return (now, self.result.n) != (self.measurement.value, self.measurement.n)


def restated(measurement: Measurement, *, now: datetime, user: User | None = None) -> Restatement | None:
    """How a final measurement differs from the records of today; None where it does not."""
    if not measurement.is_final or not _is_kept(measurement):
        return None
    kpi, scope, period = (
        measurements.kpi_of(measurement),
        measurements.scope_of(measurement),
        measurements.period_of(measurement),
    )
    result = engine.value(kpi, scope, period, now=now)
    restatement = Restatement(measurement, result, *_moved(measurement, scope, now, user))
    is_news = restatement.differs or restatement.moved or restatement.hidden or restatement.deleted
    return restatement if is_news else None


def _is_kept(measurement: Measurement) -> bool:
    """Of a segment: whether what was kept of each record says whose customer's it was."""
    kpi = measurements.kpi_of(measurement)
    if measurement.scope_kind != scopes.SEGMENT_KIND:
        return True
    return "customer" in kpi.dimensions or kpi.facts.kinds == ("customer",)


def _moved(measurement: Measurement, scope: Scope, now: datetime, user: User | None) -> tuple[list[Moved], int, int]:
    """Compare, record by record, what was kept when the number became final with what is there now."""
    kpi, period = measurements.kpi_of(measurement), measurements.period_of(measurement)
    facts = records.facts_of(kpi, [period], statements.View.of(None, now), scope)
    seen, binned = records.visibility(kpi, user, with_restorable=True), records.in_bin(kpi)
    within = _kept_scope(kpi, scope)
    kept_state, now_state = _state("numerator", "value", "fields"), _state("num", "val", "shown")
    sql = f"""WITH kept AS (
            SELECT record_kind AS kind, record_id AS record, label, {kept_state} AS state,
                row_number() OVER (PARTITION BY record_kind, record_id ORDER BY at, keys) AS nth
            FROM evaluation_measuredfact AS fact WHERE kpi_id = %s AND period_kind = %s AND period_start = %s
                AND period_end = %s AND {within.sql}),
        current AS (
            SELECT kind, record, label, {now_state} AS state,
                row_number() OVER (PARTITION BY kind, record ORDER BY at, keys) AS nth
            FROM ({facts.sql}) AS fact),
        fact AS (
            SELECT coalesce(current.kind, kept.kind) AS kind, coalesce(current.record, kept.record) AS record,
                coalesce(current.label, kept.label) AS label, kept.state AS before, current.state AS after
            FROM kept FULL JOIN current USING (kind, record, nth)
            WHERE kept.state - 'fields' IS DISTINCT FROM current.state - 'fields')
        SELECT kind, record, label, before, after, {binned}, {seen.sql} FROM fact ORDER BY kind, record"""
    params = [
        measurement.kpi_id, period.kind, period.first, period.last, *within.params, *facts.params, *seen.params,
    ]  # fmt: skip
    rows = Statement(sql, params).rows()
    shown = [
        Moved(kind, record, label, records.loaded(before), records.loaded(after), is_deleted)
        for kind, record, label, before, after, is_deleted, visible in rows
        if visible
    ]
    unseen = [is_deleted for *_, is_deleted, visible in rows if not visible]
    return shown, unseen.count(False), unseen.count(True)


def _state(numerator: str, value: str, fields: str) -> str:
    return f"""jsonb_build_object('counted', counted, 'numerator', {numerator}, 'value', {value}::float8,
            'issue', issue, 'fields', {fields})"""


def _kept_scope(kpi: Kpi, scope: Scope) -> Statement:
    if scope.is_company:
        return Statement("TRUE", [])
    if scope.members is not None:
        customer = "(fact.keys ->> 'customer')::bigint" if "customer" in kpi.dimensions else "fact.record_id"
        return Statement(f"{customer} IN ({scope.members.sql})", list(scope.members.params))
    key = f"fact.keys ->> '{scope.kind}'"
    if scope.kind == "team":
        below = "SELECT id::text FROM crm_team WHERE path @> ARRAY[%s::bigint]"
        return Statement(f"{key} IN ({below})", [scope.key])
    return Statement(f"{key} = %s", [str(scope.key)])
