"""Goals, through the action that sets them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from evaluation.actions import goals
from evaluation.engine import COMPANY, Scope, scopes
from evaluation.models import Goal

NOW = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)


def a_goal(of: Any = None, *, by: Any = None, at: datetime = NOW, **terms: Any) -> Goal:
    """A goal for a team, a person, or the company: at least 50 % of opportunities won, every month, unless said."""
    known: dict[str, Any] = {
        "kpi_code": "win_rate", "period_kind": "month", "target_kind": "at_least", "target": 0.5, **terms,
    }  # fmt: skip
    return goals.set_goal(scope=scope_of(of), by=by, at=at, **known)


def scope_of(of: Any) -> Scope:
    if of is None:
        return COMPANY
    if isinstance(of, Scope):
        return of
    return scopes.of_person(of) if hasattr(of, "email") else scopes.of_team(of)
