"""The history of opportunities: rows are appended here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm import events
from crm.purging import purging
from customers.sales.models import CAPTURED, Opportunity, Stage, StageChange
from customers.sales.models.currency import tidy_currency
from customers.sales.models.opportunity import is_push


@dataclass(frozen=True)
class PastChange:
    """A stage change that a file tells of. `values` are those of CAPTURED and `lost_reason` that were true then;
    what it does not name is taken from the row before it, or from the opportunity as it stands."""

    stage: Stage
    at: datetime
    values: dict[str, Any] = field(default_factory=dict)


def append(opportunity: Opportunity, from_stage: Stage | None, *, by: Any, at: datetime) -> StageChange:
    """Write down how the opportunity stands from `at` on. Never before its last row: the newest row is what counts."""
    last = StageChange.objects.filter(opportunity=opportunity).order_by("-at", "-pk").values_list("at", flat=True)[:1]
    moment = max([at, *last])
    row = new_row(opportunity, from_stage, by=by, at=moment, recorded_at=at)
    row.save(force_insert=True)
    return row


@transaction.atomic
def record_history(
    opportunity: Opportunity, *, changes: Iterable[PastChange], by: Any, at: datetime
) -> list[StageChange]:
    """Add what a file tells of the past, and let the opportunity stand where the last row left it.

    Safe to repeat: a change that is there already (same moment, same stage) stays as it was recorded. One that is
    older than the newest row is refused, for what followed it was recorded without it. Returns the rows added.
    """
    opportunity = Opportunity._base_manager.select_for_update(of=("self",)).get(pk=opportunity.pk)
    known = list(StageChange.objects.filter(opportunity=opportunity).in_order())
    new = _missing(opportunity, known, sorted(changes, key=lambda change: change.at))
    if not new:
        return []
    rows = chain(opportunity, known[-1] if known else None, new, by=by, recorded_at=at)
    StageChange.objects.bulk_create(rows)
    _settle(opportunity, [*known, *rows], at=at)
    data = {"rows": [row.pk for row in rows], "stage": str(rows[-1].to_stage)}
    events.record("opportunity.history_recorded", opportunity, by=by, at=at, data=data, about=[opportunity.customer])
    return rows


@transaction.atomic
def take_back(opportunity: Opportunity, *, rows: Sequence[int], by: Any, at: datetime) -> Opportunity:
    """Undo an import: remove the newest rows, which it added, and stand where the row before them left off."""
    opportunity = Opportunity._base_manager.select_for_update(of=("self",)).get(pk=opportunity.pk)
    known = list(StageChange.objects.filter(opportunity=opportunity).in_order())
    gone = set(rows)
    kept = [row for row in known if row.pk not in gone]
    if known[: len(kept)] != kept or not kept:
        raise ValidationError(_("Only the newest stage changes can be taken back, and never all of them."))
    with purging():
        StageChange.objects.filter(opportunity=opportunity, pk__in=gone).delete()
    _settle(opportunity, kept, at=at)
    events.record(
        "opportunity.history_taken_back",
        opportunity,
        by=by,
        at=at,
        data={"rows": sorted(gone)},
        about=[opportunity.customer],
    )
    return opportunity


def new_row(opportunity: Opportunity, from_stage: Stage | None, **when: Any) -> StageChange:
    values = {name: getattr(opportunity, name) for name in CAPTURED}
    values["probability"] = opportunity.effective_probability
    values["currency"] = tidy_currency(opportunity.currency)
    return StageChange(
        opportunity=opportunity,
        pipeline=opportunity.pipeline,
        from_stage=from_stage,
        to_stage=opportunity.stage,
        outcome=opportunity.stage.outcome,
        lost_reason=opportunity.lost_reason,
        **values,
        **when,
    )


def _missing(opportunity: Opportunity, known: list[StageChange], changes: list[PastChange]) -> list[PastChange]:
    there = {(row.at, row.to_stage_id) for row in known}
    new = [change for change in changes if (change.at, change.stage.pk) not in there]
    if new and known and new[0].at < known[-1].at:
        raise ValidationError(
            _("“%(name)s”: a stage change of %(date)s is older than what is recorded already.")
            % {"name": opportunity, "date": new[0].at.date().isoformat()}
        )
    return new


def chain(
    opportunity: Opportunity, last: StageChange | None, changes: list[PastChange], *, by: Any, recorded_at: datetime
) -> list[StageChange]:
    """The rows in order, each from the stage of the one before; the opportunity takes on each row's values."""
    rows = []
    from_stage = last.to_stage if last else None
    for change in changes:
        values = {"lost_reason": None, "probability": None, **change.values}
        for name, value in values.items():
            if name not in (*CAPTURED, "lost_reason"):
                raise ValueError(f"A stage change does not hold {name!r}.")
            setattr(opportunity, name, value)
        if change.stage.is_won and opportunity.amount is None:
            raise ValidationError({"amount": _("What was won needs an amount.")})
        if not change.stage.is_lost:
            opportunity.lost_reason = None
        opportunity.stage, opportunity.pipeline = change.stage, change.stage.pipeline
        rows.append(new_row(opportunity, from_stage, by=by, at=change.at, recorded_at=recorded_at))
        from_stage = change.stage
    return rows


def stand(opportunity: Opportunity, rows: list[StageChange]) -> None:
    """Let the opportunity stand as its last row says; the caller saves it."""
    last = rows[-1]
    entered = next(row for row in reversed(rows) if row.is_entry)
    for name in CAPTURED:
        setattr(opportunity, name, getattr(last, name))
    by_hand = last.to_stage.is_open and last.probability != last.to_stage.probability
    opportunity.probability = last.probability if by_hand else None
    opportunity.stage, opportunity.pipeline = last.to_stage, last.pipeline
    opportunity.lost_reason = last.lost_reason
    days = [row.expected_close for row in rows]
    opportunity.close_pushes = sum(is_push(before, after) for before, after in pairwise(days))
    opportunity.stage_since = entered.at
    opportunity.closed_at = None if last.to_stage.is_open else entered.at


def _settle(opportunity: Opportunity, rows: list[StageChange], *, at: datetime) -> None:
    stand(opportunity, rows)
    opportunity.version += 1
    opportunity.updated_at = at
    opportunity.full_clean()
    opportunity.save()
