"""Lead conversion and speed to lead."""

from __future__ import annotations

import random
from datetime import date, time, timedelta

import pytest

from crm import business_time
from crm.models import BusinessCalendar
from customers.sales.models import Lead, LeadTarget
from evaluation import engine
from evaluation.formulas import intervals, periods
from evaluation.formulas.survival import kaplan_meier
from tests.evaluation.measured import LATER, measured, parts, records
from tests.factories.evaluation import came_in, moment

pytestmark = pytest.mark.django_db

LUNCH = ((time(8, 15), time(12)), (time(13), time(23, 59)))
QUARTERS = (periods.parse("2026-Q1"), periods.parse("2026-Q2"))


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


def a_target(minutes=60, **fields):
    """In Berlin, Monday to Friday from 9 to 17, but not on the holiday of 1 May."""
    calendar = BusinessCalendar.objects.create(name=f"Office {fields}", timezone="Europe/Berlin")
    for weekday in range(5):
        calendar.frames.create(weekday=weekday, opens=time(9), closes=time(17))
    calendar.holidays.create(date=date(2026, 5, 1))
    return LeadTarget.objects.create(minutes=minutes, calendar=calendar, **fields)


def test_speed_is_in_business_time_of_the_leads_own_target_and_who_waits_is_not_dropped(cast):
    """Thursday 16:00 in Berlin, a holiday and a weekend between, Monday 9:30: an hour and a half. On Monday 2, 3 and
    4 hours; one still waits, 3 hours by Tuesday 9:00. Of five a quarter of what is left after the third, so the median
    is the time of the third that ended."""
    target = a_target()
    came_in("2026-04-30 14:00", first_contact_at=moment("2026-05-04 07:30"), owner=cast.rep)
    for hour in (2, 3, 4):
        came_in("2026-05-04 07:00", first_contact_at=moment("2026-05-04 07:00") + timedelta(hours=hour), owner=cast.rep)
    came_in("2026-05-04 12:00", owner=cast.rep)
    came_in("2026-05-04 12:00", owner=cast.rep, state="discarded", reason="spam")
    result = measured("speed_to_lead", now=moment("2026-05-05 07:00"))
    assert (result.value, result.n) == (3 * 3600, 5)
    assert result.flags == ("small_n", "provisional", "no_lead:1", "not_contacted:1")
    rows = records("speed_to_lead", cast.rep).rows
    assert sorted(row.value for row in rows if row.fields["first_contact_at"]) == [5400, 7200, 10_800, 14_400]
    # After 30 days the one who waits is still there, and nine of ten are not.
    late = measured("speed_to_lead_p90")
    assert (late.value, late.interval, late.flags[0]) == (None, None, "not_reached")
    before = measured("speed_to_lead", as_of=moment("2026-05-04 08:00"))
    assert (before.value, before.n, before.issues) == (5400, 4, {"not_contacted": 3})
    # Without hours in the target, or a target, around the clock.
    target.calendar = None
    target.save()
    clock = measured("speed_to_lead", now=moment("2026-05-05 07:00"))
    assert "around_the_clock:4" in clock.flags
    assert max(row.value for row in records("speed_to_lead").rows if row.fields["first_contact_at"]) == 89.5 * 3600


def test_business_time_in_sql_is_that_of_the_clock_which_promises(cast):
    target = a_target()
    for name, frames in (("night", [(0, time(0), time(23, 59)), (6, time(0), time(23, 59))]), ("two", [])):
        calendar = BusinessCalendar.objects.create(name=name, timezone="America/New_York")
        for weekday, opens, closes in frames or [(day, *span) for day in range(6) for span in LUNCH]:
            calendar.frames.create(weekday=weekday, opens=opens, closes=closes)
        LeadTarget.objects.create(minutes=5, calendar=calendar, channel={"night": "event", "two": "website"}[name])
    dice = random.Random(3)
    for channel in ("event", "website", "") * 12:
        start = moment("2026-03-01") + timedelta(minutes=dice.randint(0, 60 * 24 * 60))
        came_in(str(start)[:16], channel=channel, first_contact_at=start + timedelta(minutes=dice.randint(0, 30_000)))
    known = {one.channel: one.calendar.as_calendar() for one in LeadTarget.objects.select_related("calendar")}
    rows = {row.id: row.value for row in records("speed_to_lead", period="2026").rows}
    for lead in Lead.objects.all():
        expected = business_time.elapsed(known[lead.channel], lead.created_at, lead.first_contact_at)
        assert rows[lead.pk] == expected.total_seconds(), lead
    found = kaplan_meier(list(rows.values()), [True] * len(rows))
    result = measured("speed_to_lead", period="2026")
    assert result.value == found.median
    assert (result.interval.low, result.interval.high) == found.median_interval
    assert measured("speed_to_lead_p90", period="2026").value == found.quantile(0.9)
    assert target.pk


def test_the_median_of_those_who_wait_too_is_that_of_the_estimate_in_python():
    dice = random.Random(5)
    durations, seen = [], []
    for _number in range(30):
        hours, is_seen = dice.randint(1, 40), dice.random() < 0.7
        durations.append(hours * 3600 if is_seen else 30 * 86_400)
        seen.append(is_seen)
        contact = moment("2026-05-01") + timedelta(hours=hours) if is_seen else None
        came_in("2026-05-01", first_contact_at=contact)
    found, result = kaplan_meier(durations, seen), measured("speed_to_lead")
    assert result.value == found.median
    assert (result.interval.low, result.interval.high) == pytest.approx(found.median_interval)
    assert measured("speed_to_lead_p90").value == found.quantile(0.9)
    assert engine.explain("speed_to_lead", engine.COMPANY, *QUARTERS, now=LATER).is_estimate


def test_a_lead_is_in_time_until_its_deadline_and_late_from_then_on_whoever_calls(cast):
    """Two of four: one at the very deadline, one before, one after, one not at all; one still has time."""
    due = moment("2026-05-04 10:00")
    for minutes in (-5, 0, 1):
        came_in("2026-05-04", contact_due_at=due, first_contact_at=due + timedelta(minutes=minutes), owner=cast.rep)
    came_in("2026-05-04", contact_due_at=due, owner=cast.outsider)
    came_in("2026-05-04", contact_due_at=moment("2026-05-06"), owner=cast.rep)
    came_in("2026-05-04", owner=cast.rep)  # nothing was promised
    result = measured("leads_in_time", now=moment("2026-05-05"))
    assert (result.value, result.numerator, result.denominator) == (0.5, 2, 4)
    assert result.flags == ("small_n", "provisional", "not_due:1")
    assert parts("leads_in_time", "person") == {"Rosa Rep": 0.5, "Olaf Outsider": 0.0}
