"""Lead conversion and speed to lead."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from evaluation.formulas import intervals
from tests.evaluation.measured import measured, parts, records
from tests.factories.evaluation import came_in, moment

pytestmark = pytest.mark.django_db


def test_conversion_is_that_of_those_who_came_in_within_ninety_days(cast):
    came_in("2026-04-01", converted="2026-06-30", owner=cast.rep, channel="website")  # 90 days later, inclusively
    came_in("2026-04-01", converted="2026-06-30 00:01", owner=cast.rep, channel="website")  # a minute too late
    came_in("2026-06-30", converted="2026-08-01", owner=cast.outsider, channel="event")
    came_in("2026-05-01", owner=cast.outsider, state="discarded", reason="no_fit")
    came_in("2026-05-01", owner=cast.outsider, state="discarded", reason="spam")
    came_in("2026-05-01", owner=cast.outsider, state="discarded", reason="duplicate")
    came_in("2026-03-31", converted="2026-04-02")  # came in before
    came_in("2026-05-01", converted="2026-05-02", deleted_at=moment("2026-05-03"))
    result = measured("lead_conversion")
    assert (result.value, result.numerator, result.denominator) == (0.5, 2, 4)
    assert (result.interval.low, result.interval.high) == intervals.wilson(2, 4)
    assert result.flags == ("small_n", "no_lead:2")
    assert parts("lead_conversion", "channel") == {"website": 0.5, "event": 1.0, None: 0.0}
    assert parts("lead_conversion", "person") == {"Rosa Rep": 0.5, "Olaf Outsider": 0.5}
    assert measured("lead_conversion", period="2024").flags == ("no_denominator",)


def test_a_lead_that_may_still_convert_makes_the_number_provisional_and_a_later_conversion_is_not_seen_before():
    came_in("2026-06-20", converted="2026-07-10")
    came_in("2026-06-20")
    early = measured("lead_conversion", now=moment("2026-08-01"))
    assert (early.value, "provisional" in early.flags) == (0.5, True)
    assert "provisional" not in measured("lead_conversion").flags
    before = measured("lead_conversion", as_of=date(2026, 7, 1))
    assert (before.numerator, before.denominator) == (0, 2)
    assert "state_of_today" in before.flags


def test_speed_is_the_median_around_the_clock_and_who_still_waits_is_told_and_not_dropped(cast):
    start = moment("2026-05-01 10:00")
    for hours in (1, 2, 30):
        came_in("2026-05-01 10:00", first_contact_at=start + timedelta(hours=hours), owner=cast.rep)
    came_in("2026-05-02", owner=cast.rep)
    came_in("2026-05-02", owner=cast.rep, state="discarded", reason="spam")
    result = measured("speed_to_lead")
    assert (result.value, result.n) == (2 * 3600, 3)
    assert result.flags == ("small_n", "no_lead:1", "not_contacted:1")
    assert measured("speed_to_lead", as_of=datetime.fromisoformat("2026-05-01 13:00+00:00")).value == 1.5 * 3600
    rows = records("speed_to_lead", cast.rep).rows
    assert sorted((row.counted, row.value) for row in rows if row.value) == [
        (True, 3600),
        (True, 7200),
        (True, 108_000),
    ]
