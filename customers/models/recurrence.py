"""Rules that repeat, as RFC 5545 writes them, on the calendar of one place: days, and the same time on each.

Only what the form offers is taken: days, weeks on weekdays, months by day or by the nth weekday, years, each every so
often, until a day or so many times. A day that a month or year does not have is its last one, not skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice

from dateutil.rrule import rrulestr

PARTS = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "COUNT", "UNTIL"})
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
MOST_OFTEN, LONGEST = 1, 99
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Unusable(ValueError):
    """Not a rule that can be kept."""


def parse(text: str) -> dict[str, str]:
    """The parts of a rule; Unusable where it is none, or one that no form here writes."""
    try:
        parts = dict(part.split("=", 1) for part in text.split(";"))
    except ValueError:
        raise Unusable(text) from None
    interval, count = parts.get("INTERVAL", "1"), parts.get("COUNT", "1")
    usable = (
        set(parts) <= PARTS
        and parts.get("FREQ") in FREQUENCIES
        and interval.isdecimal()
        and MOST_OFTEN <= int(interval) <= LONGEST
        and count.isdecimal()
        and int(count) > 0
        and not {"COUNT", "UNTIL"} <= set(parts)
    )
    if not usable:
        raise Unusable(text)
    try:
        rrulestr(text, dtstart=datetime(2026, 1, 1))  # noqa: DTZ001 - days of a calendar have no zone
    except ValueError:
        raise Unusable(text) from None
    return parts


def days(text: str, start: date) -> Iterator[date]:
    """The days of the rule from its beginning on."""
    parse(text)
    for moment in rrulestr(text, dtstart=datetime.combine(start, time())):
        yield moment.date()


def day_after(text: str, start: date, day: date) -> date | None:
    """The first day of the rule after `day`; None when it has ended."""
    parse(text)
    found = rrulestr(text, dtstart=datetime.combine(start, time())).after(datetime.combine(day, time()))
    return found.date() if found is not None else None


def last_until(text: str, start: date, after: date, until: date) -> date | None:
    """The latest day of the rule that is after `after` and has come by `until`."""
    parse(text)
    found = rrulestr(text, dtstart=datetime.combine(start, time())).before(datetime.combine(until, time()), inc=True)
    return found.date() if found is not None and found.date() > after else None


def first(text: str, start: date, number: int) -> list[date]:
    """The first few days, to show what a rule means."""
    return list(islice(days(text, start), number))


def daily(every: int = 1) -> str:
    return f"FREQ=DAILY;INTERVAL={every}"


def weekly(weekdays: list[int], every: int = 1) -> str:
    """On these weekdays, Monday 0."""
    return f"FREQ=WEEKLY;INTERVAL={every};BYDAY={','.join(WEEKDAYS[day] for day in sorted(set(weekdays)))}"


def monthly_by_day(day: int, every: int = 1) -> str:
    """On the same day of the month, or on the last where a month is shorter."""
    return f"FREQ=MONTHLY;INTERVAL={every};{_or_last(day)}"


def monthly_by_weekday(start: date, every: int = 1) -> str:
    """On the same weekday of the month as `start`: the second Tuesday, say; the fifth is the last."""
    number = (start.day - 1) // 7 + 1
    return f"FREQ=MONTHLY;INTERVAL={every};BYDAY={number if number < 5 else -1}{WEEKDAYS[start.weekday()]}"


def yearly(start: date, every: int = 1) -> str:
    """On the same day; 29 February is 28 February in other years."""
    return f"FREQ=YEARLY;INTERVAL={every};BYMONTH={start.month};{_or_last(start.day)}"


def ending(rule: str, *, until: date | None = None, count: int | None = None) -> str:
    """The rule with an end."""
    if until is not None:
        return f"{rule};UNTIL={until:%Y%m%d}"
    return f"{rule};COUNT={count}" if count else rule


def _or_last(day: int) -> str:
    if day <= 28:
        return f"BYMONTHDAY={day}"
    return f"BYMONTHDAY={','.join(str(number) for number in range(28, day + 1))};BYSETPOS=-1"
