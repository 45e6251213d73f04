"""New and active customers."""

from __future__ import annotations

import pytest

from evaluation.formulas import intervals
from tests.evaluation.measured import measured, parts, records
from tests.factories.contracts import a_contract
from tests.factories.evaluation import a_customer, an_opportunity, an_order, lost, moment, won

pytestmark = pytest.mark.django_db


def test_new_customers_bought_for_the_first_time_in_the_period():
    won("2026-04-02", customer=a_customer("Won"))
    an_order("2026-05-02", a_customer("Ordered"))
    lost("2026-04-02", customer=a_customer("Lost"))
    result = measured("new_customers")
    assert (result.value, result.numerator, result.denominator) == (2, 2, None)
    assert (result.interval.low, result.interval.high) == intervals.poisson(2, 1)
    assert sorted(row.label for row in records("new_customers").rows) == ["Ordered", "Won"]


def test_new_customers_who_bought_before_are_not_new_again():
    returning = a_customer("Returning")
    an_order("2020-01-01", returning)
    won("2026-04-02", customer=returning)
    twice = a_customer("Twice")
    won("2026-04-02", customer=twice)
    an_order("2026-04-03", twice)
    won("2026-07-03", customer=twice)
    assert measured("new_customers").value == 1
    assert measured("new_customers", period="2026-Q3").value == 0
    assert measured("new_customers", period="2020").value == 1


def test_new_customers_whose_first_win_was_taken_back_are_new_with_the_next():
    customer = a_customer()
    an_opportunity(("won", "2026-01-05"), ("open", "2026-01-20"), customer=customer)
    won("2026-04-02", customer=customer)
    assert measured("new_customers").value == 1
    assert measured("new_customers", period="2026-Q1").value == 0
    assert measured("new_customers", period="2026-Q1", as_of=moment("2026-01-10").date()).value == 1


def test_new_customers_credit_whoever_made_the_first_sale(cast):
    customer = a_customer("Acme", cast.outsider, channel="event")
    won("2026-04-05", cast.rep, customer)
    an_order("2026-04-20", customer, cast.teammate)
    assert parts("new_customers", "person") == {"Rosa Rep": 1}
    assert parts("new_customers", "team") == {"Company": 1, "North": 1}
    assert parts("new_customers", "channel") == {"event": 1}


def test_purchases_without_a_customer_are_flagged_not_counted():
    won("2026-04-02", customer=a_customer())
    won("2026-04-03")
    result = measured("new_customers")
    assert (result.value, result.flags) == (1, ("missing_customer:1",))


def test_new_customers_in_the_bin_are_not_counted():
    won("2026-04-02", customer=a_customer(deleted_at=moment("2026-05-01")))
    assert measured("new_customers").value == 0


def test_active_customers_bought_within_the_365_days_before_the_end_of_the_period():
    for first in ("2025-07-01", "2026-06-30 23:59"):
        won(first, customer=a_customer())
    an_order("2026-01-01", a_customer())
    an_order("2025-06-30 23:59", a_customer("Too long ago"))
    an_order("2026-07-01", a_customer("Not yet"))
    won("2026-01-01")
    result = measured("active_customers")
    assert (result.value, result.n, result.interval) == (3, 3, None)
    assert measured("active_customers", period="2025-Q2").value == 1


def test_active_customers_count_once_for_whoever_sold_last(cast):
    customer = a_customer(channel="partner")
    won("2026-01-01", cast.rep, customer)
    an_order("2026-02-01", customer, cast.outsider)
    won("2026-01-01", cast.rep, a_customer())
    assert measured("active_customers").value == 2
    assert parts("active_customers", "person") == {"Rosa Rep": 1, "Olaf Outsider": 1}
    assert parts("active_customers", "channel") == {"partner": 1, None: 1}


def test_active_customers_of_the_running_period_are_as_of_now():
    won("2025-06-01", customer=a_customer())
    assert measured("active_customers", now=moment("2026-05-13")).value == 1
    assert measured("active_customers").value == 0
    assert measured("active_customers", now=moment("2026-05-13")).is_provisional


def test_a_running_contract_makes_a_customer_active_whatever_was_bought_and_its_beginning_a_new_one(cast):
    """One with a contract of 2025 that runs, one whose contract ended in May, one whose contract begins in May, one
    who bought a year and a day ago, and one whose contract was a mistake."""
    a_contract(a_customer("Runs", channel="event"), owner=cast.rep)
    a_contract(a_customer("Ended"), ("churn", "2026-05-02", 0), owner=cast.rep)
    begins = a_customer("Begins")
    a_contract(begins, start="2026-05-01", owner=cast.outsider)
    an_order("2026-05-20", begins, cast.rep)
    an_order("2025-06-29", a_customer("Long ago"))
    a_contract(a_customer("Mistake"), ("back", "", 0), start="2026-04-01")
    a_contract(a_customer("Later"), start="2026-07-01")
    active, new = measured("active_customers"), measured("new_customers")
    assert (active.value, new.value) == (2, 1)
    assert {row.label for row in records("active_customers").rows} == {"Runs", "Begins"}
    assert parts("active_customers", "person") == {"Rosa Rep": 2}  # the order came after the contract
    assert parts("new_customers", "person") == {"Olaf Outsider": 1}
    assert measured("active_customers", period="2026-Q1").value == 3
    assert measured("new_customers", period="2025-Q1").value == 2
    growth = measured("customer_base_growth")
    assert (growth.numerator, growth.denominator) == (-1, 3)


def test_won_back_is_who_comes_again_after_a_year_without_a_purchase_and_without_a_contract(cast):
    back, soon, bound, new = (a_customer(name) for name in ("Back", "Soon", "Bound", "New"))
    for day, customer in (("2025-04-01", back), ("2025-04-03", soon), ("2025-04-01", bound)):
        an_order(day, customer)
    a_contract(bound)
    signed = a_customer("Signed again")
    a_contract(signed, ("churn", "2025-03-01", 0))
    a_contract(signed, start="2026-06-01", owner=cast.rep)
    for customer in (back, soon, bound, new):
        an_order("2026-04-02", customer, cast.rep)
    an_order("2026-04-30", back, cast.outsider)
    result = measured("won_back_customers")
    assert (result.value, {row.label for row in records("won_back_customers").rows}) == (2, {"Back", "Signed again"})
    assert parts("won_back_customers", "person") == {"Rosa Rep": 2}
    assert measured("new_customers").value == 1
