"""Pipelines in which every open opportunity has a next step with a date: see customers/actions/next_steps.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm import events
from crm.access.permissions import Verb
from customers.actions import next_steps
from customers.sales.models import Opportunity
from customers.sales.models.stage_exit import has_next_step

OVERRIDE = "criteria_override"  # the permission that exceptions from criteria need too


def asks(pk: int) -> bool:
    return _asking(pk).exists()


def left_without(pk: int) -> Opportunity | None:
    """Held until the transaction ends, so that of two who finish its last two steps at once the second is asked."""
    found = _asking(pk).select_for_update(of=("self",)).first()
    return found if found is not None and not has_next_step(found) else None


def may_override(user: Any) -> bool:
    return bool(user.access.may(OVERRIDE, Verb.EDIT))


def override(opportunity: Opportunity, *, reason: str, by: Any, at: datetime) -> None:
    data, about = {"reason": reason}, [opportunity.customer]
    events.record("opportunity.next_step_overridden", opportunity, by=by, at=at, data=data, about=about)


def register() -> None:
    next_steps.register(Opportunity.kind, next_steps.Asking(asks, left_without, may_override, override))


def _asking(pk: int) -> Any:
    # Whoever writes about it may see it; whether it asks does not depend on who they are.
    return Opportunity._base_manager.filter(
        pk=pk, deleted_at=None, closed_at=None, pipeline__asks_next_step=True
    ).order_by()
