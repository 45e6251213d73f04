"""Competitors, and where they are met."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm import events
from crm.actions import records
from crm.models import StaleVersion
from customers.sales.actions import opportunities
from customers.sales.models import Competitor, CompetitorState, Opportunity, OpportunityCompetitor

Said = tuple[str, str]  # state and note


def create(*, name: str, by: Any, at: datetime, **fields: Any) -> Competitor:
    return records.create(Competitor(name=name, **fields), by=by, at=at)


def update(
    competitor: Competitor,
    changes: dict[str, Any],
    *,
    by: Any,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Competitor:
    return records.update(competitor, changes, by=by, at=at, version=version, base=base)


def delete(competitor: Competitor, *, by: Any, at: datetime) -> Competitor:
    """Into the bin: where they were met, that stays written down."""
    return records.delete(competitor, by=by, at=at)


def restore(competitor: Competitor, *, by: Any, at: datetime) -> Competitor:
    return records.restore(competitor, by=by, at=at)


@transaction.atomic
def note(
    opportunity: Opportunity,
    competitor: Competitor,
    *,
    by: Any,
    at: datetime,
    state: str | None = None,
    note: str | None = None,
    seen: Said | None = None,
) -> OpportunityCompetitor:
    """They are met here, and how they stand; the same again changes nothing. What is lost, is lost to one of them.

    `seen` is what the editor had before them: where somebody said something else meanwhile, it is refused.
    """
    locked = Opportunity._base_manager.select_for_update(of=("self",)).get(pk=opportunity.pk)
    row = OpportunityCompetitor.objects.filter(opportunity=locked, competitor=competitor).first()
    before: Said | None = (row.state, row.note) if row else None
    row = row or OpportunityCompetitor(opportunity=locked, competitor=competitor)
    row.state, row.note = state or row.state, row.note if note is None else note
    after = (row.state, row.note)
    if seen is not None and before not in (seen, after):
        raise StaleVersion(locked, ["competitors"])
    if before == after:
        return row
    if row.state == CompetitorState.LOST:
        if not locked.stage.is_lost:
            raise ValidationError({"state": _("The opportunity is not lost.")})
        others = locked.competitors.filter(state=CompetitorState.LOST).exclude(competitor=competitor)
        others.update(state=CompetitorState.RUNNING)
    row.full_clean()
    row.save()
    was = before or (None, None)
    _tell("competitor_noted", locked, competitor, by, at, {"state": [was[0], after[0]], "note": [was[1], after[1]]})
    return row


@transaction.atomic
def remove(opportunity: Opportunity, competitor: Competitor, *, by: Any, at: datetime) -> None:
    """They were not met here after all."""
    locked = Opportunity._base_manager.select_for_update(of=("self",)).get(pk=opportunity.pk)
    removed, _rows = OpportunityCompetitor.objects.filter(opportunity=locked, competitor=competitor).delete()
    if removed:
        _tell("competitor_removed", locked, competitor, by, at, {})


@transaction.atomic
def move(
    opportunity: Opportunity, *, by: Any, at: datetime, lost_to: Competitor | None = None, **how: Any
) -> Opportunity:
    """As `opportunities.move`, saying to whom it was lost where that is known."""
    moved = opportunities.move(opportunity, by=by, at=at, **how)
    if lost_to is not None:
        note(moved, lost_to, state=CompetitorState.LOST, by=by, at=at)
    return moved


@transaction.atomic
def lose(
    opportunity: Opportunity, *, by: Any, at: datetime, lost_to: Competitor | None = None, **how: Any
) -> Opportunity:
    """As `opportunities.lose`, saying to whom where that is known."""
    lost = opportunities.lose(opportunity, by=by, at=at, **how)
    if lost_to is not None:
        note(lost, lost_to, state=CompetitorState.LOST, by=by, at=at)
    return lost


def _tell(verb: str, opportunity: Opportunity, competitor: Competitor, by: Any, at: datetime, data: Any) -> None:
    told = {"competitor": records.as_json(competitor), **data}
    events.record(f"opportunity.{verb}", opportunity, by=by, at=at, data=told, about=[opportunity.customer])
