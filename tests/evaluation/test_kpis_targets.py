"""Forecast accuracy and quota attainment."""

from __future__ import annotations

from datetime import date

import pytest

from customers.sales.models import Quota
from tests.evaluation.measured import measured, parts, records
from tests.factories.evaluation import a_commit, a_quota, an_opportunity, moment, won
from tests.factories.sales import divide

pytestmark = pytest.mark.django_db


def test_accuracy_is_one_minus_the_differences_over_what_was_won_and_they_do_not_cancel(cast):
    a_commit(cast.rep, "2026-04", 100)
    won("2026-04-10", cast.rep, amount=80)
    a_commit(cast.rep, "2026-05", 100)
    won("2026-05-10", cast.rep, amount=120)
    a_commit(cast.outsider, "2026-06", 50)  # and wins nothing
    result = measured("forecast_accuracy")
    assert (result.value, result.denominator, result.n) == (pytest.approx(1 - 90 / 200), 200, 3)
    assert parts("forecast_accuracy", "person") == {"Rosa Rep": 0.8, "Olaf Outsider": None}
    assert measured("forecast_accuracy", cast.outsider).flags == ("no_denominator",)


def test_the_commit_is_that_of_the_first_week_and_only_months_that_are_over_count(cast):
    a_commit(cast.rep, "2026-04", 10, on="2026-03-20")
    a_commit(cast.rep, "2026-04", 100, on="2026-04-03")  # the first week: what stands
    a_commit(cast.rep, "2026-04", 80, on="2026-04-20")  # known better by then
    a_commit(cast.rep, "2026-04", 75, on="2026-04-01", kind="quarter")  # a month of it was forecast: not counted twice
    a_commit(cast.rep, "2026-05", 9, on="2026-04-27", currency="EUR")
    a_commit(cast.rep, "2026-06", 500)
    won("2026-04-10", cast.rep, amount=80)
    an_opportunity(("won", "2026-04-10"), ("open", "2026-04-12"), owner=cast.rep, amount=999)
    result = measured("forecast_accuracy", now=moment("2026-06-20"))
    assert (result.value, result.n) == (0.75, 1)
    assert result.flags == ("provisional", "other_currency:1", "not_over:1")
    assert {row.fields["commit"] for row in records("forecast_accuracy").rows} == {100, 9, 500}


def test_a_quarter_is_held_against_its_three_months_where_no_month_was_forecast(cast):
    a_commit(cast.rep, "2026-04", 300, kind="quarter")
    for month in (4, 5, 6):
        won(f"2026-0{month}-10", cast.rep, amount=80)
    assert measured("forecast_accuracy").value == 0.75
    assert measured("forecast_accuracy", period="2026-04").value is None


def test_attainment_is_won_over_quota_by_whoever_won_it_then(cast):
    for owner, month, amount in ((cast.rep, 4, 100), (cast.rep, 5, 100), (cast.outsider, 4, 200), (cast.rep, 7, 900)):
        a_quota(owner, f"2026-0{month}", amount)
    Quota.objects.create(for_team=cast.north, team=cast.north, month=date(2026, 4, 1), amount=999, currency="USD")
    won("2026-04-30 23:59", cast.rep, amount=150)
    won("2026-06-01", cast.rep, amount=70)  # a month without a quota
    won("2026-04-02", cast.outsider, amount=60, currency="EUR")
    won("2026-04-02", cast.outsider, amount=50)
    result = measured("quota_attainment")
    assert (result.value, result.numerator, result.denominator) == (0.5, 200, 400)
    assert parts("quota_attainment", "person") == {"Rosa Rep": 0.75, "Olaf Outsider": 0.25}
    assert parts("quota_attainment", "team")["North"] == 0.75
    assert measured("quota_attainment", period="2025").flags == ("no_denominator",)


def test_the_bias_says_which_way_and_errors_cancel(cast):
    for month, commit, came in (("2026-04", 100, 80), ("2026-05", 100, 120), ("2026-06", 150, 100)):
        a_commit(cast.rep, month, commit)
        won(f"{month}-10", cast.rep, amount=came)
    a_commit(cast.outsider, "2026-06", 50)
    result = measured("forecast_bias")
    assert (result.value, result.numerator, result.denominator) == (pytest.approx(1 / 3), 100, 300)
    assert parts("forecast_bias", "person") == {"Rosa Rep": pytest.approx(50 / 300), "Olaf Outsider": None}
    assert measured("forecast_bias", cast.rep, "2026-04").value == 0.25
    assert measured("forecast_bias", period="2025").flags == ("no_denominator",)


def test_attainment_by_credit_divides_what_was_won_and_adds_up_to_the_same(cast):
    for owner in (cast.rep, cast.outsider):
        a_quota(owner, "2026-04", 100)
    shared = won("2026-04-30 23:59", cast.rep, amount=90)
    divide(shared, (cast.rep, "0.3333"), (cast.outsider, "0.6667"), reason="Together")
    won("2026-04-02", cast.rep, amount=20)  # divided by nobody
    divide(won("2026-05-02", cast.rep, amount=500), (cast.outsider, "1"), reason="Another month")
    divide(won("2026-04-03", cast.rep, amount=10), (cast.junior, "1"), reason="Somebody without a quota")
    won("2026-04-02", cast.rep, amount=60, currency="EUR")
    assert parts("quota_attainment", "person") == {"Rosa Rep": 1.2, "Olaf Outsider": 0}
    assert parts("credited_quota_attainment", "person") == {"Rosa Rep": 0.5, "Olaf Outsider": 0.6}
    result = measured("credited_quota_attainment")
    assert (result.value, result.numerator, result.denominator) == (0.55, 110, 200)
    assert result.flags == ("without_rate:1",)
    assert measured("credited_quota_attainment", as_of=date(2026, 4, 20)).numerator == 30
    assert measured("credited_quota_attainment", cast.junior).flags == ("no_denominator",)
