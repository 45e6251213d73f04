"""Putting a row of Today off. A setting of one person's own list: the record is not touched, so no event."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from customers.models import Snooze

AT_MOST = timedelta(days=366)


def snooze(record: Any, *, until: date, by: Any, at: datetime) -> Snooze:
    """Not on this person's Today before `until`; doing it again moves the day."""
    today = localtime(at).date()
    if until <= today:
        raise ValidationError({"until": _("Choose a day that is still to come.")})
    if until > today + AT_MOST:
        raise ValidationError({"until": _("Choose a day within a year.")})
    kept, _new = Snooze.objects.update_or_create(
        user=by, about_kind=record.kind, about_id=record.pk, defaults={"until": until}
    )
    return kept


def wake(record: Any, *, by: Any) -> None:
    """Back on the list."""
    Snooze.objects.of(by).filter(about_kind=record.kind, about_id=record.pk).delete()


def forget_past(today: date) -> None:
    """Days that have come need no row any more."""
    Snooze.objects.filter(until__lte=today).delete()
