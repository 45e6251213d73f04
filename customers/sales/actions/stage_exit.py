"""Filling in what a stage asks for, in one step with going on from it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from crm import events
from customers.actions import contacts, tasks
from customers.sales.actions import buying_roles, opportunities
from customers.sales.models import BuyingRole, CriterionTick, ExitCriterion, Opportunity, Stage

FIELDS = ("amount", "expected_close", "contact", "product")
END_OF_WORK = time(17)


@transaction.atomic
def complete_and_move(
    opportunity: Opportunity,
    *,
    stage: Stage,
    said: dict[str, Any],
    by: Any,
    at: datetime,
    version: int | None = None,
    seen_in: Stage | None = None,
    overriding: str = "",
) -> Opportunity:
    """Write down what was said and move it; where something is still missing, nothing of it is kept.

    `said` may hold FIELDS, `role` (of the contact), `buyer` (a contact),
    `next_step` with `next_step_on`, and `ticks` (criteria).
    """
    changes = {name: said[name] for name in FIELDS if said.get(name) is not None}
    if changes:
        opportunity = opportunities.update(opportunity, changes, by=by, at=at, version=version)
        version = None  # what the mover had before them was still so
    if said.get("role") and opportunity.contact and opportunity.customer:
        contacts.link(opportunity.contact, customer=opportunity.customer, role=said["role"], by=by, at=at)
    if said.get("buyer"):
        buying_roles.note(opportunity, said["buyer"], role=BuyingRole.ECONOMIC, by=by, at=at)
    if said.get("next_step") and said.get("next_step_on"):
        tasks.create(
            title=said["next_step"], due_at=_end_of(said["next_step_on"]), customer=opportunity.customer,
            contact=opportunity.contact, about=opportunity, by=by, at=at,
        )  # fmt: skip
    for criterion in said.get("ticks", ()):
        tick(opportunity, criterion, by=by, at=at)
    return opportunities.move(
        opportunity, stage=stage, by=by, at=at, version=version, seen_in=seen_in, overriding=overriding
    )


@transaction.atomic
def tick(opportunity: Opportunity, criterion: ExitCriterion, *, by: Any, at: datetime) -> None:
    """Say that a criterion is met; saying it twice changes nothing."""
    _row, is_new = CriterionTick.objects.get_or_create(
        opportunity=opportunity, criterion=criterion, defaults={"by": by, "at": at}
    )
    if is_new:
        _tell("criterion_ticked", opportunity, criterion, by, at)


@transaction.atomic
def untick(opportunity: Opportunity, criterion: ExitCriterion, *, by: Any, at: datetime) -> None:
    removed, _rows = CriterionTick.objects.filter(opportunity=opportunity, criterion=criterion).delete()
    if removed:
        _tell("criterion_unticked", opportunity, criterion, by, at)


def _tell(verb: str, opportunity: Opportunity, criterion: ExitCriterion, by: Any, at: datetime) -> None:
    data = {"criterion": str(criterion)}
    events.record(f"opportunity.{verb}", opportunity, by=by, at=at, data=data, about=[opportunity.customer])


def _end_of(day: date) -> datetime:
    """A day as a moment that a task is due at, on the organisation's clock."""
    return datetime.combine(day, END_OF_WORK, ZoneInfo(settings.TIME_ZONE))
