"""What is done with opportunities. Every change of what a StageChange holds adds one, in the same transaction.

How they move through the stages lives beside it (`moving`), and is named here too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.actions import journal, mentions, records
from crm.models import StaleVersion, Team, User
from crm.purging import purging
from customers.actions import next_steps, tasks
from customers.actions.activities import NextStep
from customers.models import Customer
from customers.sales.actions import closed, moving, ranks, stage_changes
from customers.sales.actions.moving import lose, move, reopen, win
from customers.sales.actions.stage_changes import PastChange
from customers.sales.models import (
    CAPTURED,
    LostReason,
    Opportunity,
    Order,
    Pipeline,
    Stage,
    StageChange,
    closed_amounts,
)
from customers.sales.models.opportunity import is_push

__all__ = [
    "delete",
    "hand_over",
    "hand_over_many",
    "lose",
    "move",
    "note_moved",
    "open",
    "purge",
    "put_back",
    "record_history",
    "reopen",
    "restore",
    "update",
    "win",
]


@transaction.atomic
def open(
    *,
    name: str,
    by: Any,
    at: datetime,
    customer: Customer | None = None,
    owner: User | None = None,
    team: Team | None = None,
    pipeline: Pipeline | None = None,
    stage: Stage | None = None,
    opened_at: datetime | None = None,
    history: Iterable[PastChange] = (),
    next_step: NextStep | None = None,
    overriding: str = "",
    **fields: Any,
) -> Opportunity:
    """Begin a sale in the first stage of a pipeline, or in `stage`, or where its `history` (an import's) leads.

    The first stage change is dated `opened_at` where that is given, so that the pipeline of a past day has it. Where
    the pipeline asks for a `next_step`, it is refused without, unless somebody who may says why in `overriding`.
    """
    closed_amounts.refuse_writing(by, None, fields.get("amount"))
    team = team or (owner.team if owner else None)
    opportunity = Opportunity(name=name, customer=customer, owner=owner, team=team, opened_at=opened_at, **fields)
    past = sorted(history, key=lambda change: change.at)
    if past:
        rows = stage_changes.chain(opportunity, None, past, by=by, recorded_at=at)
        stage_changes.stand(opportunity, rows)
    else:
        opportunity.opened_at = opened_at or at
        _enter(opportunity, stage or moving.first_stage(pipeline), opportunity.opened_at, opportunity.lost_reason)
        rows = [stage_changes.new_row(opportunity, None, by=by, at=opportunity.opened_at, recorded_at=at)]
    opportunity.rank = ranks.on_top(opportunity.stage)
    records.create(opportunity, by=by, at=at, about=[customer])
    StageChange.objects.bulk_create(rows)
    if "@" in opportunity.notes:
        mentions.keep(opportunity, opportunity.notes, by=by, at=at)
    if next_step is not None:
        _note(next_step, opportunity, by=by, at=at)
    next_steps.require(opportunity, by=by, at=at, overriding=overriding)
    return opportunity


@transaction.atomic
def update(
    opportunity: Opportunity,
    changes: dict[str, Any],
    *,
    by: Any,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
    event: str = "updated",
    following_lines: bool = False,
    overriding: str = "",
) -> Opportunity:
    """Edit fields. While it is open, what a stage change holds is written down with the moment it became true.

    A stage in `changes` is a move (see `move`); a lost reason may come with it. `overriding` is why what is closed
    and locked is corrected all the same, see `closed`.
    """
    changes = dict(changes)
    stage, reason = changes.pop("stage", None), changes.pop("lost_reason", None)
    changes.pop("pipeline", None)  # the stage says which
    before = Opportunity._base_manager.select_for_update(of=("self",)).get(pk=opportunity.pk)
    moved_meanwhile = stage is not None and base is not None and before.stage not in (base.get("stage"), stage)
    if moved_meanwhile and before.version != version:
        raise StaleVersion(before, ["stage"])
    closed_amounts.refuse_writing(
        by, closed_amounts.worth_after(before, {}), closed_amounts.worth_after(before, changes)
    )
    if before.stage.is_won and "amount" in changes and changes["amount"] is None:
        raise ValidationError({"amount": _("What was won needs an amount.")})
    corrected = [] if stage is not None and stage.is_open else closed.touched(before, changes, base)
    closed.refuse(before, corrected, by=by, reason=overriding)
    if not following_lines:
        moving.refuse_another_amount(before, changes.get("amount", before.amount), changes.get("currency"))
    after = records.update(
        opportunity, changes, by=by, at=at, version=version, base=base, event=event, about=_about(before, changes)
    )
    if not following_lines:
        closed.tell(before, corrected, by=by, at=at, reason=overriding)
    if "notes" in changes:
        mentions.keep(after, after.notes, by=by, at=at)
    if is_push(before.expected_close, after.expected_close):
        after.close_pushes = before.close_pushes + 1
        Opportunity._base_manager.filter(pk=after.pk).update(close_pushes=after.close_pushes)
    if stage is not None and stage.pk != after.stage_id:
        return move(after, stage=stage, lost_reason=reason, by=by, at=at)
    if after.is_open and any(getattr(before, name) != getattr(after, name) for name in CAPTURED):
        stage_changes.append(after, after.stage, by=by, at=at)
    return after


def hand_over(
    opportunity: Opportunity,
    *,
    owner: User | None,
    by: Any,
    at: datetime,
    team: Team | None = None,
    overriding: str = "",
) -> Opportunity:
    """Give it to somebody else. Open, it counts for them from `at` on; what is closed stays credited as it was."""
    changes = {"owner": owner, "team": team or (owner.team if owner else opportunity.team)}
    return update(opportunity, changes, by=by, at=at, event="handed_over", overriding=overriding)


def hand_over_many(
    opportunities: Iterable[Opportunity],
    *,
    owner: User | None,
    by: Any,
    at: datetime,
    team: Team | None = None,
    overriding: str = "",
) -> int:
    """Hand over one by one, each in a transaction of its own; returns how many changed hands.

    What is closed and locked is left, unless whoever hands it over may correct it and says why.
    """
    changed = 0
    with journal.handing_over(Opportunity.kind, owner, by=by, at=at):
        for opportunity in opportunities:
            if closed.is_locked(opportunity) and not (overriding.strip() and closed.may_correct(by)):
                continue
            before = opportunity.version
            handed = hand_over(opportunity, owner=owner, team=team, by=by, at=at, overriding=overriding)
            changed += handed.version != before
    return changed


def put_back(opportunity: Opportunity, changes: dict[str, Any], *, by: Any, at: datetime) -> Opportunity:
    """As it was before what was done to many; what is closed by now only by who may correct it."""
    return update(opportunity, changes, by=by, at=at, overriding=_("Taken back"))


def note_moved(ids: list[int], *, by: Any, at: datetime) -> None:
    """Their customer was merged with another: while they are open, that is part of their history."""
    for opportunity in Opportunity.objects.open().filter(pk__in=ids).select_related("stage", "pipeline", "lost_reason"):
        stage_changes.append(opportunity, opportunity.stage, by=by, at=at)


def delete(opportunity: Opportunity, *, by: Any, at: datetime) -> Opportunity:
    return records.delete(opportunity, by=by, at=at, about=[opportunity.customer])


def restore(opportunity: Opportunity, *, by: Any, at: datetime) -> Opportunity:
    return records.restore(opportunity, by=by, at=at, about=[opportunity.customer])


@transaction.atomic
def purge(opportunity: Opportunity, *, by: Any, at: datetime) -> None:
    """Remove it for good, with its history: when an import is undone or something must be erased."""
    if Order._base_manager.filter(opportunity=opportunity).exists():
        raise ValidationError(_("There are orders from this opportunity. Remove them first."))
    delete(opportunity, by=by, at=at)
    with purging():
        Opportunity._base_manager.filter(pk=opportunity.pk).delete()


def record_history(
    opportunity: Opportunity, *, changes: Iterable[PastChange], by: Any, at: datetime
) -> list[StageChange]:
    """See `stage_changes.record_history`."""
    return stage_changes.record_history(opportunity, changes=changes, by=by, at=at)


def _enter(opportunity: Opportunity, stage: Stage, at: datetime, reason: LostReason | None) -> None:
    """A new opportunity's first stage."""
    by_hand = (opportunity.probability, opportunity.forecast_category) if stage.is_open else (None, "")
    opportunity.stage_since = at
    for name, value in moving.values_in(opportunity, stage, reason, None, at).items():
        setattr(opportunity, name, value)
    opportunity.probability, opportunity.forecast_category = by_hand


def _note(step: NextStep, opportunity: Opportunity, *, by: Any, at: datetime) -> None:
    tasks.create(
        title=step.title, due_at=step.due_at, owner=step.owner or opportunity.owner, remind=step.remind,
        contact=opportunity.contact, about=opportunity, by=by, at=at,
    )  # fmt: skip


def _about(before: Opportunity, changes: dict[str, Any]) -> list[Any]:
    """The customer it belongs to; both when it changes customers."""
    return [customer for customer in {before.customer, changes.get("customer", before.customer)} if customer]
