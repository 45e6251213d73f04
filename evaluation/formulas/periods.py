"""Periods: the days a number is about, and where a time zone cuts them. Plain Python, no clock of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

YEAR, HALF, QUARTER, MONTH, WEEK, DAYS = "year", "half", "quarter", "month", "week", "days"
KINDS = (YEAR, HALF, QUARTER, MONTH, WEEK, DAYS)
ALLOWED = "2017, 2017-H1, 2017-Q2, 2017-06, 2017-W23 or 2017-04-01..2017-06-30"

EARLIEST, LATEST = date(1900, 1, 1), date(2299, 12, 31)  # the calendar goes on far enough around them

_MONTHS = {YEAR: 12, HALF: 6, QUARTER: 3, MONTH: 1}
_PATTERNS = {
    YEAR: re.compile(r"(\d{4})()"),
    HALF: re.compile(r"(\d{4})-H([12])"),
    QUARTER: re.compile(r"(\d{4})-Q([1-4])"),
    MONTH: re.compile(r"(\d{4})-(\d{2})"),
    WEEK: re.compile(r"(\d{4})-W(\d{2})"),
}
_RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")


class PeriodError(ValueError):
    """The text names no period; the message says what is allowed."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not a period; write {ALLOWED}.")


@dataclass(frozen=True, order=True)
class Period:
    """Days from `first` to `last`, both included."""

    first: date
    last: date
    kind: str = DAYS

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"A period does not end ({self.last}) before it begins ({self.first}).")

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What `parse` reads back: 2017-Q2."""
        year, month = self.first.year, self.first.month
        if self.kind == WEEK:
            iso = self.first.isocalendar()
            return f"{iso.year}-W{iso.week:02}"
        return {
            YEAR: f"{year}",
            HALF: f"{year}-H{(month + 5) // 6}",
            QUARTER: f"{year}-Q{(month + 2) // 3}",
            MONTH: f"{year}-{month:02}",
        }.get(self.kind, f"{self.first}..{self.last}")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def bounds(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """The half-open stretch of time [start, end) that the days are in a time zone."""
        return midnight(self.first, zone), midnight(self.last + timedelta(days=1), zone)

    def contains(self, day: date) -> bool:
        return self.first <= day <= self.last

    def is_complete(self, now: datetime, zone: tzinfo) -> bool:
        return self.bounds(zone)[1] <= now

    def previous(self, steps: int = 1) -> Period:
        return self.next(-steps)

    def next(self, steps: int = 1) -> Period:
        """The period of the same kind so many later; ranges of days move by their own length."""
        if self.kind in _MONTHS:
            return _of_months(self.kind, self.first.year, self.first.month - 1 + steps * _MONTHS[self.kind])
        shift = timedelta(days=self.days * steps)
        return Period(self.first + shift, self.last + shift, self.kind)

    def year_before(self) -> Period:
        """The same period last year; of a week, the week of the same number or, of week 53, the last one."""
        if self.kind in _MONTHS:
            return self.previous(12 // _MONTHS[self.kind])
        if self.kind == WEEK:
            return self.previous(52)
        return Period(_year_earlier(self.first), _year_earlier(self.last), self.kind)


def midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def parse(text: str) -> Period:
    """The period a text names; PeriodError otherwise."""
    text = text.strip()
    try:
        period = _read(text)
    except ValueError:
        period = None
    if period is None or period.first < EARLIEST or period.last > LATEST:
        raise PeriodError(text)
    return period


def _read(text: str) -> Period | None:
    if found := _RANGE.fullmatch(text):
        return Period(date.fromisoformat(found[1]), date.fromisoformat(found[2]))
    for kind, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(text):
            return _numbered(kind, int(found[1]), int(found[2] or 1))
    return None


def containing(kind: str, day: date) -> Period:
    """The year, half, quarter, month or week in which a day lies."""
    if kind == WEEK:
        first = day - timedelta(days=day.weekday())
        return Period(first, first + timedelta(days=6), WEEK)
    if kind not in _MONTHS:
        raise ValueError(f"{kind!r} is no kind of period that a day lies in; one of {', '.join((*_MONTHS, WEEK))}.")
    length = _MONTHS[kind]
    return _of_months(kind, day.year, (day.month - 1) // length * length)


def last(kind: str, count: int, until: Period | date) -> list[Period]:
    """So many periods in a row, the oldest first, the last of them `until` or the one that day lies in."""
    end = until if isinstance(until, Period) else containing(kind, until)
    return [end.previous(steps) for steps in range(count - 1, -1, -1)]


def _numbered(kind: str, year: int, number: int) -> Period:
    if kind == WEEK:
        return containing(WEEK, date.fromisocalendar(year, number, 1))
    if number * _MONTHS[kind] > 12 or number < 1:
        raise ValueError(number)
    return _of_months(kind, year, (number - 1) * _MONTHS[kind])


def _of_months(kind: str, year: int, month: int) -> Period:
    """The period that begins so many months after January of a year."""
    end = month + _MONTHS[kind]
    first = date(year + month // 12, month % 12 + 1, 1)
    return Period(first, date(year + end // 12, end % 12 + 1, 1) - timedelta(days=1), kind)


def _year_earlier(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - 1, day=28)
