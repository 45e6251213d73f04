"""Service KPIs, read off the history of tickets."""

from __future__ import annotations

import pytest

from tests.evaluation.measured import measured, parts, records
from tests.factories.evaluation import a_customer, a_ticket, moment

pytestmark = pytest.mark.django_db

HOUR = 3600
DAY = 86400


def test_first_response_time_is_the_median_business_time_to_the_first_answer():
    a_ticket("2026-04-01", ("answered", "2026-04-02", {"elapsed": 2}), ("answered", "2026-04-03", {"elapsed": 9}))
    a_ticket("2026-04-01", ("answered", "2026-04-05", {"elapsed": 4}))
    a_ticket("2026-04-01", ("answered", "2026-04-05", {"elapsed": 0}))
    a_ticket("2026-04-01", ("answered", "2026-04-05", {"elapsed": 8}))
    result = measured("first_response_time")
    assert (result.value, result.n, result.flags) == (3 * HOUR, 4, ("small_n",))


def test_first_response_time_belongs_to_the_period_the_ticket_was_opened_in():
    a_ticket("2026-06-30", ("answered", "2026-07-01", {"elapsed": 2}))
    assert measured("first_response_time").value == 2 * HOUR
    assert measured("first_response_time", period="2026-Q3").value is None


def test_first_response_time_counts_the_unanswered_beside_the_median():
    a_ticket("2026-04-01", ("answered", "2026-04-02", {"elapsed": 2}))
    a_ticket("2026-04-01")
    a_ticket("2026-04-01", ("resolved", "2026-04-05"))
    a_ticket("2026-04-01", ("answered", "2026-04-01 03:00"), clock=False)
    result = measured("first_response_time")
    assert (result.value, result.n) == (2.5 * HOUR, 2)
    assert result.issues == {"unanswered": 1, "no_answer_recorded": 1, "calendar_time": 1}
    assert measured("first_response_time", as_of=moment("2026-04-01").date()).issues == {
        "unanswered": 3,
        "calendar_time": 1,
    }


def test_first_response_time_credits_whoever_had_the_ticket_when_it_was_answered(cast):
    a_ticket(
        "2026-04-01",
        ("answered", "2026-04-02", {"elapsed": 2}),
        ("assigned", "2026-04-03", {"owner": cast.outsider}),
        owner=cast.agent,
    )
    assert parts("first_response_time", "person") == {"Ada Agent": 2 * HOUR}
    assert measured("first_response_time", cast.north).value == 2 * HOUR


def test_resolution_time_is_the_median_to_the_last_resolution_in_the_period():
    a_ticket("2026-03-01", ("resolved", "2026-04-02", {"elapsed": 10}), ("closed", "2026-04-12", {"elapsed": 10}))
    a_ticket(
        "2026-04-01",
        ("resolved", "2026-04-02", {"elapsed": 1}),
        ("reopened", "2026-04-03", {"elapsed": 1}),
        ("resolved", "2026-06-01", {"elapsed": 30}),
    )
    a_ticket("2026-04-01", ("resolved", "2026-04-02"), ("reopened", "2026-04-03"))
    a_ticket("2026-04-01", ("resolved", "2026-07-02"))
    result = measured("resolution_time")
    assert (result.value, result.n) == (20 * HOUR, 2)
    assert measured("resolution_time", period="2026-04").value == 10 * HOUR


def test_resolution_time_without_a_calendar_is_calendar_time_minus_what_the_clock_would_leave_out():
    a_ticket(
        "2026-04-01",
        ("paused", "2026-04-03"),
        ("resumed", "2026-04-06"),
        ("resolved", "2026-04-07"),
        ("reopened", "2026-04-17"),
        ("paused", "2026-04-18"),
        ("resolved", "2026-04-20"),
        clock=False,
    )
    result = measured("resolution_time")
    assert (result.value, result.issues) == (4 * DAY, {"calendar_time": 1})


def test_a_ticket_closed_at_once_was_resolved_by_that():
    a_ticket("2026-04-01", ("closed", "2026-04-02", {"elapsed": 5}))
    assert measured("resolution_time").value == 5 * HOUR
    assert measured("resolution_rate").value == 1.0
    assert measured("reopen_rate").denominator == 1


def test_resolution_rate_is_resolved_within_7_days_and_held_for_72_hours():
    a_ticket("2026-04-01", ("resolved", "2026-04-08"))
    a_ticket("2026-04-01", ("resolved", "2026-04-08 00:01"))
    a_ticket("2026-04-01", ("resolved", "2026-04-02"), ("reopened", "2026-04-05"))
    a_ticket("2026-04-01", ("resolved", "2026-04-02"), ("reopened", "2026-04-05 00:01"))
    a_ticket("2026-04-01", ("resolved", "2026-04-02"), ("reopened", "2026-04-03"), ("resolved", "2026-04-04"))
    a_ticket("2026-04-01")
    result = measured("resolution_rate")
    assert (result.value, result.numerator, result.denominator) == (0.5, 3, 6)
    assert result.flags == ("small_n",)


def test_resolution_rate_is_provisional_until_the_last_ticket_had_its_ten_days():
    a_ticket("2026-06-30 12:00", ("resolved", "2026-07-01"))
    assert measured("resolution_rate", now=moment("2026-07-10 11:59")).is_provisional
    assert not measured("resolution_rate", now=moment("2026-07-10 12:00")).is_provisional


def test_resolution_rate_charges_an_unresolved_ticket_to_whoever_had_it_on_the_seventh_day(cast):
    a_ticket(
        "2026-04-01",
        ("assigned", "2026-04-05", {"owner": cast.agent}),
        ("assigned", "2026-04-20", {"owner": cast.outsider}),
        ("resolved", "2026-04-21"),
        owner=cast.rep,
    )
    assert parts("resolution_rate", "person") == {"Ada Agent": 0.0}


def test_reopen_rate_counts_tickets_reopened_within_14_days_of_being_resolved():
    a_ticket("2026-04-01", ("resolved", "2026-04-02"), ("reopened", "2026-04-16"))
    a_ticket("2026-04-01", ("resolved", "2026-04-02"), ("reopened", "2026-04-16 00:01"))
    a_ticket("2026-04-01", ("resolved", "2026-04-02"), ("closed", "2026-04-12"))
    a_ticket("2026-06-01", ("resolved", "2026-06-25"), ("reopened", "2026-07-01"), ("resolved", "2026-07-02"))
    result = measured("reopen_rate")
    assert (result.value, result.numerator, result.denominator) == (0.5, 2, 4)
    assert measured("reopen_rate", period="2026-Q3").value == 0.0


def test_a_ticket_resolved_twice_in_the_period_counts_once():
    a_ticket("2026-04-01", ("resolved", "2026-04-02"), ("reopened", "2026-04-05"), ("resolved", "2026-04-06"))
    result = measured("reopen_rate")
    assert (result.numerator, result.denominator) == (1, 1)


def test_reopen_rate_is_provisional_while_a_ticket_can_still_be_reopened():
    a_ticket("2026-06-01", ("resolved", "2026-06-30"))
    assert measured("reopen_rate", now=moment("2026-07-13 23:59")).is_provisional
    assert not measured("reopen_rate", now=moment("2026-07-14")).is_provisional


def test_sla_attainment_is_met_of_the_deadlines_that_fell():
    deadlines = {"first_response_due_at": "2026-04-02", "resolution_due_at": "2026-04-05"}
    a_ticket("2026-04-01", ("answered", "2026-04-02"), ("resolved", "2026-04-05"), **deadlines)
    a_ticket("2026-04-01", ("answered", "2026-04-02 00:01"), ("resolved", "2026-04-05 00:01"), **deadlines)
    a_ticket("2026-04-01", ("resolved", "2026-04-01 12:00"), **deadlines)
    a_ticket("2026-04-01", **deadlines)
    a_ticket("2026-04-01")
    result = measured("sla_attainment")
    assert (result.value, result.numerator, result.denominator) == (0.5, 4, 8)


def test_sla_deadlines_that_have_not_fallen_do_not_count():
    a_ticket("2026-05-01", first_response_due_at="2026-05-12", resolution_due_at="2026-05-20")
    assert measured("sla_attainment", now=moment("2026-05-13")).denominator == 1
    assert measured("sla_attainment").denominator == 2
    earlier = measured("sla_attainment", as_of=moment("2026-05-11").date())
    assert earlier.value is None
    assert "deadlines_of_today" in earlier.flags
    assert "deadlines_of_today" not in measured("sla_attainment").flags


def test_sla_deadline_stands_still_while_the_customer_is_waited_for():
    deadline = {"resolution_due_at": "2026-04-05"}
    a_ticket("2026-04-01", ("paused", "2026-04-02"), **deadline)
    a_ticket("2026-04-01", ("paused", "2026-04-02"), ("resolved", "2026-04-20"), **deadline)
    result = measured("sla_attainment")
    assert (result.numerator, result.denominator) == (1, 1)


def test_sla_reopened_after_its_deadline_was_met_all_the_same():
    a_ticket("2026-04-01", ("resolved", "2026-04-02"), ("reopened", "2026-04-09"), resolution_due_at="2026-04-05")
    a_ticket("2026-04-01", ("resolved", "2026-04-02"), ("reopened", "2026-04-03"), resolution_due_at="2026-04-05")
    assert (measured("sla_attainment").numerator, measured("sla_attainment").denominator) == (1, 2)


def test_sla_says_nothing_about_answers_where_the_history_has_none():
    due = {"first_response_due_at": "2026-04-02"}
    a_ticket("2026-04-01", ("resolved", "2026-04-09"), **due)
    a_ticket("2026-04-01", ("resolved", "2026-04-09"), first_response_breached_at=moment("2026-04-02 00:01"), **due)
    result = measured("sla_attainment")
    assert (result.value, result.denominator, result.flags) == (0.0, 1, ("small_n", "no_answer_recorded:1"))


def test_sla_credits_whoever_met_the_deadline_or_had_the_ticket_when_it_fell(cast):
    due = {"first_response_due_at": "2026-04-05"}
    a_ticket(
        "2026-04-01",
        ("answered", "2026-04-02"),
        ("assigned", "2026-04-03", {"owner": cast.outsider}),
        owner=cast.agent,
        **due,
    )
    a_ticket("2026-04-01", ("assigned", "2026-04-06", {"owner": cast.agent}), owner=cast.outsider, **due)
    assert parts("sla_attainment", "person") == {"Ada Agent": 1.0, "Olaf Outsider": 0.0}


def test_tickets_can_be_cut_by_channel_and_customer():
    customer = a_customer("Acme", channel="event")
    a_ticket("2026-04-01", ("resolved", "2026-04-02"), customer=customer)
    for code in ("resolution_rate", "resolution_time", "reopen_rate"):
        assert set(parts(code, "channel")) == {"event"}
        assert set(parts(code, "customer")) == {"Acme"}


def test_tickets_in_the_bin_count_for_nothing():
    a_ticket("2026-04-01", ("resolved", "2026-04-02"), deleted_at=moment("2026-04-20"))
    for code in ("resolution_rate", "resolution_time", "reopen_rate", "first_response_time"):
        assert measured(code).n == 0
    assert measured("resolution_rate", as_of=moment("2026-04-19").date()).n == 1


def test_evidence_of_a_ticket_shows_both_moments():
    ticket = a_ticket("2026-04-01", ("resolved", "2026-04-02"))
    (row,) = records("resolution_rate").rows
    assert (row.kind, row.id, row.numerator) == ("ticket", ticket.pk, 1)
    assert row.fields == {"opened_at": "2026-04-01T00:00:00+00:00", "resolved_at": "2026-04-02T00:00:00+00:00"}
