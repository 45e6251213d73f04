"""The history of one opportunity as people read it: newest first, with how long each stage took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from crm.access import fields
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.stage_change import StageChange


@dataclass(frozen=True)
class HistoryRow:
    change: StageChange
    in_stage: timedelta | None  # of a row that entered a stage: until it was left, or until now
    is_current: bool
    edited: tuple[str, ...]  # of a row for an edit: which values it changed


SHOWN = ("amount", "currency", "probability", "expected_close", "owner_id", "team_id", "customer_id", "product_id")


def history_of(opportunity: Opportunity, now: datetime) -> list[HistoryRow]:
    related = ("from_stage", "to_stage", "owner", "by", "lost_reason")
    changes = list(StageChange.objects.filter(opportunity=opportunity).select_related(*related).in_order())
    entries = [change for change in changes if change.is_entry]
    left = {change.pk: following.at for change, following in pairwise(entries)}
    rows = []
    for place, change in enumerate(changes):
        current = bool(entries) and change.pk == entries[-1].pk
        stays = change.is_entry and (change.pk in left or change.outcome == "open")
        in_stage = left.get(change.pk, now) - change.at if stays else None
        edited = () if change.is_entry else _differences(changes[place - 1], change)
        rows.append(HistoryRow(change, in_stage, current, edited))
    return rows[::-1]


@fields.uncovered  # that the amount was changed may be known, not from what to what
def _differences(before: StageChange, after: StageChange) -> tuple[str, ...]:
    return tuple(name for name in SHOWN if getattr(before, name) != getattr(after, name))
