"""Numbers as they were measured and stored: what dashboards read instead of computing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crm.models import User
from evaluation import kpis
from evaluation.engine.results import Interval, Result
from evaluation.engine.scopes import COMPANY_KIND, SEGMENT_KIND, Scope, Within
from evaluation.formulas.periods import Period
from evaluation.kpis import Kpi
from evaluation.models import Measurement, closed

# Whom a final number of a segment is about; of who was merged since, the customer that stayed.
MEMBERS = """SELECT coalesce(today.merged_into_id, kept.customer_number) FROM evaluation_measuredmember AS kept
    LEFT JOIN customers_customer AS today ON today.id = kept.customer_number WHERE kept.measurement_id = %s"""
NOT_MEASURED = "not_measured"


@dataclass(frozen=True)
class Course:
    """A KPI's stored results, one for each period asked for, the oldest first."""

    kpi: Kpi
    results: list[Result]
    measured_at: datetime | None  # of the last period; None where it was not measured
    measured: int  # of the periods asked for

    @property
    def latest(self) -> Result:
        return self.results[-1]

    @property
    def is_measured(self) -> bool:
        return self.measured_at is not None


def scope_of(record: Any) -> Scope:
    """The scope of a goal or measurement, by the name kept with it if any; no query."""
    key: Any = record.scope_key or None
    if key and record.scope_kind not in (COMPANY_KIND, "channel"):
        key = int(key)
    name = getattr(record, "scope_name", "") or (COMPANY_KIND if record.scope_kind == COMPANY_KIND else None)
    return Scope(record.scope_kind, key, name)


def as_measured(kpi: Kpi, scope: Scope, period: Period) -> Scope:
    """A segment with those who belonged to it when its number of the period became final; else as it is."""
    if scope.kind != SEGMENT_KIND:
        return scope
    final = Measurement.objects.of_kpi(kpi.code).of_scope(scope.kind, scope.stored_key).final()  # scoped: was asked for
    rows = final.filter(period_kind=period.kind, period_start=period.first, period_end=period.last)
    found = rows.order_by("-kpi__valid_from", "-kpi_id").first()
    return with_members(scope, found) if found else scope


def with_members(scope: Scope, final: Measurement) -> Scope:
    return replace(scope, members=Within(int(final.scope_key), scope.name or "", MEMBERS, (final.pk,)))


def courses(
    scope: Scope, wanted: Sequence[Period], user: User | None = None, codes: Iterable[str] | None = None
) -> dict[str, Course]:
    """The course of every KPI that is measured for a scope, by code; one query. `user` None is the system."""
    return courses_of([scope], wanted, user, codes)[scope.kind, scope.stored_key]


def courses_of(
    scopes: Sequence[Scope], wanted: Sequence[Period], user: User | None = None, codes: Iterable[str] | None = None
) -> dict[tuple[str, str], dict[str, Course]]:
    """The same for several scopes, still in one query. Every scope asked for is in the answer."""
    rows = Measurement.objects.filter(
        scope_kind__in={scope.kind for scope in scopes},
        scope_key__in={scope.stored_key for scope in scopes},
        period_kind=wanted[-1].kind,
        period_start__gte=wanted[0].first,
        period_start__lte=wanted[-1].first,
    )
    if user is not None:
        rows = rows.visible_to(user)
    if codes is not None:
        rows = rows.filter(kpi__code__in=list(codes))
    found: dict[tuple[str, str], dict[str, dict[Any, Measurement]]] = defaultdict(lambda: defaultdict(dict))
    # Where a period was measured by two definitions, the later one counts.
    for row in rows.select_related("kpi").order_by("kpi__valid_from", "kpi_id"):
        found[row.scope_kind, row.scope_key][row.kpi.code][row.period_start] = row
    known = {kpi.code for kpi in kpis.all_kpis()}
    return {
        (scope.kind, scope.stored_key): {
            code: _course(kpis.get(code), scope, wanted, by_start)
            for code, by_start in found[scope.kind, scope.stored_key].items()
            if code in known
        }
        for scope in scopes
    }


def _course(kpi: Kpi, scope: Scope, wanted: Sequence[Period], by_start: dict[Any, Measurement]) -> Course:
    rows = [by_start.get(period.first) for period in wanted]
    results = [
        as_result(row, scope, period, kpi) if row else not_measured(kpi, scope, period)
        for row, period in zip(rows, wanted, strict=True)
    ]
    return Course(kpi, results, rows[-1].measured_at if rows[-1] else None, len(by_start))


def as_result(row: Measurement, scope: Scope, period: Period, kpi: Kpi) -> Result:
    if closed.is_closed(kpi):
        return Result(kpi, scope, period, None, None, None, 0, None, (closed.CLOSED,))
    interval = None
    if row.interval_low is not None and row.interval_high is not None:
        interval = Interval(row.interval_low, row.interval_high, row.interval_level or 0.0, row.interval_method)
    return Result(
        kpi, scope, period, row.value, row.numerator, row.denominator, row.n, interval, tuple(row.flags),
        row.currency or None,
    )  # fmt: skip


def not_measured(kpi: Kpi, scope: Scope, period: Period) -> Result:
    return Result(kpi, scope, period, None, None, None, 0, None, (NOT_MEASURED,))
