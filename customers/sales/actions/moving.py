"""Opportunities on their way through the stages: moved, won, lost, reopened."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm import events
from crm.actions import records
from crm.models import StaleVersion
from customers.actions import next_steps
from customers.sales.actions import closed, ranks, stage_changes
from customers.sales.models import LostReason, Opportunity, Pipeline, Stage, StageChange, closed_amounts, stage_exit
from customers.sales.models.forecast_period import local_day


@transaction.atomic
def move(
    opportunity: Opportunity,
    *,
    stage: Stage,
    by: Any,
    at: datetime,
    lost_reason: LostReason | None = None,
    amount: Decimal | None = None,
    previous: Opportunity | None = None,
    following: Opportunity | None = None,
    version: int | None = None,
    seen_in: Stage | None = None,
    overriding: str = "",
) -> Opportunity:
    """Put it into a stage, between two cards or on top. Into its own stage only changes its place there.

    Lost needs a reason, won an amount, and going on what the stages left behind ask for (NotMet), unless a manager is
    `overriding` that with a reason. `version` is what the mover had before them: when it has grown and the
    opportunity is no longer in `seen_in`, somebody else moved it meanwhile and the move is refused.
    """
    beside = ("stage__pipeline", "pipeline", "customer", "owner", "team")  # what a stage change holds, or asks for
    rows = Opportunity._base_manager.select_for_update(of=("self",)).select_related(*beside)
    locked = rows.get(pk=opportunity.pk)
    if version is not None and version != locked.version and (seen_in is None or locked.stage_id != seen_in.pk):
        raise StaleVersion(locked, ["stage"])
    if stage.pk == locked.stage_id:
        if previous is None and following is None:
            return locked
        locked.rank = ranks.beside(stage, previous, following)
        Opportunity._base_manager.filter(pk=locked.pk).update(rank=locked.rank)
        return locked
    closed_amounts.refuse_writing(by, locked.amount, locked.amount if amount is None else amount)
    if not stage.is_open and amount is not None:
        closed.refuse(locked, closed.touched(locked, {"amount": amount}), by=by, reason=overriding)
    left, unmet = locked.pipeline_id, stage_exit.missing(locked, stage, local_day(at), amount)
    if unmet and not overriding.strip():
        raise stage_exit.NotMet(stage, unmet)
    refuse_another_amount(locked, locked.amount if amount is None else amount)
    changes = values_in(locked, stage, lost_reason, amount, at)
    changes["rank"] = ranks.beside(stage, previous, following)
    if unmet:
        data = {
            "stage": [records.as_json(locked.stage), records.as_json(stage)],
            "missing": [str(criterion) for criterion in unmet],
            "reason": overriding.strip(),
        }
        events.record("opportunity.criteria_overridden", locked, by=by, at=at, data=data, about=[locked.customer])
    moved = _store_move(locked, changes, by=by, at=at)
    if stage.pipeline_id != left:
        next_steps.require(moved, by=by, at=at, overriding=overriding)
    return moved


def win(opportunity: Opportunity, *, by: Any, at: datetime, amount: Decimal | None = None, **how: Any) -> Opportunity:
    """It was sold, for `amount` where that was not known yet."""
    return move(opportunity, stage=_stage_of(opportunity, "won"), amount=amount, by=by, at=at, **how)


def lose(opportunity: Opportunity, *, reason: LostReason | None, by: Any, at: datetime, **how: Any) -> Opportunity:
    """It will not be sold, and why."""
    return move(opportunity, stage=_stage_of(opportunity, "lost"), lost_reason=reason, by=by, at=at, **how)


def reopen(opportunity: Opportunity, *, by: Any, at: datetime, stage: Stage | None = None) -> Opportunity:
    """Take a closing back: into `stage`, or the open one it was closed from. One that is open stays where it is."""
    if opportunity.is_open:
        return opportunity
    closing = StageChange.objects.filter(opportunity=opportunity).entries().order_by("at", "pk").last()
    left = closing.from_stage if closing else None
    target = stage or (left if left and left.is_open else first_stage(opportunity.pipeline))
    return move(opportunity, stage=target, by=by, at=at)


def values_in(
    opportunity: Opportunity, stage: Stage, reason: LostReason | None, amount: Decimal | None, at: datetime
) -> dict[str, Any]:
    """What entering `stage` makes of the opportunity, or the refusal that says what is missing."""
    values: dict[str, Any] = {"amount": opportunity.amount if amount is None else amount}
    if stage.is_lost and reason is None:
        raise ValidationError({"lost_reason": _("Say why it was lost.")})
    if stage.is_won and values["amount"] is None:
        raise ValidationError({"amount": _("Say what it was sold for before marking it as won.")})
    moment = max(at, opportunity.stage_since)
    return values | {
        "stage": stage,
        "pipeline": stage.pipeline,
        "stage_since": moment,
        "closed_at": None if stage.is_open else moment,
        "probability": None,
        "forecast_category": "",
        "lost_reason": reason if stage.is_lost else None,
    }


def refuse_another_amount(opportunity: Opportunity, amount: Decimal | None, currency: str | None = None) -> None:
    """Where there are product lines, the amount is their sum, in the currency of their prices."""
    another = amount != opportunity.amount
    if (another or currency not in (None, opportunity.currency)) and opportunity.lines.exists():
        field = "amount" if another else "currency"
        raise ValidationError({field: _("It follows the product lines: change those.")})


def _store_move(opportunity: Opportunity, changes: dict[str, Any], *, by: Any, at: datetime) -> Opportunity:
    before = opportunity.stage
    for name, value in changes.items():
        setattr(opportunity, name, value)
    opportunity.version += 1
    opportunity.updated_at = at
    opportunity.full_clean()
    row = stage_changes.append(opportunity, before, by=by, at=at)
    # The row may have to stand after a later one: the opportunity says the same moment.
    opportunity.stage_since = row.at
    opportunity.closed_at = None if opportunity.is_open else row.at
    opportunity.save()
    events.record(
        f"opportunity.{_verb(before, opportunity.stage)}",
        opportunity,
        by=by,
        at=at,
        data=_told(opportunity, before),
        about=[opportunity.customer],
    )
    return opportunity


def _told(opportunity: Opportunity, before: Stage) -> dict[str, Any]:
    told = {
        "stage": [records.as_json(before), records.as_json(opportunity.stage)],
        "amount": records.as_json(opportunity.amount),
        "currency": opportunity.currency,
    }
    if opportunity.lost_reason:
        told["lost_reason"] = records.as_json(opportunity.lost_reason)
    return told


def _verb(before: Stage, after: Stage) -> str:
    if after.is_won:
        return "won"
    if after.is_lost:
        return "lost"
    return "moved" if before.is_open else "reopened"


def first_stage(pipeline: Pipeline | None) -> Stage:
    pipeline = pipeline or Pipeline.objects.active().order_by("position", "pk").first()
    stage = pipeline.first_stage if pipeline else None
    if stage is None:
        sentence = _("There is no pipeline with an open stage yet. An administrator adds one.")
        raise ValidationError({"pipeline": sentence})
    return stage


def _stage_of(opportunity: Opportunity, outcome: str) -> Stage:
    stage = opportunity.pipeline.won_stage if outcome == "won" else opportunity.pipeline.lost_stage
    if stage is None:
        raise ValidationError(_("This pipeline has no such stage. An administrator adds it."))
    return stage
