"""What is done with opportunities. Every change of what a StageChange holds adds one, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.actions import journal, mentions, records
from crm.models import StaleVersion, Team, User
from customers.models import Customer
from customers.sales.actions import closed, ranks, stage_changes
from customers.sales.actions.stage_changes import PastChange
from customers.sales.models import CAPTURED, LostReason, Opportunity, Order, Pipeline, Stage, StageChange, stage_exit
from customers.sales.models.forecast_period import organisation_zone
from customers.sales.models.opportunity import is_push


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
    **fields: Any,
) -> Opportunity:
    """Begin a sale in the first stage of a pipeline, or in `stage`, or where its `history` (an import's) leads.

    The first stage change is dated `opened_at` where that is given, so that the pipeline of a past day has it.
    """
    team = team or (owner.team if owner else None)
    opportunity = Opportunity(name=name, customer=customer, owner=owner, team=team, opened_at=opened_at, **fields)
    past = sorted(history, key=lambda change: change.at)
    if past:
        rows = stage_changes.chain(opportunity, None, past, by=by, recorded_at=at)
        stage_changes.stand(opportunity, rows)
    else:
        opportunity.opened_at = opened_at or at
        _enter(opportunity, stage or _first_stage(pipeline), opportunity.opened_at, opportunity.lost_reason)
        rows = [stage_changes.new_row(opportunity, None, by=by, at=opportunity.opened_at, recorded_at=at)]
    opportunity.rank = ranks.on_top(opportunity.stage)
    records.create(opportunity, by=by, at=at, about=[customer])
    StageChange.objects.bulk_create(rows)
    if "@" in opportunity.notes:
        mentions.keep(opportunity, opportunity.notes, by=by, at=at)
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
    if before.stage.is_won and "amount" in changes and changes["amount"] is None:
        raise ValidationError({"amount": _("What was won needs an amount.")})
    corrected = [] if stage is not None and stage.is_open else closed.touched(before, changes, base)
    closed.refuse(before, corrected, by=by, reason=overriding)
    if not following_lines:
        _refuse_another_amount(before, changes.get("amount", before.amount), changes.get("currency"))
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
    locked = Opportunity._base_manager.select_for_update(of=("self",)).get(pk=opportunity.pk)
    if version is not None and version != locked.version and (seen_in is None or locked.stage_id != seen_in.pk):
        raise StaleVersion(locked, ["stage"])
    if stage.pk == locked.stage_id:
        if previous is None and following is None:
            return locked
        locked.rank = ranks.beside(stage, previous, following)
        Opportunity._base_manager.filter(pk=locked.pk).update(rank=locked.rank)
        return locked
    if not stage.is_open and amount is not None:
        closed.refuse(locked, closed.touched(locked, {"amount": amount}), by=by, reason=overriding)
    unmet = stage_exit.missing(locked, stage, at.astimezone(organisation_zone()).date(), amount)
    if unmet and not overriding.strip():
        raise stage_exit.NotMet(stage, unmet)
    _refuse_another_amount(locked, locked.amount if amount is None else amount)
    changes = _values_in(locked, stage, lost_reason, amount, at)
    changes["rank"] = ranks.beside(stage, previous, following)
    if unmet:
        data = {
            "stage": [records.as_json(locked.stage), records.as_json(stage)],
            "missing": [str(criterion) for criterion in unmet],
            "reason": overriding.strip(),
        }
        events.record("opportunity.criteria_overridden", locked, by=by, at=at, data=data, about=[locked.customer])
    return _store_move(locked, changes, by=by, at=at)


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
    target = stage or (left if left and left.is_open else _first_stage(opportunity.pipeline))
    return move(opportunity, stage=target, by=by, at=at)


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
    message = gettext_noop("Handed over to %(to)s")
    with journal.recording(kind=Opportunity.kind, message=message, values={"to": str(owner or "")}, by=by, at=at):
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
    return records.delete(opportunity, by=by, at=at, about=[opportunity.customer])  # type: ignore[return-value]


def restore(opportunity: Opportunity, *, by: Any, at: datetime) -> Opportunity:
    return records.restore(opportunity, by=by, at=at, about=[opportunity.customer])  # type: ignore[return-value]


@transaction.atomic
def purge(opportunity: Opportunity, *, by: Any, at: datetime) -> None:
    """Remove it for good, with its history: when an import is undone or something must be erased."""
    if Order._base_manager.filter(opportunity=opportunity).exists():
        raise ValidationError(_("There are orders from this opportunity. Remove them first."))
    delete(opportunity, by=by, at=at)
    with stage_changes.purging():
        Opportunity._base_manager.filter(pk=opportunity.pk).delete()


def record_history(
    opportunity: Opportunity, *, changes: Iterable[PastChange], by: Any, at: datetime
) -> list[StageChange]:
    """See `stage_changes.record_history`."""
    return stage_changes.record_history(opportunity, changes=changes, by=by, at=at)


def _values_in(
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


def _refuse_another_amount(opportunity: Opportunity, amount: Decimal | None, currency: str | None = None) -> None:
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


def _enter(opportunity: Opportunity, stage: Stage, at: datetime, reason: LostReason | None) -> None:
    """A new opportunity's first stage."""
    by_hand = (opportunity.probability, opportunity.forecast_category) if stage.is_open else (None, "")
    opportunity.stage_since = at
    for name, value in _values_in(opportunity, stage, reason, None, at).items():
        setattr(opportunity, name, value)
    opportunity.probability, opportunity.forecast_category = by_hand


def _first_stage(pipeline: Pipeline | None) -> Stage:
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


def _about(before: Opportunity, changes: dict[str, Any]) -> list[Any]:
    """The customer it belongs to; both when it changes customers."""
    return [customer for customer in {before.customer, changes.get("customer", before.customer)} if customer]
