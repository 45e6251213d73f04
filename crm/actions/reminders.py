"""Reminding a person of a record at a time they chose: in the app, and by email if they want that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from crm.access import kinds
from crm.actions.notifications import notify
from crm.joining import labelled
from crm.models import Reminder

MESSAGE = gettext_noop("Reminder: %(record)s")


@dataclass(frozen=True)
class Wish:
    """So long before the record is due, or at a time; neither: not at all."""

    before: timedelta | None = None
    when: datetime | None = None


def grant(record: Any, wish: Wish, *, due: datetime | None, by: Any, at: datetime) -> None:
    """Remind the person as they wish, instead of the time before."""
    if wish.before is None:
        remind(record, when=wish.when, by=by, at=at)
    elif due is None:
        raise ValidationError({"remind": _("Say first when it is due.")})
    else:
        remind(record, when=due - wish.before, before=wish.before, by=by, at=at)


def move(record: Any, *, due: datetime | None, at: datetime) -> None:
    """The record is due at another time: what was to come so long before moves along, whoever wished it."""
    following = Reminder.objects.about(record).filter(before__isnull=False)
    if due is None:
        following.delete()
        return
    for one in following:
        moved = due - one.before
        if moved != one.at:
            one.at = moved
            if moved > at:
                one.sent_at = None
            one.save(update_fields=["at", "sent_at"])


def remind(
    record: Any, *, when: datetime | None, by: Any, at: datetime, before: timedelta | None = None
) -> Reminder | None:
    """At this time instead of the one before; without a time not at all."""
    mine = Reminder.objects.visible_to(by).about(record)
    if when is None:
        mine.delete()
        return None
    if when <= at:
        raise ValidationError({"remind": _("That time has passed.")})
    kept, _new = Reminder.objects.update_or_create(
        user=by, about_kind=record.kind, about_id=record.pk,
        defaults={"at": when, "before": before, "sent_at": None},
    )  # fmt: skip
    return kept


def send_due(now: datetime) -> int:
    """Each once, however often and wherever it is called. Returns how many were sent."""
    sent = 0
    for pk in Reminder.objects.due(now).order_by("at", "pk").values_list("pk", flat=True)[:1000]:
        sent += _send(pk, now)
    return sent


@transaction.atomic
def _send(pk: int, now: datetime) -> int:
    reminder = Reminder.objects.select_for_update(skip_locked=True, of=("self",)).due(now).filter(pk=pk).first()
    if reminder is None:
        return 0
    reminder.sent_at = now
    reminder.save(update_fields=["sent_at"])
    person = reminder.user
    model: Any = kinds.get(reminder.about_kind).model
    record = model.objects.visible_to(person).filter(pk=reminder.about_id).first()
    if record is None or not person.is_active or getattr(record, "is_done", False):
        return 0
    key = f"reminder:{reminder.pk}:{reminder.at.isoformat()}"
    notify(person, MESSAGE, values={"record": str(record)}, url=record.get_absolute_url(), key=key, at=now)
    if person.reminds_by_mail and person.email:
        # Once it is certain that it counts as sent: a mail server that is away costs the mail, never a second one.
        transaction.on_commit(lambda: _mail(person, record))
    return 1


def _mail(person: Any, record: Any) -> None:
    """What it is, until when, and where: in the person's language and zone. A machine wrote it, so none answers."""
    zone = ZoneInfo(person.timezone or settings.TIME_ZONE)
    with override(person.language), timezone.override(zone):
        subject = " ".join((_(MESSAGE) % {"record": record}).split())
        off = _("You chose this mail in your settings, and end it there: %(settings)s")
        parts = ["\n".join([subject, *_until(record)]), _address(record.get_absolute_url())]
        text = "\n\n".join([*parts, off % {"settings": _address(reverse("preferences"))}]) + "\n"
    headers = {"Auto-Submitted": "auto-generated"}
    try:
        EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [person.email], headers=headers).send()
    except OSError:
        structlog.get_logger(__name__).warning("reminder_mail_failed", person=person.pk, exc_info=True)


def _until(record: Any) -> list[str]:
    due = getattr(record, "due_at", None)
    if due is None:
        return []
    pattern = "DATE_FORMAT" if getattr(record, "all_day", False) else "DATETIME_FORMAT"
    return [labelled(_("Due"), date_format(timezone.localtime(due), pattern))]


def _address(path: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"
