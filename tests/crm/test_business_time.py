"""Business time, worked out by hand."""

import pickle
import time as stopwatch
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm import business_time
from crm.business_time import Calendar, due, elapsed, is_open, next_opening

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = [(time(9), time(17))]
ALL_DAY = [(time(0), time(0))]
WORKING_WEEK = dict.fromkeys(range(5), OFFICE)
WHOLE_WEEK = dict.fromkeys(range(7), ALL_DAY)
NAIVE = datetime(2026, 6, 1)  # noqa: DTZ001


def berlin(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=BERLIN, fold=fold)  # type: ignore[arg-type, misc]


OFFICE_HOURS = Calendar("Europe/Berlin", WORKING_WEEK)
AROUND_THE_CLOCK = Calendar("Europe/Berlin", WHOLE_WEEK)


# --- the calendar ------------------------------------------------------------------------------------


def test_a_calendar_without_opening_hours_is_refused():
    for hours in ({}, {0: []}):
        with pytest.raises(ValueError, match="at least one weekday"):
            Calendar("UTC", hours)


def test_overlapping_or_unordered_frames_are_refused_by_the_name_of_the_weekday():
    with pytest.raises(ValueError, match="Wednesday"):
        Calendar("UTC", {2: [(time(9), time(13)), (time(12), time(17))]})
    with pytest.raises(ValueError, match="Friday"):
        Calendar("UTC", {4: [(time(13), time(17)), (time(9), time(12))]})


def test_a_frame_that_closes_before_it_opens_is_refused():
    with pytest.raises(ValueError, match="Monday closes at 06:00, not after it opens at 22:00"):
        Calendar("UTC", {0: [(time(22), time(6))]})
    with pytest.raises(ValueError, match="Monday closes at 09:00"):
        Calendar("UTC", {0: [(time(9), time(9))]})


def test_an_unknown_weekday_timezone_or_aware_time_is_refused():
    with pytest.raises(ValueError, match="not 7"):
        Calendar("UTC", {7: OFFICE})
    with pytest.raises(ValueError, match="Mars/Olympus"):
        Calendar("Mars/Olympus", WORKING_WEEK)
    with pytest.raises(ValueError, match="Monday"):
        Calendar("UTC", {0: [(time(9, tzinfo=UTC), time(17))]})


def test_calendars_that_mean_the_same_are_equal_hashable_and_frozen():
    one = Calendar("Europe/Berlin", {0: OFFICE, 1: []}, [date(2026, 1, 1), date(2026, 1, 1)])
    other = Calendar(BERLIN, {0: tuple(OFFICE)}, {date(2026, 1, 1)})
    assert one == other
    assert len({one, other}) == 1
    assert pickle.loads(pickle.dumps(one)) == one
    with pytest.raises(AttributeError):
        one.holidays = frozenset()  # type: ignore[misc]


def test_closing_at_2359_or_midnight_means_the_end_of_the_day():
    for closes in (time(23, 59), time(0), time(23, 59, 59)):
        calendar = Calendar("UTC", {0: [(time(22), closes)]})
        monday = datetime(2026, 6, 1, tzinfo=UTC)
        assert elapsed(calendar, monday, monday + timedelta(days=2)) == 2 * HOUR


def test_frames_that_touch_are_one_stretch():
    calendar = Calendar("UTC", {0: [(time(9), time(12)), (time(12), time(17))]})
    assert due(calendar, datetime(2026, 6, 1, 8, tzinfo=UTC), 8 * HOUR) == datetime(2026, 6, 1, 17, tzinfo=UTC)


# --- elapsed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (berlin(2026, 6, 1, 10), berlin(2026, 6, 1, 10, 20), 20 * MINUTE),
        (berlin(2026, 6, 1, 16, 50), berlin(2026, 6, 2, 9, 10), 20 * MINUTE),
        (berlin(2026, 6, 5, 16, 50), berlin(2026, 6, 8, 9, 10), 20 * MINUTE),  # over a weekend
        (berlin(2026, 6, 6, 10), berlin(2026, 6, 7, 20), 0 * MINUTE),  # all of it on a weekend
        (berlin(2026, 6, 1, 18), berlin(2026, 6, 1, 23), 0 * MINUTE),  # asked and answered after hours
        (berlin(2026, 6, 1, 18), berlin(2026, 6, 2, 8), 0 * MINUTE),  # answered before opening: 0, not 1 s
        (berlin(2026, 6, 1, 16, 59, 59), berlin(2026, 6, 1, 17, 0, 1), timedelta(seconds=1)),
        (berlin(2026, 6, 1, 9), berlin(2026, 6, 1, 9), 0 * MINUTE),
    ],
)
def test_only_open_time_counts(start, end, expected):
    assert elapsed(OFFICE_HOURS, start, end) == expected


def test_each_weekday_has_its_own_hours_and_several_frames():
    calendar = Calendar(
        "Asia/Shanghai",
        {0: [(time(9), time(12)), (time(13, 30), time(18))], 1: [(time(10), time(11))]},
    )
    shanghai = ZoneInfo("Asia/Shanghai")
    start, end = datetime(2026, 6, 1, 11, tzinfo=shanghai), datetime(2026, 6, 2, 23, tzinfo=shanghai)
    assert elapsed(calendar, start, end) == timedelta(hours=1 + 4.5 + 1)


def test_a_holiday_is_closed_all_day_even_where_it_falls_on_a_closed_weekday():
    calendar = Calendar("Europe/Berlin", WORKING_WEEK, [date(2026, 5, 1), date(2026, 5, 3)])
    assert elapsed(calendar, berlin(2026, 4, 30), berlin(2026, 5, 5)) == 16 * HOUR
    assert due(calendar, berlin(2026, 4, 30, 16), 2 * HOUR) == berlin(2026, 5, 4, 10)


def test_a_day_with_a_change_of_clocks_has_23_or_25_hours():
    assert elapsed(AROUND_THE_CLOCK, berlin(2026, 3, 29), berlin(2026, 3, 30)) == 23 * HOUR
    assert elapsed(AROUND_THE_CLOCK, berlin(2026, 10, 25), berlin(2026, 10, 26)) == 25 * HOUR
    new_york = Calendar("America/New_York", WHOLE_WEEK)
    zone = ZoneInfo("America/New_York")
    assert elapsed(new_york, datetime(2026, 3, 8, tzinfo=zone), datetime(2026, 3, 9, tzinfo=zone)) == 23 * HOUR
    assert elapsed(new_york, datetime(2026, 11, 1, tzinfo=zone), datetime(2026, 11, 2, tzinfo=zone)) == 25 * HOUR


def test_a_frame_in_the_skipped_hour_is_not_open_and_one_in_the_repeated_hour_is_open_twice():
    nights = Calendar("Europe/Berlin", {6: [(time(2, 15), time(2, 45))]})
    assert elapsed(nights, berlin(2026, 3, 29), berlin(2026, 3, 30)) == timedelta(0)
    assert elapsed(nights, berlin(2026, 10, 25), berlin(2026, 10, 26)) == HOUR
    assert due(nights, berlin(2026, 3, 29), 30 * MINUTE) == berlin(2026, 4, 5, 2, 45)
    first, second = datetime(2026, 10, 25, 0, 15, tzinfo=UTC), datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert due(nights, first, 30 * MINUTE) == first + 30 * MINUTE
    assert due(nights, first, 31 * MINUTE) == second + MINUTE
    assert next_opening(nights, first + 30 * MINUTE) == second


def test_a_change_of_clocks_at_midnight_keeps_its_hour():
    # Santiago goes back from 24:00 to 23:00 on Saturday 2026-04-04 and skips 00:00-01:00 on Sunday 2026-09-06.
    santiago = ZoneInfo("America/Santiago")
    calendar = Calendar(santiago, WHOLE_WEEK)
    saturday, sunday = datetime(2026, 4, 4, tzinfo=santiago), datetime(2026, 4, 5, tzinfo=santiago)
    assert elapsed(calendar, saturday, sunday) == 25 * HOUR
    early = Calendar(santiago, {6: [(time(0), time(2))]})
    assert elapsed(early, datetime(2026, 9, 5, tzinfo=santiago), datetime(2026, 9, 7, tzinfo=santiago)) == HOUR


def test_a_day_that_a_country_skipped_has_no_hours():
    apia = ZoneInfo("Pacific/Apia")  # went from Thursday 29 to Saturday 31 December 2011
    calendar = Calendar(apia, WHOLE_WEEK)
    assert elapsed(calendar, datetime(2011, 12, 29, tzinfo=apia), datetime(2012, 1, 1, tzinfo=apia)) == 48 * HOUR


def test_naive_times_and_an_end_before_the_start_are_refused():
    for start, end in ((NAIVE, berlin(2026, 6, 2)), (berlin(2026, 5, 1), NAIVE)):
        with pytest.raises(ValueError, match="timezone"):
            elapsed(OFFICE_HOURS, start, end)
    with pytest.raises(ValueError, match="backwards"):
        elapsed(OFFICE_HOURS, berlin(2026, 6, 2), berlin(2026, 6, 1))
    with pytest.raises(ValueError, match="timezone"):
        due(OFFICE_HOURS, NAIVE, HOUR)
    with pytest.raises(ValueError, match="timezone"):
        is_open(OFFICE_HOURS, NAIVE)


# --- pauses --------------------------------------------------------------------------------------------


def test_pauses_are_subtracted_once_however_they_overlap():
    start, end = berlin(2026, 6, 1, 9), berlin(2026, 6, 1, 17)
    pauses = [
        (berlin(2026, 6, 1, 12), berlin(2026, 6, 1, 13)),
        (berlin(2026, 6, 1, 10), berlin(2026, 6, 1, 11)),
        (berlin(2026, 6, 1, 10, 30), berlin(2026, 6, 1, 11, 30)),
        (berlin(2026, 5, 31, 8), berlin(2026, 6, 1, 9, 15)),
        (berlin(2026, 6, 1, 16, 30), berlin(2026, 6, 2, 12)),
        (berlin(2026, 6, 1, 14), berlin(2026, 6, 1, 14)),
    ]
    assert elapsed(OFFICE_HOURS, start, end, pauses) == timedelta(hours=8 - 1 - 1.5 - 0.25 - 0.5)


def test_a_pause_without_end_lasts():
    pauses = [(berlin(2026, 6, 1, 10), None)]
    assert elapsed(OFFICE_HOURS, berlin(2026, 6, 1, 9), berlin(2026, 6, 9), pauses) == HOUR
    assert due(OFFICE_HOURS, berlin(2026, 6, 1, 9), HOUR, pauses) == berlin(2026, 6, 1, 10)
    with pytest.raises(ValueError, match="paused without an end"):
        due(OFFICE_HOURS, berlin(2026, 6, 1, 9), 2 * HOUR, pauses)


def test_a_pause_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="pause"):
        elapsed(OFFICE_HOURS, berlin(2026, 6, 1), berlin(2026, 6, 2), [(berlin(2026, 6, 2), berlin(2026, 6, 1))])


def test_a_pause_moves_the_due_time_by_its_business_time():
    pauses = [(berlin(2026, 6, 1, 16), berlin(2026, 6, 2, 10))]  # two business hours
    assert due(OFFICE_HOURS, berlin(2026, 6, 1, 15), 4 * HOUR) == berlin(2026, 6, 2, 11)
    assert due(OFFICE_HOURS, berlin(2026, 6, 1, 15), 4 * HOUR, pauses) == berlin(2026, 6, 2, 13)


# --- due -----------------------------------------------------------------------------------------------


def test_a_target_used_up_at_closing_time_is_due_at_closing_time():
    assert due(OFFICE_HOURS, berlin(2026, 6, 5, 13), 4 * HOUR) == berlin(2026, 6, 5, 17)
    assert due(OFFICE_HOURS, berlin(2026, 6, 5, 9), 16 * HOUR) == berlin(2026, 6, 8, 17)
    one_second_more = 4 * HOUR + timedelta(seconds=1)
    assert due(OFFICE_HOURS, berlin(2026, 6, 5, 13), one_second_more) == berlin(2026, 6, 8, 9, 0, 1)


def test_a_target_set_after_hours_starts_at_the_next_opening():
    assert due(OFFICE_HOURS, berlin(2026, 6, 5, 18), HOUR) == berlin(2026, 6, 8, 10)


def test_the_next_day_closes_at_its_own_hour():
    calendar = Calendar("Europe/Berlin", {0: [(time(9), time(12))], 1: [(time(9), time(18))]})
    assert due(calendar, berlin(2026, 6, 1, 11), 9 * HOUR) == berlin(2026, 6, 2, 17)
    assert due(calendar, berlin(2026, 6, 2, 17), 4 * HOUR) == berlin(2026, 6, 8, 12)


def test_no_target_at_all_is_due_at_once_and_a_negative_one_is_refused():
    saturday = berlin(2026, 6, 6, 12)
    assert due(OFFICE_HOURS, saturday, timedelta(0)) == saturday
    with pytest.raises(ValueError, match="shorter than nothing"):
        due(OFFICE_HOURS, saturday, -MINUTE)


def test_the_answer_is_in_utc_so_that_subtracting_it_counts_real_seconds():
    answer = due(AROUND_THE_CLOCK, berlin(2026, 3, 28, 12), 24 * HOUR)
    assert answer.tzinfo is UTC
    assert answer == berlin(2026, 3, 29, 13)


def test_a_calendar_closed_for_ten_years_or_a_century_long_target_is_refused():
    first = date(2026, 1, 1)
    closed = Calendar("Europe/Berlin", WHOLE_WEEK, [first + timedelta(days=n) for n in range(4000)])
    for ask in (lambda: due(closed, berlin(2026, 1, 1), HOUR), lambda: next_opening(closed, berlin(2026, 1, 1))):
        with pytest.raises(ValueError, match="ten years"):
            ask()
    with pytest.raises(ValueError, match="century"):
        due(AROUND_THE_CLOCK, berlin(2026, 1, 1), timedelta(days=40_000))


def test_ten_years_are_counted_in_less_than_ten_milliseconds():
    holidays = [date(year, 12, day) for year in range(2020, 2032) for day in (24, 25, 26, 31)]
    calendar = Calendar("America/Toronto", WORKING_WEEK, holidays)
    start, end = datetime(2021, 3, 4, 15, 30, tzinfo=UTC), datetime(2031, 3, 4, 15, 30, tzinfo=UTC)
    times = []
    for _ in range(3):  # the best of three, each without anything remembered of the zone
        business_time._offset_changes.cache_clear()
        began = stopwatch.process_time()
        spent = elapsed(calendar, start, end)
        times.append(stopwatch.process_time() - began)
    assert min(times) < 0.010
    business_time._offset_changes.cache_clear()
    assert due(calendar, start, spent) == end


# --- is it open ----------------------------------------------------------------------------------------


def test_a_calendar_is_open_from_opening_time_until_just_before_closing_time():
    assert not is_open(OFFICE_HOURS, berlin(2026, 6, 1, 8, 59, 59))
    assert is_open(OFFICE_HOURS, berlin(2026, 6, 1, 9))
    assert is_open(OFFICE_HOURS, berlin(2026, 6, 1, 16, 59, 59))
    assert not is_open(OFFICE_HOURS, berlin(2026, 6, 1, 17))


def test_the_next_opening_is_now_when_it_is_open():
    assert next_opening(OFFICE_HOURS, berlin(2026, 6, 1, 11)) == berlin(2026, 6, 1, 11)
    assert next_opening(OFFICE_HOURS, berlin(2026, 6, 5, 17)) == berlin(2026, 6, 8, 9)
