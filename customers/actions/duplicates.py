"""Possible duplicates: dismissed by who knows better; and asking for a customer that one may not see."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.actions import journal, records
from crm.actions.notifications import notify
from crm.models import Event, User
from customers.models import Contact, Customer, Duplicate
from customers.models.matching import Alike

ASKED = "collaboration_asked"
ASKS_A_DAY = 10
AGAIN_AFTER = timedelta(days=7)


@transaction.atomic
def dismiss(duplicate: Duplicate, *, by: User, at: datetime) -> Duplicate:
    """They are two: the pair is not proposed again. Saying it twice changes nothing."""
    duplicate = Duplicate.objects.select_for_update(of=("self",)).get(pk=duplicate.pk)
    if duplicate.dismissed_at is None:
        was = journal.columns_of(duplicate)
        duplicate.dismiss(by=by, at=at)
        duplicate.save(update_fields=["dismissed_at", "dismissed_by"])
        journal.note(duplicate, was, ["dismissed_at", "dismissed_by"])
        told = {"other": records.as_json(duplicate.second)}
        events.record("customer.not_a_duplicate", duplicate.first, by=by, at=at, data=told)
    return duplicate


def dismiss_many(duplicates: Iterable[Duplicate], *, by: User, at: datetime) -> int:
    """Each; undone as one. Returns how many."""
    with journal.recording(kind=Customer.kind, message=gettext_noop("Said to be no duplicates"), by=by, at=at):
        return len([dismiss(duplicate, by=by, at=at) for duplicate in duplicates.order_by("pk")])  # type: ignore[attr-defined]


@transaction.atomic
def propose_again(duplicate: Duplicate, changes: dict[str, None], *, by: User, at: datetime) -> Duplicate:
    """That they are two is taken back: the pair is proposed as before."""
    duplicate = Duplicate.objects.select_for_update(of=("self",)).get(pk=duplicate.pk)
    if duplicate.dismissed_at is not None:
        duplicate.dismissed_at = duplicate.dismissed_by = None
        duplicate.save(update_fields=["dismissed_at", "dismissed_by"])
        told = {"other": records.as_json(duplicate.second)}
        events.record("customer.maybe_a_duplicate", duplicate.first, by=by, at=at, data=told)
    return duplicate


@transaction.atomic
def ask_to_collaborate(found: Iterable[Alike], *, by: User, at: datetime) -> int:
    """Tell whose these are that somebody would like to work on them too; returns how many records were asked for.

    Of each once a week, and of a few a day: whoever could ask without end could find out who our customers are.
    """
    today = Event.objects.filter(by=by, type__in=_types(), at__gt=at - timedelta(days=1)).count()
    asked = 0
    for alike in found:
        record = _record(alike)
        if Event.objects.filter(
            by=by, type=_type(alike.kind), subject_kind=alike.kind, subject_id=alike.pk, at__gt=at - AGAIN_AFTER
        ).exists():
            asked += 1
            continue
        if today >= ASKS_A_DAY:
            raise ValidationError(_("You asked for many customers today. Ask for this one tomorrow."))
        today += 1
        asked += 1
        event = events.record(_type(alike.kind), record, by=by, at=at)
        notify(
            _whom(record),
            gettext_noop("%(by)s would like to work with you on %(record)s."),
            values={"by": str(by), "record": str(record)},
            url=reverse(f"{alike.kind}-detail", args=[alike.pk]),
            key=f"collaboration-asked-{event.pk}",
            at=at,
        )
    return asked


def note_apart(record: Customer | Contact, found: Iterable[Alike], *, by: User | None, at: datetime) -> None:
    """That somebody created it knowing of others like it, and of which."""
    told = [{"kind": alike.kind, "id": alike.pk} for alike in found]
    if told:
        events.record(f"{record.kind}.created_apart", record, by=by, at=at, data={"alike": told})


def _types() -> list[str]:
    return [_type(kind) for kind in (Customer.kind, Contact.kind)]


def _type(kind: str) -> str:
    return f"{kind}.{ASKED}"


def _record(alike: Alike) -> Customer | Contact:
    model = Customer if alike.kind == Customer.kind else Contact
    return model._base_manager.select_related("owner", "team__manager").get(pk=alike.pk)


def _whom(record: Customer | Contact) -> User | None:
    """Its owner, or who leads the team where nobody owns it."""
    return record.owner or (record.team.manager if record.team else None)
