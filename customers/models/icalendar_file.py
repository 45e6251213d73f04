"""One person's plans as RFC 5545 writes them, with what that person may see at this moment and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import icalendar
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _

from customers.models.customer import Customer
from customers.models.task import Task

BACK, AHEAD = timedelta(days=30), timedelta(days=366)
MOST = 1_000
A_MOMENT = timedelta(minutes=30)  # how long something to do, which has only a due time, is shown


def write(user: Any, now: datetime, address: Callable[[Task], str]) -> bytes:
    """The open tasks of the person from a month back to a year ahead, and those thrown away this month as cancelled."""
    found = icalendar.Calendar()
    found.add("prodid", "-//Yardstick CRM//Calendar//EN")
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", f"Yardstick: {user.name}")
    found.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    tasks = list(planned(user, now))
    named = Customer.objects.visible_to(user).in_bulk([task.customer_id for task in tasks if task.customer_id])
    for task in tasks:
        found.add_component(_event(task, named.get(task.customer_id), address(task)))
    for task in cancelled(user, now):
        found.add_component(_cancelled(task))
    found.add_missing_timezones()
    return bytes(found.to_ical())


def planned(user: Any, now: datetime) -> Any:
    mine = Task.objects.visible_to(user).owned_by(user).open()
    return mine.filter(due_at__gte=now - BACK, due_at__lt=now + AHEAD).order_by("due_at", "pk")[:MOST]


def cancelled(user: Any, now: datetime) -> Any:
    """In the bin since lately: nobody reads them there, so that only their place on the calendar is told."""
    gone = Task.objects.in_bin().owned_by(user).filter(deleted_at__gte=now - BACK, due_at__isnull=False)
    return gone.order_by("-deleted_at", "pk")[:MOST]


def changed(user: Any, now: datetime) -> datetime | None:
    """When the last of it was changed."""
    moments = [task.updated_at for task in planned(user, now)] + [task.deleted_at for task in cancelled(user, now)]
    return max(moments, default=None)


def _event(task: Task, customer: Customer | None, address: str) -> icalendar.Event:
    event = _placed(task, task.updated_at)
    event.add("summary", task.title)
    event.add("status", "CONFIRMED")
    event.add("url", address)
    lines = [customer.name] if customer else []
    event.add("description", "\n".join([*lines, address]))
    event.add("priority", {1: 9, 2: 5, 3: 1}[task.priority])
    return event


def _cancelled(task: Task) -> icalendar.Event:
    event = _placed(task, task.deleted_at or task.updated_at)
    event.add("summary", _("Cancelled"))
    event.add("status", "CANCELLED")
    return event


def _placed(task: Task, changed_at: datetime) -> icalendar.Event:
    """Its identity, version and time; an all-day one is a date, which is the same day in every zone."""
    assert task.due_at is not None  # asked for
    event = icalendar.Event()
    event.add("uid", f"task-{task.pk}@yardstick")
    event.add("dtstamp", changed_at.replace(microsecond=0))
    event.add("last-modified", changed_at.replace(microsecond=0))
    event.add("sequence", task.version - 1 + bool(task.deleted_at))
    if task.all_day:
        day = localtime(task.starts_at or task.due_at).date()
        event.add("dtstart", day)
        event.add("dtend", localtime(task.due_at).date() + timedelta(days=1))
        return event
    zone = get_current_timezone()
    begins, ends = (task.starts_at, task.due_at) if task.starts_at else (task.due_at, task.due_at + A_MOMENT)
    event.add("dtstart", begins.astimezone(zone).replace(microsecond=0))
    event.add("dtend", ends.astimezone(zone).replace(microsecond=0))
    return event
