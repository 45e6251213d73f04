"""Segments and their chosen members."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.actions import journal, records
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
    """Choose these customers, undone as one; returns how many were not chosen before."""
    locked = _static(segment)
    wanted = list(chosen)
    there = SegmentMember.objects.filter(segment=locked, customer__in=[customer.pk for customer in wanted])
    known = set(there.values_list("customer_id", flat=True))
    new = [customer for customer in wanted if customer.pk not in known]
    with _as_one(gettext_noop("Added to the segment %(segment)s"), locked, by=by, at=at):
        members = SegmentMember.objects.bulk_create(
            SegmentMember(segment=locked, customer=customer, added_at=at, added_by=by) for customer in new
        )
        journal.note_added(members, ["segment_id"])
    if new:
        events.record("segment.members_added", locked, by=by, at=at, data={"count": len(new)})
    return len(new)


@transaction.atomic
def remove(chosen: Iterable[Customer], *, segment: Segment, by: User | None, at: datetime) -> int:
    """Take these customers out, undone as one; returns how many were in."""
    locked = _static(segment)
    found = SegmentMember.objects.filter(segment=locked, customer__in=[customer.pk for customer in chosen])
    with _as_one(gettext_noop("Taken out of the segment %(segment)s"), locked, by=by, at=at):
        journal.note_taken_away(found)
        count, _by_model = found.delete()
    if count:
        events.record("segment.members_removed", locked, by=by, at=at, data={"count": count})
    return count


def take_out_again(members: list[SegmentMember], *, by: User, at: datetime) -> None:
    """Those who were chosen are chosen no more: that is taken back."""
    for segment in {member.segment for member in members}:
        _take_out(segment, [member for member in members if member.segment == segment], by=by, at=at)


def _take_out(segment: Segment, members: list[SegmentMember], *, by: User, at: datetime) -> None:
    SegmentMember.objects.filter(pk__in=[member.pk for member in members]).delete()
    events.record("segment.members_removed", segment, by=by, at=at, data={"count": len(members)})


def choose_again(columns: dict[str, Any], *, by: User, at: datetime) -> None:
    """One that was taken out is chosen again, as it was; not where the segment or the customer is gone for ever."""
    segment = Segment._base_manager.filter(pk=columns["segment_id"]).first()
    if segment is None or not Customer._base_manager.filter(pk=columns["customer_id"]).exists():
        return
    _member, is_new = SegmentMember.objects.get_or_create(
        segment=segment,
        customer_id=columns["customer_id"],
        defaults={"added_at": columns["added_at"], "added_by_id": columns["added_by_id"]},
    )
    if is_new:
        events.record("segment.members_added", segment, by=by, at=at, data={"count": 1})


def _as_one(message: str, segment: Segment, *, by: User | None, at: datetime) -> Any:
    url = reverse("segment-detail", args=[segment.pk])
    return journal.recording(
        kind=Segment.kind, message=message, values={"segment": segment.name}, url=url, by=by, at=at
    )


def _static(segment: Segment) -> Segment:
    locked = Segment._base_manager.select_for_update(of=("self",)).get(pk=segment.pk)
    if not locked.is_static or locked.is_in_bin:
        raise ValidationError(_("Who belongs to this segment is decided by its rule."))
    return locked
