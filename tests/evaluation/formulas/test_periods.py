"""Periods by their names, their neighbours, and where a time zone cuts them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.formulas import periods
from evaluation.formulas.periods import Period, PeriodError


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2017", "2017-01-01", "2017-12-31"),
        ("2017-H1", "2017-01-01", "2017-06-30"),
        ("2017-H2", "2017-07-01", "2017-12-31"),
        ("2017-Q2", "2017-04-01", "2017-06-30"),
        ("2016-02", "2016-02-01", "2016-02-29"),
        ("2017-12", "2017-12-01", "2017-12-31"),
        ("2017-W23", "2017-06-05", "2017-06-11"),
        ("2020-W53", "2020-12-28", "2021-01-03"),
        ("2017-04-01..2017-06-30", "2017-04-01", "2017-06-30"),
        ("2017-04-01..2017-04-01", "2017-04-01", "2017-04-01"),
    ],
)
def test_a_period_is_read_from_its_name_and_tells_it_again(text, first, last):
    period = periods.parse(text)
    assert (period.first, period.last) == (date.fromisoformat(first), date.fromisoformat(last))
    assert period.label == text


@pytest.mark.parametrize(
    "text",
    ["", "17", "2017-Q5", "2017-H3", "2017-13", "2017-00", "2017-W54", "2017-W00", "2017-6", "2017-q2", "Q2 2017",
     "2017-06-30..2017-04-01", "2017-02-30..2017-03-01", "2017-04-01", "2017-Q2x", "0000",
     "0001-01", "1899", "9999-12", "2300", "2017-01-01..2300-01-01"],
)  # fmt: skip
def test_anything_else_is_refused_with_what_is_allowed(text):
    with pytest.raises(PeriodError, match=r"is not a period; write 2017, 2017-H1, 2017-Q2, 2017-06, 2017-W23 or"):
        periods.parse(text)


def test_neighbours():
    assert periods.parse("2017-Q1").previous().label == "2016-Q4"
    assert periods.parse("2017-H2").next().label == "2018-H1"
    assert periods.parse("2017-12").next(2).label == "2018-02"
    assert periods.parse("2017").previous(2).label == "2015"
    assert periods.parse("2020-W53").next().label == "2021-W01"
    assert periods.parse("2017-04-01..2017-04-10").previous().label == "2017-03-22..2017-03-31"


def test_the_same_period_last_year():
    assert periods.parse("2017-Q2").year_before().label == "2016-Q2"
    assert periods.parse("2017-02").year_before().label == "2016-02"
    assert periods.parse("2016-02-29..2016-03-01").year_before().label == "2015-02-28..2015-03-01"


def test_the_last_twelve_months_end_with_this_one():
    months = periods.last("month", 12, date(2017, 2, 5))
    assert (months[0].label, months[-1].label, len(months)) == ("2016-03", "2017-02", 12)


def test_a_period_is_half_open_in_time_and_cut_in_the_time_zone():
    assert periods.parse("2017-Q2").bounds(UTC) == (
        datetime(2017, 4, 1, tzinfo=UTC),
        datetime(2017, 7, 1, tzinfo=UTC),
    )
    start, end = periods.parse("2017-03").bounds(ZoneInfo("Europe/Berlin"))
    assert (start.isoformat(), end.isoformat()) == ("2017-03-01T00:00:00+01:00", "2017-04-01T00:00:00+02:00")


def test_a_period_is_complete_when_its_last_day_is_over():
    period = periods.parse("2017-Q2")
    assert not period.is_complete(datetime(2017, 6, 30, 23, 59, 59, tzinfo=UTC), UTC)
    assert period.is_complete(datetime(2017, 7, 1, tzinfo=UTC), UTC)


def test_a_period_cannot_end_before_it_begins():
    with pytest.raises(ValueError, match="does not end"):
        Period(date(2017, 2, 1), date(2017, 1, 1))
    with pytest.raises(ValueError, match="no kind of period"):
        periods.containing("decade", date(2017, 2, 1))


@given(st.sampled_from(["year", "half", "quarter", "month", "week"]), st.dates(date(1900, 1, 1), date(2200, 1, 1)))
def test_every_day_lies_in_exactly_one_period_of_a_kind(kind, day):
    period = periods.containing(kind, day)
    assert period.contains(day)
    assert not period.next().contains(day)
    assert period.next().previous() == period
    assert (period.next().first - period.last).days == 1
    assert periods.parse(period.label) == period
