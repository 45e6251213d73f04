"""Segments and their chosen members."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm import events
from crm.actions import records
from crm.models import User
from customers.models import Customer, Segment, SegmentMember


@transaction.atomic
def create(*, by: User | None, at: datetime, **fields: Any) -> Segment:
    """A new segment: the creator's own, in the creator's team, unless `owner` or `team` say otherwise."""
    owner = fields.pop("owner", by)
    team = fields.pop("team", None) or (owner.team if owner else None)
    return records.create(Segment(owner=owner, team=team, **fields), by=by, at=at)


@transaction.atomic
def update(
    segment: Segment,
    changes: dict[str, Any],
    *,
    by: User | None,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Segment:
    """Change the name or the question. Chosen members stay chosen, and a rule stays a rule."""
    if changes.get("how", segment.how) != segment.how:
        raise ValidationError({"how": _("Make a new segment instead: what this one is used for would change.")})
    return records.update(segment, changes, by=by, at=at, version=version, base=base)


def delete(segment: Segment, *, by: User | None, at: datetime) -> Segment:
    return records.delete(segment, by=by, at=at)


def restore(segment: Segment, *, by: User | None, at: datetime) -> Segment:
    return records.restore(segment, by=by, at=at)


@transaction.atomic
def add(chosen: Iterable[Customer], *, segment: Segment, by: User | None, at: datetime) -> int:
    """Choose these customers; returns how many were not chosen before."""
    locked = _static(segment)
    known = set(SegmentMember.objects.filter(segment=locked).values_list("customer_id", flat=True))
    new = [customer for customer in chosen if customer.pk not in known]
    SegmentMember.objects.bulk_create(
        SegmentMember(segment=locked, customer=customer, added_at=at, added_by=by) for customer in new
    )
    if new:
        events.record("segment.members_added", locked, by=by, at=at, data={"count": len(new)})
    return len(new)


@transaction.atomic
def remove(chosen: Iterable[Customer], *, segment: Segment, by: User | None, at: datetime) -> int:
    """Take these customers out; returns how many were in."""
    locked = _static(segment)
    found = SegmentMember.objects.filter(segment=locked, customer__in=[customer.pk for customer in chosen])
    count, _by_model = found.delete()
    if count:
        events.record("segment.members_removed", locked, by=by, at=at, data={"count": count})
    return count


def _static(segment: Segment) -> Segment:
    locked = Segment._base_manager.select_for_update(of=("self",)).get(pk=segment.pk)
    if not locked.is_static or locked.is_in_bin:
        raise ValidationError(_("Who belongs to this segment is decided by its rule."))
    return locked
