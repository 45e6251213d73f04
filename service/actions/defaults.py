"""What an installation starts with, so that the first ticket can be opened without configuring anything."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop

from crm.models import BusinessCalendar, CalendarFrame
from service.models import Priority, Queue, SlaPolicy, SlaTarget, TicketState
from service.models.state import SHIPPED_STATES

# Business time until the first answer and until the resolution; the day of the default calendar has eight hours.
TARGETS = {
    Priority.URGENT: (timedelta(hours=1), timedelta(hours=8)),
    Priority.HIGH: (timedelta(hours=2), timedelta(hours=16)),
    Priority.NORMAL: (timedelta(hours=4), timedelta(hours=24)),
    Priority.LOW: (timedelta(hours=8), timedelta(hours=40)),
}
CALENDAR = gettext_noop("Monday to Friday, 9 to 17")
POLICY = gettext_noop("Standard")
QUEUE = gettext_noop("Support")


@transaction.atomic
def install(**_: Any) -> None:
    """States, an SLA policy and a queue, each only where there is none; what exists is the administrator's."""
    if not TicketState.objects.exists():
        TicketState.objects.bulk_create(
            TicketState(name=name, category=category, position=position, is_default=default, closes=closes)
            for position, (name, category, default, closes) in enumerate(SHIPPED_STATES)
        )
    if not SlaPolicy.objects.exists():
        policy = SlaPolicy.objects.create(name=POLICY, calendar=_calendar(), is_default=True)
        SlaTarget.objects.bulk_create(
            SlaTarget(policy=policy, priority=priority, first_response=first, resolution=resolution)
            for priority, (first, resolution) in TARGETS.items()
        )
    if not Queue.objects.exists():
        Queue.objects.create(name=QUEUE)


def _calendar() -> BusinessCalendar:
    known = BusinessCalendar.objects.filter(frames__isnull=False).order_by("pk").first()
    if known is not None:
        return known
    calendar = BusinessCalendar.objects.create(name=CALENDAR, timezone=settings.TIME_ZONE)
    CalendarFrame.objects.bulk_create(
        CalendarFrame(calendar=calendar, weekday=day, opens=time(9), closes=time(17)) for day in range(5)
    )
    return calendar
