"""What is planned, laid out by day: the calendar's month, week, day and agenda."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Prefetch
from django.db.models.functions import Coalesce
from django.utils import timezone

from crm.models import User
from customers.models.task import Task

MOST = 400
SAID = ("title", "starts_at", "due_at", "all_day", "done_at", "version", "owner")  # of each, and no more is read
HUES = 8
LONGEST_PLAN = timedelta(days=7)  # what lasts longer is shown on the day it ends
FIRST_HOUR, LAST_HOUR = 8, 18
A_WEEK, AGENDA_DAYS = 7, 14


@dataclass(frozen=True)
class Span:
    """The days a view shows, and those before and after it."""

    view: str
    day: date
    days: tuple[date, ...]
    previous: date
    following: date

    @property
    def start(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.days[0], time()))

    @property
    def end(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.days[-1] + timedelta(days=1), time()))

    @property
    def weeks(self) -> list[tuple[date, ...]]:
        return [self.days[place : place + A_WEEK] for place in range(0, len(self.days), A_WEEK)]


@dataclass
class Entry:
    """A task on the calendar, at the time it begins."""

    task: Any
    begins: datetime  # in the person's zone
    hue: int
    is_movable: bool = False

    @property
    def day(self) -> date:
        return self.begins.date()


def span(view: str, day: date) -> Span:
    """The days around `day`; weeks begin on Monday."""
    if view == "month":
        weeks = Calendar().monthdatescalendar(day.year, day.month)
        first = day.replace(day=1)
        days = tuple(each for week in weeks for each in week)
        before, after = first - timedelta(days=1), first + timedelta(days=31)
        return Span(view, day, days, before.replace(day=1), after.replace(day=1))
    first, number = (day, {"day": 1, "agenda": AGENDA_DAYS}.get(view, A_WEEK))
    if view == "week":
        first = day - timedelta(days=day.weekday())
    days = tuple(first + timedelta(days=place) for place in range(number))
    return Span(view, day, days, first - timedelta(days=number), first + timedelta(days=number))


def planned(tasks: Any, shown: Span) -> tuple[list[Entry], bool]:
    """The tasks of these days in order, from those the person may see and asked for; and whether there are more."""
    owners = Prefetch("owner", User.objects.only("name"))  # twenty of four hundred entries: not made for each anew
    rows = planned_between(tasks, shown.start, shown.end).only(*SAID).prefetch_related(owners)[: MOST + 1]
    found = [Entry(task, timezone.localtime(task.begins), (task.owner_id or 0) % HUES) for task in rows]
    return found[:MOST], len(found) > MOST


def planned_between(tasks: Any, start: datetime, end: datetime) -> Any:
    """Those that begin, or are due, in this time, in order."""
    near = tasks.filter(due_at__gte=start, due_at__lt=end + LONGEST_PLAN)
    begun = near.annotate(begins=Coalesce("starts_at", "due_at")).filter(begins__gte=start, begins__lt=end)
    return begun.order_by("begins", "pk")


def by_day(entries: Iterable[Entry], days: Iterable[date]) -> dict[date, list[Entry]]:
    found: dict[date, list[Entry]] = {day: [] for day in days}
    for entry in entries:
        found[entry.day].append(entry)
    for of_day in found.values():
        of_day.sort(key=lambda entry: (not entry.task.all_day, entry.begins, entry.task.pk))
    return found


def hours_shown(entries: Iterable[Entry]) -> range:
    """The hours of work, and whatever lies outside them."""
    timed = [entry.begins.hour for entry in entries if not entry.task.all_day]
    return range(min([FIRST_HOUR, *timed]), max([LAST_HOUR, *timed]) + 1)


def moved(task: Task, to: str) -> dict[str, Any]:
    """What a task's times are when it is put on "d:2026-05-13" (the same time of another day), "a:2026-05-13" (all of
    it) or "h:2026-05-13T09" (that hour). ValueError where it says none of these."""
    kind, _colon, place = to.partition(":")
    begins = timezone.localtime(task.starts_at or task.due_at)
    length = task.due_at - task.starts_at if task.starts_at and task.due_at else timedelta(0)
    if kind == "h":
        found = datetime.strptime(place, "%Y-%m-%dT%H")  # noqa: DTZ007 - of the person's clock
        clock = time(found.hour, begins.minute if not task.all_day else 0)
        day, all_day = found.date(), False
    elif kind in ("d", "a"):
        day, clock = date.fromisoformat(place), begins.time()
        all_day = task.all_day or kind == "a"
    else:
        raise ValueError(to)
    # Counted in UTC: on the wall clock an hour that spring leaves out would end where it begins.
    start = timezone.make_aware(datetime.combine(day, clock)).astimezone(UTC)
    return {"starts_at": start if task.starts_at else None, "due_at": start + length, "all_day": all_day}
