"""Tasks that come again.

The next one is made when the last is completed, so that one is open at a time and never a heap: days that went by
while it was left open are not made up for. Where the last was thrown away, the next comes on the morning of its own
day. Each is a copy of the last, so what is changed there goes on. The series ends with its rule, or when it is stopped;
while the customer is in the bin nothing is made.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _

from crm import events
from crm.actions import records, reminders
from crm.models import Reminder, User
from customers.actions import tasks
from customers.models import Task, TaskSeries, recurrence

COPIED = (
    "title",
    "notes",
    "priority",
    "type",
    "all_day",
    "customer",
    "contact",
    "owner",
    "team",
    "about_kind",
    "about_id",
)


@transaction.atomic
def repeat(task: Task, *, rule: str, by: User | None, at: datetime) -> Task:
    """From its day on the task comes again by this rule; a rule it had before ends."""
    locked = tasks.locked(task)
    if locked.due_at is None:
        raise ValidationError(_("Say first when it is due: what has no day cannot come again."))
    if locked.is_done:
        raise ValidationError(_("It is done already: repeat one that is still open."))
    stop(locked, by=by, at=at)
    day = _day(locked.due_at)
    series = TaskSeries(rule=rule, starts_on=day, next_on=None, created_at=at)
    series.full_clean()
    series.next_on = recurrence.day_after(rule, day, day)
    series.save()
    changes = {"series": series, "occurrence_on": day}
    return records.update(locked, changes, by=by, at=at, event="repeated", about=[locked.customer, locked.contact])


@transaction.atomic
def stop(task: Task, *, by: User | None, at: datetime) -> Task:
    """No more after those that are there."""
    if task.series_id is None:
        return task
    series = TaskSeries.objects.select_for_update().get(pk=task.series_id)
    if series.has_ended:
        return task
    series.next_on = None
    series.save(update_fields=["next_on"])
    events.record("task.repetition_stopped", task, by=by, at=at, about=[task.customer, task.contact])
    return task


@transaction.atomic
def make_next(series_id: int, *, at: datetime, today: date | None = None) -> Task | None:
    """The next of a series, unless it is there already; with `today`, only where its day has come."""
    series = TaskSeries.objects.select_for_update().filter(pk=series_id).first()
    if series is None or series.next_on is None or (today is not None and series.next_on > today):
        return None
    if Task.objects.alive().open().filter(series=series).exists():
        return None
    last = Task._base_manager.filter(series=series).order_by("-occurrence_on").select_related("customer").first()
    if last is None or last.due_at is None or (last.customer is not None and last.customer.is_in_bin):
        return None
    day = recurrence.last_until(series.rule, series.starts_on, series.next_on, _day(at)) or series.next_on
    return _copy(last, series, day, at)


def make_due(at: datetime) -> int:
    """What has come, of every series."""
    today = _day(at)
    come = TaskSeries.objects.come(today).order_by("pk").values_list("pk", flat=True)
    return sum(make_next(series_id, at=at, today=today) is not None for series_id in list(come))


def _copy(last: Task, series: TaskSeries, day: date, at: datetime) -> Task:
    assert last.due_at is not None  # asked before
    fresh = Task(**{name: getattr(last, name) for name in COPIED}, series=series, occurrence_on=day)
    fresh.due_at = _moved(last.due_at, day)
    if last.starts_at is not None:
        fresh.starts_at = fresh.due_at.astimezone(UTC) - (last.due_at - last.starts_at)
    data: dict[str, Any] = {"about_kind": fresh.about_kind, "about_id": fresh.about_id, "title": fresh.title}
    records.create(fresh, by=None, at=at, data=data, about=[fresh.customer, fresh.contact])
    series.next_on = recurrence.day_after(series.rule, series.starts_on, day)
    series.save(update_fields=["next_on"])
    _remind_again(last, fresh, at)
    return fresh


def _remind_again(last: Task, fresh: Task, at: datetime) -> None:
    """Whoever wished to be reminded so long before is so each time, as long as there is time."""
    for one in Reminder.objects.about(last).filter(before__isnull=False).select_related("user"):
        if fresh.begins_at is not None and one.before is not None and fresh.begins_at - one.before > at:
            reminders.remind(fresh, when=fresh.begins_at - one.before, before=one.before, by=one.user, at=at)


def _moved(moment: datetime, day: date) -> datetime:
    """The same time of the clock on another day, whatever the offset is then."""
    local = localtime(moment)
    naive = datetime.combine(day, local.time())
    return naive.replace(tzinfo=get_current_timezone())


def _day(moment: datetime) -> date:
    return localtime(moment).date()
