"""What customers say, and how many say anything."""

from __future__ import annotations

import pytest

from evaluation.formulas import intervals
from tests.evaluation.measured import measured, parts, records
from tests.factories.evaluation import a_customer, a_response, an_invitation, moment

pytestmark = pytest.mark.django_db


def test_csat_is_the_share_of_fours_and_fives():
    for score in (5, 4, 3, 1, 5):
        a_response("2026-04-02", score)
    a_response("2026-04-02", 10, type_="nps")
    a_response("2026-07-01", 1)
    result = measured("csat")
    assert (result.value, result.numerator, result.denominator) == (0.6, 3, 5)
    assert (result.interval.low, result.interval.high) == intervals.wilson(3, 5)
    assert result.flags == ("small_n",)


def test_csat_of_eight_good_and_two_bad_is_80_percent():
    for score in [5] * 8 + [2] * 2:
        a_response("2026-04-02", score)
    assert measured("csat").value == 0.8


def test_nps_is_promoters_minus_detractors_of_all_answers():
    for score in (10, 9, 9, 8, 7, 6, 0):
        a_response("2026-04-02", score, type_="nps")
    result = measured("nps")
    assert result.value == pytest.approx(100 / 7)
    assert (result.numerator, result.denominator, result.n) == (1, 7, 7)
    assert (result.interval.low, result.interval.high) == intervals.nps(3, 2, 2)
    assert result.interval.method == "adjusted wald"


def test_nps_of_ten_promoters_is_100_with_an_honest_interval():
    for _ in range(10):
        a_response("2026-04-02", 10, type_="nps")
    result = measured("nps")
    assert result.value == 100
    assert (round(result.interval.low, 1), result.interval.high) == (47.5, 100)


def test_nps_of_nobody_is_not_computable():
    assert (measured("nps").value, measured("nps").flags) == (None, ("no_denominator",))


def test_answers_count_for_whoever_the_survey_was_about(cast):
    for score in (5, 5, 5, 5, 1):
        a_response("2026-04-02", score, cast.agent)
    assert measured("csat", cast.agent).value == 0.8
    assert measured("csat", cast.north).value == 0.8
    assert measured("csat", cast.rep).value is None


def test_small_groups_of_identifiable_people_are_hidden(cast):
    for score in (5, 5, 1, 1):
        a_response("2026-04-02", score, cast.agent)
    for score in (5, 5, 5, 5, 1):
        a_response("2026-04-02", score, cast.outsider)
    hidden = measured("csat", cast.agent)
    assert (hidden.value, hidden.numerator, hidden.interval, hidden.n) == (None, None, None, 4)
    assert hidden.flags == ("hidden_small_group", "small_n")
    assert measured("csat", cast.outsider).value == 0.8
    assert measured("csat").value == pytest.approx(6 / 9)


def test_customers_and_channels_are_no_identifiable_group():
    customer = a_customer("Acme", channel="event")
    a_response("2026-04-02", 5, customer=customer)
    assert parts("csat", "customer") == {"Acme": 1.0}
    assert parts("csat", "channel") == {"event": 1.0}


def test_response_rate_is_answered_within_14_days_of_sent():
    an_invitation("2026-04-02")
    an_invitation("2026-04-02", "2026-04-03")
    an_invitation("2026-04-02", "2026-04-16")
    an_invitation("2026-04-02", "2026-04-16 00:01")
    an_invitation("2026-06-30", "2026-07-10")
    an_invitation("2026-07-01", "2026-07-02")
    result = measured("response_rate")
    assert (result.value, result.numerator, result.denominator) == (0.6, 3, 5)
    assert result.flags == ("small_n",)


def test_invitations_that_never_arrived_are_left_out():
    an_invitation("2026-04-02", "2026-04-03")
    an_invitation("2026-04-02", state="failed")
    result = measured("response_rate")
    assert (result.value, result.n, result.flags) == (1.0, 1, ("small_n", "undelivered:1"))


def test_response_rate_is_provisional_until_everybody_had_14_days():
    an_invitation("2026-06-25", "2026-06-26")
    an_invitation("2026-06-30 12:00")
    assert measured("response_rate", now=moment("2026-07-14 11:59")).is_provisional
    assert not measured("response_rate", now=moment("2026-07-14 12:00")).is_provisional


def test_response_rate_as_of_a_day_ignores_later_answers():
    an_invitation("2026-04-02", "2026-04-10")
    assert measured("response_rate", as_of=moment("2026-04-09").date()).value == 0.0
    assert measured("response_rate", as_of=moment("2026-04-10").date()).value == 1.0


def test_evidence_of_answers_shows_the_score():
    a_response("2026-04-02", 4)
    (row,) = records("csat").rows
    assert (row.kind, row.label, row.numerator, row.fields["score"]) == ("response", "CSAT: 4", 1, 4)
