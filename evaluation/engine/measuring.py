"""The three questions about numbers: one, one for each of a dimension, one for each period. One statement each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.conf import settings

from evaluation import kpis
from evaluation.engine import results, scopes, statements
from evaluation.engine.results import Result, Totals
from evaluation.engine.scopes import COMPANY, Scope
from evaluation.engine.statements import View
from evaluation.formulas.periods import Period
from evaluation.kpis.declaration import Kpi

AsOf = datetime | date | None
NOTHING = Totals(0)


def value(kpi: Kpi | str, scope: Scope, period: Period, as_of: AsOf = None, *, now: datetime) -> Result:
    """The KPI's number for a scope and period, as it stood at `as_of` (a moment, or the end of a day), or stands.

    `now` decides what is still provisional; callers that have a clock pass it.
    """
    return series(kpi, scope, [period], as_of, now=now)[0]


def series(
    kpi: Kpi | str, scope: Scope, periods: Sequence[Period], as_of: AsOf = None, *, now: datetime
) -> list[Result]:
    """One result for each period, in their order."""
    kpi, view = declared(kpi), View.of(as_of, now)
    scopes.check(kpi, scope.kind)
    if not periods:
        return []
    rows = statements.measure(kpi, periods, view, scope).rows()
    found = {row[0]: statements.read(kpi, row[3:]) for row in rows}
    return [_result(kpi, scope, period, found.get(no, NOTHING), view) for no, period in enumerate(periods)]


def by(
    kpi: Kpi | str,
    dimension: str,
    period: Period,
    scope: Scope = COMPANY,
    as_of: AsOf = None,
    *,
    now: datetime,
    complete: Iterable[Scope] = (),
) -> list[Result]:
    """One result for each key of the dimension that has records, by name; teams include those below.

    Records credited to nobody come with the key None. `complete` adds scopes that have no records.
    """
    kpi, view = declared(kpi), View.of(as_of, now)
    scopes.check(kpi, scope.kind)
    if dimension == scopes.COMPANY_KIND:
        return [value(kpi, scope, period, as_of, now=view.seen)]
    scopes.check_cut(kpi, dimension)
    rows = statements.measure(kpi, [period], view, scope, dimension).rows()
    narrowing = scope.within or scope.members  # a team's part of a segment is the team, narrowed to the segment
    found = [
        _result(kpi, Scope(dimension, key, name, narrowing), period, statements.read(kpi, tuple(sums)), view)
        for _, key, name, *sums in rows
    ]
    known = {result.scope.key for result in found}
    missing = [other for other in complete if other.key not in known]
    return [*found, *(_result(kpi, other, period, NOTHING, view) for other in missing)]


def declared(kpi: Kpi | str) -> Kpi:
    return kpis.get(kpi) if isinstance(kpi, str) else kpi


def _result(kpi: Kpi, scope: Scope, period: Period, totals: Totals, view: View) -> Result:
    complete = period.is_complete(view.seen, statements.zone())
    result = results.make(kpi, scope, period, totals, complete=complete, currency=settings.CURRENCY)
    if view.known is None or not kpi.flag_as_of:
        return result
    return replace(result, flags=(*result.flags, kpi.flag_as_of))
