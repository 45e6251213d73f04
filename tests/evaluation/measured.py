"""What the tests of the numbers share: ask for one, as of a fixed day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crm.models import Team, User
from evaluation import engine
from evaluation.engine import COMPANY, Result, scopes
from evaluation.formulas import periods

# Long after everything the tests make: nothing is provisional unless a test says so.
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def scope(of: Any) -> engine.Scope:
    if isinstance(of, Team):
        return scopes.of_team(of)
    if isinstance(of, User):
        return scopes.of_person(of)
    return of or COMPANY


def measured(code: str, of: Any = None, period: str = "2026-Q2", *, as_of: Any = None, now: datetime = LATER) -> Result:
    return engine.value(code, scope(of), periods.parse(period), as_of, now=now)


def parts(code: str, dimension: str, period: str = "2026-Q2", **options: Any) -> dict[str | None, Any]:
    found = engine.by(code, dimension, periods.parse(period), now=LATER, **options)
    return {result.scope.name: result.value for result in found}


def records(code: str, of: Any = None, period: str = "2026-Q2", **options: Any) -> engine.Evidence:
    return engine.evidence(code, scope(of), periods.parse(period), now=LATER, **options)
