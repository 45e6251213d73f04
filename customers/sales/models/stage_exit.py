"""Whether an opportunity may go on: the criteria of every open stage it leaves behind.

Going on from a stage to a later one, or to won, asks for the criteria of the stage it is in and of those it skips.
Going back, losing it, and reopening ask for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.access import fields
from crm.joining import clauses
from customers.models import CustomerContact, Task
from customers.sales.models.buying_role import BuyingRole
from customers.sales.models.exit_criterion import CriterionTick, ExitCriterion
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.pipeline import Stage

What = ExitCriterion.What


@dataclass(frozen=True)
class Item:
    """A line of the checklist."""

    criterion: ExitCriterion
    met: bool


class NotMet(ValidationError):
    """The move is refused until these are met; a manager may override it with a reason."""

    def __init__(self, stage: Stage, missing: list[ExitCriterion]) -> None:
        self.stage, self.missing = stage, missing
        told = clauses(missing)
        super().__init__(_("Before it goes on to “%(stage)s”: %(missing)s.") % {"stage": stage, "missing": told})


def stages_left(opportunity: Opportunity, target: Stage) -> list[Stage]:
    """The open stages that a move leaves behind, the one it is in first."""
    current = opportunity.stage
    if not current.is_open or target.is_lost or target.pk == current.pk:
        return []
    if target.pipeline_id != current.pipeline_id:
        return [current]
    stages = list(current.pipeline.stages.open().order_by("position", "pk"))
    places = {stage.pk: place for place, stage in enumerate(stages)}
    until = places.get(target.pk, len(stages))  # won comes after all that are open
    return stages[places[current.pk] : until]


@fields.uncovered  # that there is an amount may be known: only then does it go on
def checklist(opportunity: Opportunity, stages: Iterable[Stage], today: date, amount: Any = None) -> list[Item]:
    """The criteria of these stages and which are met; each kind is asked for once."""
    found = list(ExitCriterion.objects.filter(stage__in=list(stages)))
    asked: dict[Any, ExitCriterion] = {}
    for criterion in found:
        asked.setdefault(criterion.pk if criterion.what == What.MANUAL else criterion.what, criterion)
    criteria = list(asked.values())
    kinds = {criterion.what for criterion in criteria}
    ticked = _ticked(opportunity) if What.MANUAL in kinds else set()
    met = {
        What.AMOUNT: opportunity.amount is not None or amount is not None,
        What.CLOSE_DATE: opportunity.expected_close is not None and opportunity.expected_close >= today,
        What.CONTACT: opportunity.contact_id is not None,
        What.PRODUCT: opportunity.product_id is not None,
        What.ROLE: What.ROLE in kinds and _has_role(opportunity),
        What.BUYER: What.BUYER in kinds and opportunity.people.filter(role=BuyingRole.ECONOMIC).exists(),
        What.NEXT_STEP: What.NEXT_STEP in kinds and has_next_step(opportunity),
    }
    return [
        Item(criterion, criterion.pk in ticked if criterion.what == What.MANUAL else met[What(criterion.what)])
        for criterion in criteria
    ]


def missing(opportunity: Opportunity, target: Stage, today: date, amount: Any = None) -> list[ExitCriterion]:
    """What has to be done before the opportunity may go on to a stage."""
    left = stages_left(opportunity, target)
    return [item.criterion for item in checklist(opportunity, left, today, amount) if not item.met] if left else []


def next_stage(opportunity: Opportunity) -> Stage | None:
    """Where it goes on to: the next open stage, or won."""
    if not opportunity.is_open:
        return None
    stages = list(opportunity.pipeline.stages.open().order_by("position", "pk"))
    later = stages[[stage.pk for stage in stages].index(opportunity.stage_id) + 1 :]
    return later[0] if later else opportunity.pipeline.won_stage


def _ticked(opportunity: Opportunity) -> set[int]:
    return set(CriterionTick.objects.filter(opportunity=opportunity).values_list("criterion_id", flat=True))


def _has_role(opportunity: Opportunity) -> bool:
    links = CustomerContact.objects.filter(contact=opportunity.contact_id, customer=opportunity.customer_id)
    return bool(opportunity.contact_id) and links.exclude(role="").exists()


def has_next_step(opportunity: Opportunity) -> bool:
    return Task.objects.alive().open().about(opportunity).filter(due_at__isnull=False).exists()
