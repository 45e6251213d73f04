"""Business time: how long a calendar was open between two moments, and when a target is due.

A calendar is weekly opening hours on the wall clock of one timezone, minus holidays. It is open at an
instant when the local time of that instant lies in one of the day's frames, so:

* elapsed time is real time: a 24-hour Sunday that loses an hour to daylight saving has 23 hours, one that
  gains an hour has 25;
* a frame inside the skipped hour of a spring change is not open at all that day, and a frame inside the
  repeated hour of an autumn change is open twice.

Everything is counted in whole microseconds. Between two changes of the UTC offset the open time since a fixed
Monday has a closed form (weeks, weekdays, holidays by bisection), so ten years cost no walk over their days.
"""
# ruff: noqa: DTZ001, DTZ901 - inside, UTC and local times are told apart by name and carry no tzinfo.

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Frame = tuple[time, time]
Pause = tuple[datetime, datetime | None]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# A calendar without one opening in ten years is a mistake in its holidays, and no target is a century long.
LONGEST_CLOSURE = timedelta(days=3653)
LONGEST_WAIT = timedelta(days=36525)

_MICROSECOND, _SECOND = timedelta(microseconds=1), timedelta(seconds=1)
_STEP = timedelta(days=4)  # no zone has changed its offset twice within a week since 1970
_DAYS = range(1, date.max.toordinal())  # so the n-th day of it is the day with ordinal n
_DAY_US = 86_400_000_000


def _microseconds(at: time) -> int:
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000 + at.microsecond


def _frames(weekday: int, frames: Iterable[Frame]) -> tuple[tuple[int, int], ...]:
    """The frames of a weekday as (opens, closes) in microseconds after midnight, or a refusal."""
    name = WEEKDAYS[weekday]
    spans: list[tuple[int, int]] = []
    for opens, closes in frames:
        if opens.tzinfo or closes.tzinfo:
            raise ValueError(f"Opening hours of {name} must be plain local times, without a timezone.")
        to_midnight = closes == time(0) or closes >= time(23, 59)
        begin, end = _microseconds(opens), _DAY_US if to_midnight else _microseconds(closes)
        if begin >= end:
            raise ValueError(f"{name} closes at {closes:%H:%M}, not after it opens at {opens:%H:%M}.")
        if spans and begin < spans[-1][1]:
            raise ValueError(f"The opening hours of {name} overlap or are not in order of time.")
        spans.append((begin, end))
    return tuple(spans)


def _zone(timezone: str | tzinfo) -> tzinfo:
    if isinstance(timezone, tzinfo):
        return timezone
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"There is no timezone called {timezone!r}.") from error


class _LocalTime:
    """Open time on a wall clock that never jumps, in microseconds since Monday 0001-01-01."""

    def __init__(self, week: Sequence[tuple[tuple[int, int], ...]], holidays: Iterable[date]) -> None:
        self.week = tuple(week)
        totals = [sum(closes - opens for opens, closes in frames) for frames in self.week]
        self.before_weekday = [0, *accumulate(totals)]
        # Only holidays that take something away: no need to remember a closed Sunday.
        days = sorted(day.toordinal() for day in holidays)
        self.closed_days = [day for day in days if totals[(day - 1) % 7]]
        self.lost = [0, *accumulate(totals[(day - 1) % 7] for day in self.closed_days)]

    def frames(self, day: int) -> tuple[tuple[int, int], ...]:
        at = bisect_left(self.closed_days, day)
        is_holiday = at < len(self.closed_days) and self.closed_days[at] == day
        return () if is_holiday else self.week[(day - 1) % 7]

    def before_day(self, day: int) -> int:
        weeks, weekday = divmod(day - 1, 7)
        lost = self.lost[bisect_left(self.closed_days, day)]
        return weeks * self.before_weekday[7] + self.before_weekday[weekday] - lost

    def before(self, at: datetime) -> int:
        clock = _microseconds(at.time())
        day = at.toordinal()
        today = sum(min(clock, closes) - opens for opens, closes in self.frames(day) if opens < clock)
        return self.before_day(day) + today

    def reached(self, amount: int) -> datetime:
        """The first local time by which `amount` (> 0) of open time has passed: never an opening time."""
        day = bisect_left(_DAYS, amount, key=self.before_day)
        missing = amount - self.before_day(day)
        for opens, closes in self.frames(day):
            if missing <= closes - opens:
                return datetime.fromordinal(day) + (opens + missing) * _MICROSECOND
            missing -= closes - opens
        raise OverflowError("The open time asked for lies after the year 9999.")

    def next_open(self, at: datetime) -> datetime:
        """The first open local time not before `at`."""
        passed = self.before(at)
        day = bisect_right(_DAYS, passed, key=self.before_day)
        clock = _microseconds(at.time()) if day == at.toordinal() else 0
        for opens, closes in self.frames(day):
            if clock < closes:
                return datetime.fromordinal(day) + max(opens, clock) * _MICROSECOND
        raise OverflowError("The calendar does not open again before the year 9999.")


@dataclass(frozen=True, init=False)
class Calendar:
    """Opening hours of a timezone. Immutable and hashable; equal when it means the same.

    timezone: an IANA name or a tzinfo. hours: weekday 0-6 (Monday 0) to a list of (opens, closes) local
    times, in order and not overlapping; closing at 00:00 or from 23:59 on means the end of the day.
    holidays: dates closed all day. ValueError says what is wrong, also of a calendar that never opens.
    """

    timezone: tzinfo
    hours: tuple[tuple[Frame, ...], ...]
    holidays: frozenset[date]
    _local: _LocalTime = field(compare=False, repr=False)

    def __init__(
        self, timezone: str | tzinfo, hours: Mapping[int, Iterable[Frame]], holidays: Iterable[date] = ()
    ) -> None:
        if unknown := set(hours) - set(range(7)):
            raise ValueError(f"Weekdays run from 0 (Monday) to 6 (Sunday), not {unknown.pop()!r}.")
        week = tuple(tuple((opens, closes) for opens, closes in hours.get(day, ())) for day in range(7))
        spans = [_frames(day, frames) for day, frames in enumerate(week)]
        if not any(spans):
            raise ValueError("A business calendar needs opening hours on at least one weekday.")
        days = frozenset(day.date() if isinstance(day, datetime) else day for day in holidays)
        object.__setattr__(self, "timezone", _zone(timezone))
        object.__setattr__(self, "hours", week)
        object.__setattr__(self, "holidays", days)
        object.__setattr__(self, "_local", _LocalTime(spans, days))


def elapsed(calendar: Calendar, start: datetime, end: datetime, pauses: Iterable[Pause] = ()) -> timedelta:
    """Open, unpaused time from `start` to `end`, both aware, exact to the microsecond.

    pauses: (start, end) pairs of aware datetimes, in any order, overlapping or reaching beyond the span as
    they like; an end of None is a pause that still lasts. ValueError for naive times and for an end before
    its start.
    """
    begin, finish = _utc(start), _utc(end)
    if finish < begin:
        raise ValueError("Business time cannot be counted backwards: the end lies before the start.")
    total = _open_between(calendar, begin, finish)
    for pause_start, pause_end in _merged(pauses):
        if pause_start < finish and pause_end > begin:
            total -= _open_between(calendar, max(pause_start, begin), min(pause_end, finish))
    return total * _MICROSECOND


def due(calendar: Calendar, start: datetime, duration: timedelta, pauses: Iterable[Pause] = ()) -> datetime:
    """The earliest moment, in UTC, by which `duration` of open, unpaused time has passed since `start`.

    A target used up exactly at closing time is due at closing time, not at the next opening; one used up
    exactly when a pause begins is due then. A duration of zero is due at `start`, open or not. Pauses as in
    `elapsed`. ValueError for naive times, a negative duration, a pause without end that is reached first,
    a calendar closed for ten years on end, and a due time more than a century away.
    """
    missing = duration // _MICROSECOND
    if missing < 0:
        raise ValueError("A target cannot be shorter than nothing.")
    cursor = begin = _utc(start)
    if not missing:
        return start.astimezone(UTC)
    for pause_start, pause_end in _merged(pauses):
        if pause_end <= cursor:
            continue
        if pause_start > cursor:
            available = _open_between(calendar, cursor, pause_start)
            if missing <= available:
                break
            missing -= available
        if pause_end == datetime.max:
            raise ValueError("No due time: the clock is paused without an end before the target is used up.")
        cursor = pause_end
    return _reached(calendar, cursor, missing, begin + LONGEST_WAIT).replace(tzinfo=UTC)


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether the calendar is open at the aware moment `at`: open at opening time, closed at closing time."""
    local = _utc(at).replace(tzinfo=UTC).astimezone(calendar.timezone)
    clock = _microseconds(local.time())
    return any(opens <= clock < closes for opens, closes in calendar._local.frames(local.toordinal()))


def next_opening(calendar: Calendar, at: datetime) -> datetime:
    """The first open moment, in UTC, not before the aware moment `at`: `at` itself when it is open.

    ValueError when the calendar stays closed for ten years.
    """
    begin = _utc(at)
    for start, end, offset in _steady_spans(calendar.timezone, begin):
        opening = calendar._local.next_open(start + offset) - offset
        if min(opening, end) - begin > LONGEST_CLOSURE:
            break
        if opening < end:
            return opening.replace(tzinfo=UTC)
    raise ValueError("This business calendar does not open for ten years: look at its holidays.")


def _utc(at: datetime) -> datetime:
    """`at` as a UTC time without tzinfo, which is what all arithmetic here uses."""
    if at.utcoffset() is None:
        raise ValueError(f"Business time needs times with a timezone, not {at.isoformat()}.")
    if not 1 < at.year < date.max.year - 1:
        raise ValueError(f"Business time is not counted in the year {at.year}.")
    return at.astimezone(UTC).replace(tzinfo=None)


def _open_between(calendar: Calendar, begin: datetime, finish: datetime) -> int:
    total = 0
    for start, end, offset in _steady_spans(calendar.timezone, begin):
        before = calendar._local.before
        total += before(min(end, finish) + offset) - before(start + offset)
        if end >= finish:
            break
    return total


def _reached(calendar: Calendar, begin: datetime, missing: int, limit: datetime) -> datetime:
    next_opening(calendar, begin.replace(tzinfo=UTC))
    local = calendar._local
    for start, end, offset in _steady_spans(calendar.timezone, begin):
        passed = local.before(start + offset)
        available = local.before(end + offset) - passed
        if missing <= available:
            at = local.reached(passed + missing) - offset
            if at <= limit:
                return at
        missing -= available
        if end > limit or missing <= 0:
            break
    raise ValueError("The due time lies more than a century away: look at the target and the calendar.")


def _merged(pauses: Iterable[Pause]) -> list[tuple[datetime, datetime]]:
    """Pauses in UTC, in order, none overlapping; one without an end lasts for ever."""
    merged: list[tuple[datetime, datetime]] = []
    spans = [(_utc(start), datetime.max if end is None else _utc(end)) for start, end in pauses]
    for start, end in sorted(spans):
        if end < start:
            raise ValueError("A pause cannot end before it starts.")
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _steady_spans(zone: tzinfo, begin: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """From `begin` on: spans of UTC time (start, end) in which the offset of the zone does not change."""
    start, offset = begin, _offset(zone, begin)
    for year in range(begin.year, date.max.year):
        for changed_at, changed_to in _offset_changes(zone, year):
            if changed_at > start:
                yield start, changed_at, offset
                start = changed_at
            if changed_at >= begin:
                offset = changed_to
        year_end = datetime(year + 1, 1, 1)
        yield start, year_end, offset
        start = year_end


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta(0)


@lru_cache(maxsize=4096)
def _offset_changes(zone: tzinfo, year: int) -> tuple[tuple[datetime, timedelta], ...]:
    """The moments of a UTC year at which the zone's offset changes, to the second, with the new offset."""
    changes = []
    at, finish = datetime(year, 1, 1), datetime(year + 1, 1, 1)
    offset = _offset(zone, at)
    while at < finish:
        later = min(at + _STEP, finish)
        changed = _offset(zone, later)
        if changed != offset:
            seconds = range((later - at) // _SECOND)
            first = bisect_left(seconds, True, key=lambda second: _offset(zone, at + second * _SECOND) != offset)
            changes.append((at + first * _SECOND, changed))
        at, offset = later, changed
    return tuple(changes)
