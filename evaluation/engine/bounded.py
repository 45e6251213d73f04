"""Numbers that nobody has measured before, computed while somebody waits: for so long and no longer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import OperationalError, connection, transaction

from evaluation.engine import measuring
from evaluation.engine.results import Result
from evaluation.engine.scopes import Scope
from evaluation.formulas.periods import Period
from evaluation.kpis.declaration import Kpi

Found = TypeVar("Found")
CANCELED = "57014"  # what PostgreSQL calls a statement that its time limit ended


def series(
    kpi: Kpi | str, scope: Scope, periods: Sequence[Period], *, now: datetime, milliseconds: int
) -> list[Result] | None:
    """As `measuring.series`; None where the database did not come to an end in time."""
    return within(milliseconds, lambda: measuring.series(kpi, scope, periods, now=now))


def by(
    kpi: Kpi | str, dimension: str, period: Period, scope: Scope, *, now: datetime, milliseconds: int
) -> list[Result] | None:
    """As `measuring.by`; None where the database did not come to an end in time."""
    return within(milliseconds, lambda: measuring.by(kpi, dimension, period, scope, now=now))


def within(milliseconds: int, ask: Callable[[], Found]) -> Found | None:
    """What `ask` finds; None where the database did not come to an end in time."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, TRUE)", [str(milliseconds)])
            found = ask()
            with connection.cursor() as cursor:  # within a transaction of the caller's the limit would go on
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
            return found
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == CANCELED:
            return None
        raise
