"""The summary of the day by mail: what is overdue, due, to be renewed, and what one was told (where one
was mentioned, of big sales).

It is made once for each person and day, at the hour of their own clock, and lies in an outbox until it has left. Where
there is nothing to tell no mail is sent.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from smtplib import SMTPException
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from crm.access import fields, kinds
from crm.access.grants import access_of
from crm.actions import mentions
from crm.joining import bracketed, clauses, labelled
from crm.mail import naming
from crm.models import BusinessCalendar, Notification, User
from customers.models import DailySummary, today
from customers.models.today import Asking, Item

LEASE = timedelta(minutes=5)  # more than a mail server is waited for
LATEST = 4  # hours after the one chosen: what could not be made by then is of no use that day
SHOWN = 12  # of each part
KEPT = timedelta(days=60)  # how long a day is known to be dealt with


def make_due(now: datetime) -> int:
    """For everybody whose hour has come; each day once. Returns how many mails were made."""
    wanted = User.objects.active().filter(summary_hour__isnull=False, email__isnull=False).order_by("pk")
    known = set(DailySummary.objects.filter(made_at__gt=now - timedelta(days=3)).values_list("user_id", "day"))
    calendar = None
    made = 0
    for person in wanted:
        local = now.astimezone(_zone(person))
        if not 0 <= local.hour - person.summary_hour < LATEST or (person.pk, local.date()) in known:
            continue
        calendar = calendar or _Working()
        if local.date() in calendar:
            made += make(person, now)
    return made


@transaction.atomic
def make(person: User, now: datetime) -> bool:
    """The mail of this person's day, if there is anything to say; asked again, nothing."""
    zone = _zone(person)
    row = DailySummary(user=person, day=now.astimezone(zone).date(), made_at=now)
    before = DailySummary.objects.filter(user=person).order_by("-day").first()
    since = max(before.made_at if before else now - timedelta(days=1), now - timedelta(days=7))
    reading = fields.reading(lambda: access_of(person), covers=True)  # what is closed to them is not mailed either
    with override(person.language), timezone.override(zone), reading:
        parts = list(_parts(person, since, now))
        if parts:
            row.subject, row.text, row.due_at = _subject(parts), _text(parts), now
    # Made by another process at this moment? Then that one counts.
    _kept, is_new = DailySummary.objects.get_or_create(
        user=person,
        day=row.day,
        defaults={name: getattr(row, name) for name in ("made_at", "subject", "text", "due_at")},
    )
    return is_new and bool(parts)


def send_next(now: datetime) -> bool:
    """Send the one that has been due for longest; False when none is."""
    with transaction.atomic():
        due = DailySummary.objects.due(now).select_for_update(skip_locked=True, of=("self",)).select_related("user")
        row = due.order_by("due_at", "id").first()
        if row is None:
            return False
        row.claim(now, LEASE)
        row.save(update_fields=["attempts", "due_at"])
    try:
        if row.user.is_active and row.user.email and row.user.summary_hour is not None:  # or no longer wanted
            _mail(row).send()
    except (SMTPException, OSError):
        structlog.get_logger(__name__).warning("daily_summary_failed", person=row.user_id, exc_info=True)
        row.failed(now)
    else:
        row.sent(now)
    row.save(update_fields=["due_at", "sent_at", "text"])
    return True


def forget_old(now: datetime) -> None:
    DailySummary.objects.filter(made_at__lt=now - KEPT).delete()


def _mail(row: DailySummary) -> EmailMessage:
    """The same each time it is made, so that a second one is known as the first by the receiver's server."""
    headers = {
        "Message-ID": f"<summary-{row.user_id}-{row.day}@{naming.host()}>",
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{_address(reverse('preferences'))}>",
    }
    return EmailMessage(row.subject, row.text, settings.DEFAULT_FROM_EMAIL, [row.user.email or ""], headers=headers)


# What people were told, by the beginning of the key it was told with. Apps add theirs.
_told: dict[str, Any] = {mentions.KEY: gettext_lazy("You were mentioned")}


def tells(key: str, heading: Any) -> None:
    """What `notify` said with keys that begin with this stands in the mail too, until it is read."""
    _told[key] = heading


Part = tuple[str, int, list[str]]  # its heading, how many there are, the lines of the first of them


def _parts(person: User, since: datetime, now: datetime) -> Iterator[Part]:
    items, _more = today.gather(Asking(person, now))
    day = timezone.localtime(now).date()
    dated = [item for item in items if item.due_at and not item.is_renewal]
    yield from _part(_("Overdue"), (item for item in dated if _day(item) < day))
    yield from _part(_("Due today"), (item for item in dated if _day(item) == day))
    yield from _part(_("Contracts to renew or cancel"), (item for item in items if item.is_renewal))
    told = Notification.objects.visible_to(person).unread().filter(at__gt=since)
    for key, heading in _told.items():
        lines = [_line(each.text, each.url) for each in told.filter(key__startswith=f"{key}:")]
        if lines:
            yield str(heading), len(lines), lines[:SHOWN]


def _part(heading: str, found: Iterable[Item]) -> Iterator[Part]:
    items = list(found)
    if items:
        yield heading, len(items), [_of_item(item) for item in items[:SHOWN]]


def _of_item(item: Item) -> str:
    whose = f" ({item.customer})" if item.customer and item.kind != "customer" else ""
    return _line(labelled(f"{item.title}{whose}", clauses(item.reasons)), kinds.get(item.kind).url_for(item.pk) or "")


def _line(said: str, url: str) -> str:
    return f"- {' '.join(said.split())}" + (f"\n  {_address(url)}" if url else "")


def _subject(parts: list[Part]) -> str:
    counts = " · ".join(f"{heading} {count}" for heading, count, _lines in parts)
    return (_("Your day: %(counts)s") % {"counts": counts})[:200]


def _text(parts: list[Part]) -> str:
    blocks = []
    for heading, count, lines in parts:
        further = count - len(lines)
        more = (
            [ngettext("… and %(count)s more", "… and %(count)s more", further) % {"count": further}] if further else []
        )
        blocks.append("\n".join([bracketed(heading, count), *lines, *more]))
    foot = _("Everything: %(today)s") % {"today": _address(reverse("today-page"))}
    off = _("You chose this mail in your settings, and end it there: %(settings)s")
    return "\n\n".join([*blocks, foot, off % {"settings": _address(reverse("preferences"))}]) + "\n"


def _address(path: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"


def _day(item: Item) -> date:
    assert item.due_at is not None  # asked for
    return timezone.localtime(item.due_at).date()


def _zone(person: Any) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(person.timezone or settings.TIME_ZONE)


class _Working:
    """The organisation's working days; Monday to Friday where no calendar says."""

    def __init__(self) -> None:
        first = BusinessCalendar.objects.filter(frames__isnull=False).order_by("pk").first()
        self.weekdays = set(first.frames.values_list("weekday", flat=True)) if first else set(range(5))
        self.holidays = set(first.holidays.values_list("date", flat=True)) if first else set()

    def __contains__(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.holidays
