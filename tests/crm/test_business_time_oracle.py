"""Business time against an oracle that looks at every minute, around changes of clocks."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from crm.business_time import Calendar, due, elapsed, is_open, next_opening

MINUTE = timedelta(minutes=1)
ALL_DAY = [(time(0), time(0))]

# Each with the UTC days of its changes of clocks, so that most examples lie on one.
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC)),  # by half an hour
    ("Australia/Lord_Howe", datetime(2026, 10, 3, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 4, 5, tzinfo=UTC)),  # at midnight
    ("America/Santiago", datetime(2026, 9, 6, tzinfo=UTC)),
    ("Asia/Shanghai", datetime(2027, 12, 31, tzinfo=UTC)),  # no change, over the end of a year
    ("Asia/Kathmandu", datetime(2028, 2, 28, tzinfo=UTC)),  # a leap day, an odd offset
    ("UTC", datetime(2026, 6, 30, tzinfo=UTC)),
]


@st.composite
def frames(draw):
    edges = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
    edges = edges[: len(edges) // 2 * 2]
    clock = [time(edge // 4 % 24, edge % 4 * 15) for edge in edges]
    return list(zip(clock[::2], clock[1::2], strict=True))


@st.composite
def situations(draw):
    """A calendar around a change of clocks, a span of up to four days in it, and pauses, all in minutes."""
    zone, change = draw(st.sampled_from(CHANGES))
    hours = {day: draw(frames()) for day in range(7)}
    if not any(hours.values()):
        hours[draw(st.integers(0, 6))] = ALL_DAY
    closed = draw(st.sets(st.integers(-3, 3), max_size=2))
    calendar = Calendar(zone, hours, [change.date() + timedelta(days=day) for day in closed])
    minutes = st.integers(-2880, 2880).map(lambda minute: change + minute * MINUTE)
    start, end = sorted((draw(minutes), draw(minutes)))
    pauses = [tuple(sorted(pair)) for pair in draw(st.lists(st.tuples(minutes, minutes), max_size=3))]
    return calendar, start, end, pauses


def open_by_the_clock(calendar: Calendar, at: datetime) -> bool:
    local = at.astimezone(calendar.timezone)
    if local.date() in calendar.holidays:
        return False
    return any(
        opens <= local.time() < closes or (opens <= local.time() and closes == time(0))
        for opens, closes in calendar.hours[local.weekday()]
    )


def counted_minutes(calendar, start, end, pauses):
    minutes = 0
    at = start
    while at < end:
        minutes += open_by_the_clock(calendar, at) and not any(begin <= at < until for begin, until in pauses)
        at += MINUTE
    return minutes * MINUTE


@settings(max_examples=300, deadline=None)
@given(situations())
def test_elapsed_agrees_with_looking_at_every_minute(situation):
    calendar, start, end, pauses = situation
    assert elapsed(calendar, start, end, pauses) == counted_minutes(calendar, start, end, pauses)


@settings(max_examples=300, deadline=None)
@given(situations(), st.integers(1, 200_000_000_000))
def test_what_is_due_has_elapsed_then_and_not_a_microsecond_before(situation, microseconds):
    calendar, start, _, pauses = situation
    duration = timedelta(microseconds=microseconds)
    at = due(calendar, start, duration, pauses)
    assert elapsed(calendar, start, at, pauses) == duration
    assert elapsed(calendar, start, at - timedelta(microseconds=1), pauses) < duration


@settings(max_examples=200, deadline=None)
@given(situations(), st.integers(0, 5_000_000_000))
def test_elapsed_time_adds_up(situation, seconds):
    calendar, start, end, pauses = situation
    later = end + timedelta(microseconds=seconds * 1000)
    parts = elapsed(calendar, start, end, pauses) + elapsed(calendar, end, later, pauses)
    assert parts == elapsed(calendar, start, later, pauses)


@settings(max_examples=200, deadline=None)
@given(situations())
def test_is_open_and_next_opening_agree_with_the_clock(situation):
    calendar, start, end, _ = situation
    at = start
    while at < end and not open_by_the_clock(calendar, at):
        assert not is_open(calendar, at)
        at += MINUTE
    assert is_open(calendar, at) == open_by_the_clock(calendar, at)
    if is_open(calendar, at):
        assert next_opening(calendar, start) == at
    else:
        assert next_opening(calendar, start) >= end
