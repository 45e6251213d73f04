"""Measures what is watched and stores it: only what changed, and a final number never again."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from customers.models import Segment
from evaluation import engine, kpis
from evaluation.actions.kpis import sync_versions
from evaluation.engine import records, scopes, statements, stored, watched
from evaluation.engine.results import Result
from evaluation.engine.scopes import COMPANY, Scope
from evaluation.engine.watched import Watch
from evaluation.formulas import periods
from evaluation.formulas.periods import Period
from evaluation.kpis import Kpi
from evaluation.models import KpiVersion, MeasuredFact, Measurement

# What happened in a period may be written down some days late.
GRACE = timedelta(days=5)
TOGETHER = 20  # so many are measured before all of them are written

Job = tuple[Kpi, str, Period]  # a KPI, the dimension it is cut by, a period: one statement


def measure_current(*, now: datetime) -> int:
    """The periods that today lies in."""
    today = _today(now)
    return _measure([(watch, periods.containing(watch.period_kind, today)) for watch in watched.all_watches(now)], now)


def measure_last(*, now: datetime) -> int:
    """The periods before, and older ones that are still provisional, until they are final."""
    today = _today(now)
    jobs: dict[tuple[Watch, Period], None] = {}
    waiting = _provisional_before(today)
    for watch in watched.all_watches(now):
        for period in {periods.containing(watch.period_kind, today).previous(), *waiting[watch.period_kind]}:
            jobs[watch, period] = None
    return _measure(jobs, now)


def measure_period(*, period: Period, now: datetime) -> int:
    """One period of what is watched in periods of its kind: for history that was there before the measuring."""
    watches = watched.all_watches(now)
    return _measure([(watch, period) for watch in watches if watch.period_kind == period.kind], now)


def final_from(kpi: Kpi, period: Period) -> datetime:
    """When a number of a period is final: its cohorts are ripe, and the days of grace are over."""
    return period.bounds(statements.zone())[1] + max(GRACE, kpi.matures_after)


def _measure(wanted: Iterable[tuple[Watch, Period]], now: datetime) -> int:
    versions = sync_versions(at=now)
    jobs: dict[Job, dict[str, Scope]] = defaultdict(dict)
    for watch, period in wanted:
        jobs[watch.kpi, watch.scope.kind, period][watch.scope.stored_key] = watch.scope
    final = _final_keys(versions, jobs)
    todo: dict[Job, dict[str, Scope]] = {}
    for (kpi, kind, period), wanted_scopes in jobs.items():
        done = final[kpi.code, kind, period]
        if open_scopes := {key: scope for key, scope in wanted_scopes.items() if key not in done}:
            todo[kpi, kind, period] = open_scopes
    rest = list(todo.items())
    some = (dict(rest[start : start + TOGETHER]) for start in range(0, len(rest), TOGETHER))
    return sum(_measure_some(versions, jobs_of_it, now) for jobs_of_it in some)


@transaction.atomic
def _measure_some(versions: dict[str, KpiVersion], jobs: dict[Job, dict[str, Scope]], now: datetime) -> int:
    """One statement for each to measure all scopes of its dimension, and one to write what all of them found."""
    rows: list[dict[str, Any]] = []
    for (kpi, kind, period), wanted in jobs.items():
        final = now >= final_from(kpi, period)
        found = _results(kpi, kind, period, wanted, now)
        rows += [_row(versions[kpi.code], result, final) for result in found if result.scope.stored_key in wanted]
    written = _store(rows, at=now)
    done = {job: wanted for job, wanted in jobs.items() if now >= final_from(job[0], job[2])}
    for kpi, period in dict.fromkeys((kpi, period) for kpi, _, period in done):
        _keep_facts(versions[kpi.code], kpi, period, now)
    for (kpi, kind, period), wanted in done.items():
        if kind == scopes.SEGMENT_KIND:
            _keep_members(versions[kpi.code], period, wanted.values())
    return written


def _results(kpi: Kpi, kind: str, period: Period, wanted: dict[str, Scope], now: datetime) -> list[Result]:
    if kind == scopes.SEGMENT_KIND:  # they may share customers, so each is measured by itself
        return [engine.value(kpi, scope, period, now=now) for scope in wanted.values()]
    return engine.by(kpi, kind, period, now=now, complete=wanted.values())


def _store(rows: list[dict[str, Any]], at: datetime) -> int:
    """Write the rows that say something new; returns how many did. Always in one order: nobody waits in a circle."""
    rows.sort(key=lambda row: tuple(map(str, (row[name] for name in _KEY))))
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [at, json.dumps(rows)])
        return max(cursor.rowcount, 0)


def _row(version: KpiVersion, result: Result, final: bool) -> dict[str, Any]:
    interval, scope, period = result.interval, result.scope, result.period
    person, team = _whose(scope)
    return {
        "kpi_id": version.pk,
        "scope_kind": scope.kind,
        "scope_key": scope.stored_key,
        "person_id": person,
        "team_id": team,
        "period_kind": period.kind,
        "period_start": period.first.isoformat(),
        "period_end": period.last.isoformat(),
        "value": _float(result.value),
        "numerator": _float(result.numerator),
        "denominator": _float(result.denominator),
        "n": result.n,
        "interval_low": interval.low if interval else None,
        "interval_high": interval.high if interval else None,
        "interval_level": interval.level if interval else None,
        "interval_method": interval.method if interval else "",
        "currency": result.currency or "",
        "flags": list(result.flags),
        "state": Measurement.State.FINAL if final else Measurement.State.PROVISIONAL,
    }


def _whose(scope: Scope) -> tuple[Any, Any]:
    """Person and team the number is of, for access."""
    if scope.kind == scopes.SEGMENT_KIND:
        return scopes.whose(Segment.objects.select_related("owner__team").get(pk=scope.key))  # scoped: the system
    return (scope.key if scope.kind == "person" else None, scope.key if scope.kind == "team" else None)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


_KEY = {
    "kpi_id": "bigint", "scope_kind": "text", "scope_key": "text",
    "period_kind": "text", "period_start": "date", "period_end": "date",
}  # fmt: skip
_MEASURED = {
    "person_id": "bigint", "team_id": "bigint", "value": "float8", "numerator": "float8", "denominator": "float8",
    "n": "int", "interval_low": "float8", "interval_high": "float8", "interval_level": "float8",
    "interval_method": "text", "currency": "text", "flags": "varchar[]", "state": "text",
}  # fmt: skip
_COLUMNS = {**_KEY, **_MEASURED}


def _upsert() -> str:
    """Rows that say what is stored already are not touched at all: not even a lock is written."""
    columns, measured = ", ".join(_COLUMNS), list(_MEASURED)
    new = ", ".join(f"fresh.{name}" for name in measured)
    old = ", ".join(f"stored.{name}" for name in measured)
    same_key = " AND ".join(f"stored.{name} = fresh.{name}" for name in _KEY)
    return f"""INSERT INTO evaluation_measurement ({columns}, measured_at)
        SELECT {", ".join(f"fresh.{name}" for name in _COLUMNS)}, %s FROM (
            SELECT {", ".join(f"row.{name}" for name in _COLUMNS if name != "team_id")},
                coalesce(row.team_id, (SELECT team_id FROM crm_user WHERE id = row.person_id)) AS team_id
            FROM jsonb_to_recordset(%s::jsonb) AS row({", ".join(f"{n} {t}" for n, t in _COLUMNS.items())})
        ) AS fresh LEFT JOIN evaluation_measurement AS stored ON {same_key}
        WHERE stored.id IS NULL OR (stored.state <> 'final' AND ({old}) IS DISTINCT FROM ({new}))
        ON CONFLICT ON CONSTRAINT measurement_once DO UPDATE
        SET measured_at = excluded.measured_at, {", ".join(f"{name} = excluded.{name}" for name in measured)}
        WHERE evaluation_measurement.state <> 'final'"""


UPSERT = _upsert()


def _keep_facts(version: KpiVersion, kpi: Kpi, period: Period, now: datetime) -> None:
    """Note, once, the records the final numbers of a period were made of."""
    kept = {"kpi": version, "period_kind": period.kind, "period_start": period.first, "period_end": period.last}
    if MeasuredFact.objects.filter(**kept).exists():
        return
    facts = records.facts_of(kpi, [period], statements.View.of(None, now), COMPANY)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO evaluation_measuredfact (kpi_id, period_kind, period_start, period_end, record_kind,
                    record_id, label, at, counted, numerator, value, issue, fields, keys)
                SELECT %s, %s, %s, %s, kind, record, coalesce(label, ''), at, counted, num, val, issue, shown, keys
                FROM ({facts.sql}) AS fact""",
            [version.pk, period.kind, period.first, period.last, *facts.params],
        )


def _keep_members(version: KpiVersion, period: Period, wanted: Iterable[Scope]) -> None:
    """Note who belonged to each segment when its number became final: its records are theirs from then on."""
    of_period = {"period_kind": period.kind, "period_start": period.first, "period_end": period.last}
    for scope in wanted:
        kept = Measurement.objects.final().of_scope(scope.kind, scope.stored_key).get(kpi=version, **of_period)
        if scope.members is not None:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"""INSERT INTO evaluation_measuredmember (measurement_id, customer_number)
                        SELECT %s, member.id FROM ({scope.members.sql}) AS member(id) WHERE member.id IS NOT NULL""",
                    [kept.pk, *scope.members.params],
                )


def _final_keys(versions: dict[str, KpiVersion], jobs: Iterable[Job]) -> dict[tuple[str, str, Period], set[str]]:
    """The scopes whose numbers are final already, for the periods concerned. One query."""
    wanted = {period for _, _, period in jobs}
    rows = Measurement.objects.final().filter(
        kpi__in=[version.pk for version in versions.values()],
        period_start__in={period.first for period in wanted},
        period_end__in={period.last for period in wanted},
    )
    found: dict[tuple[str, str, Period], set[str]] = defaultdict(set)
    listed = rows.order_by().values_list(
        "kpi__code", "scope_kind", "scope_key", "period_start", "period_end", "period_kind"
    )
    for code, kind, key, first, last, period_kind in listed:
        found[code, kind, Period(first, last, period_kind)].add(key)
    return found


def _provisional_before(today: date) -> dict[str, set[Period]]:
    rows = Measurement.objects.filter(state=Measurement.State.PROVISIONAL, period_end__lt=today).order_by()
    found: dict[str, set[Period]] = defaultdict(set)
    for first, last, kind in rows.values_list("period_start", "period_end", "period_kind").distinct():
        found[kind].add(Period(first, last, kind))
    return found


def _today(now: datetime) -> date:
    return now.astimezone(statements.zone()).date()


def kpi_of(measurement: Measurement) -> Kpi:
    return kpis.get(measurement.kpi.code)


def scope_of(measurement: Measurement) -> Scope:
    scope = scopes.load(measurement.scope_kind, measurement.scope_key)
    return stored.with_members(scope, measurement) if scope.kind == scopes.SEGMENT_KIND else scope


def period_of(measurement: Measurement) -> Period:
    return Period(measurement.period_start, measurement.period_end, measurement.period_kind)
