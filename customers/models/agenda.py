"""What is planned, laid out by day: the calendar's month, week, day and agenda."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Prefetch, Window
from django.db.models.functions import Coalesce, RowNumber, TruncDate
from django.utils import timezone

from crm.models import User
from customers.models.task import Task

MOST = 400
OF_A_DAY = 4  # are told in a month; the rest of a day are counted
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


@dataclass(frozen=True)
class Plan:
    """What is told of the days of a span, in order, and how much is not."""

    entries: list[Entry]
    hidden: dict[date, int]  # how many more a day of a month has
    are_more: bool


def planned(tasks: Any, shown: Span) -> Plan:
    """The tasks of these days, from those the person may see and asked for: in a month the first of each day, so that
    a busy beginning does not use up what is told of its end."""
    rows = planned_between(tasks, shown.start, shown.end)
    hidden: dict[date, int] = {}
    if shown.view == "month":
        keys, hidden = _first_of_days(rows)
        rows = planned_between(tasks, shown.start, shown.end).filter(pk__in=keys)
    # Twenty owners of hundreds of entries: not made for each anew.
    found = list(rows.only(*SAID).prefetch_related(Prefetch("owner", User.objects.only("name")))[: MOST + 1])
    entries = [Entry(task, timezone.localtime(task.begins), (task.owner_id or 0) % HUES) for task in found[:MOST]]
    return Plan(entries, hidden, len(found) > MOST)


def _first_of_days(rows: Any) -> tuple[list[int], dict[date, int]]:
    """The keys of those that are told, and how many of each day are not. Only what is asked for here is read of all of
    a month: for everybody's, from the index `task_team_planned` alone."""
    place = Window(RowNumber(), partition_by=F("day"), order_by=[F("all_day").desc(), F("begins"), F("pk")])
    of_day = Window(Count("*"), partition_by=F("day"))
    ranked = rows.order_by().annotate(day=TruncDate("begins")).annotate(place=place, of_day=of_day)
    found = list(ranked.filter(place__lte=OF_A_DAY).values_list("pk", "day", "of_day"))
    return [pk for pk, _, _ in found], {day: number - OF_A_DAY for _, day, number in found if number > OF_A_DAY}


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
