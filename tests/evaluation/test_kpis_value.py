"""What customers are worth: coming again, buying other things, and what they bring in."""

from __future__ import annotations

import pytest

from evaluation.formulas import intervals
from tests.evaluation.measured import measured, parts, records
from tests.factories.contracts import a_contract, renewed
from tests.factories.evaluation import a_customer, a_product, an_order, moment, won

pytestmark = pytest.mark.django_db


def test_repeat_purchases_of_the_worked_example():
    """8 of 26 first-time customers bought again: 30.8 %."""
    for number in range(26):
        customer = a_customer()
        an_order("2026-04-10", customer)
        if number < 8:
            an_order("2026-05-10", customer)
    result = measured("repeat_purchase_rate")
    assert (result.numerator, result.denominator) == (8, 26)
    assert result.value == pytest.approx(0.3077, abs=5e-5)
    assert (result.interval.low, result.interval.high) == intervals.wilson(8, 26)


def test_what_is_no_second_purchase_and_when_it_can_still_come():
    fulfilled, late, before, twice = (a_customer(name) for name in ("Fulfilled", "Late", "Before", "Twice"))
    sale = won("2026-04-10", customer=fulfilled)
    an_order("2026-04-20", fulfilled, opportunity=sale)  # the same purchase once more
    an_order("2026-04-10", late)
    an_order("2026-07-09", late)  # 90 days later: the window has just closed
    an_order("2026-01-10", before)
    an_order("2026-04-10", before)  # no first purchase
    an_order("2026-06-30", twice)
    an_order("2026-06-30", twice)  # two orders of one day are two
    rows = {row.label: row.numerator for row in records("repeat_purchase_rate").rows}
    assert rows == {"Fulfilled": 0, "Late": 0, "Twice": 1}
    assert "provisional" not in measured("repeat_purchase_rate").flags
    early = measured("repeat_purchase_rate", now=moment("2026-07-05"))
    assert (early.numerator, early.denominator, "provisional" in early.flags) == (1, 3, True)


def test_returning_customers_had_bought_before_the_period(cast):
    old, new = a_customer("Old"), a_customer("New")
    an_order("2020-01-01", old)
    an_order("2026-05-01", old, cast.rep)
    an_order("2026-05-01", new, cast.outsider)
    an_order("2026-05-02", new, cast.outsider)  # twice in the period is not before it
    an_order("2026-01-01", a_customer("Silent"))
    result = measured("returning_customers")
    assert (result.value, result.numerator, result.denominator) == (0.5, 1, 2)
    assert parts("returning_customers", "person") == {"Rosa Rep": 1.0, "Olaf Outsider": 0.0}


def test_revenue_per_customer_counts_those_who_bought_nothing_and_each_sale_once():
    big, silent, both = a_customer("Big"), a_customer("Silent"), a_customer("Both")
    won("2026-04-10", customer=big, amount=900)
    an_order("2025-12-01", silent)
    an_order("2026-05-01", both, opportunity=won("2026-04-30", customer=both, amount=300), amount=300)
    won("2026-05-05", customer=both, amount=70, currency="EUR")
    an_order("2024-01-01", a_customer("Gone"))
    result = measured("revenue_per_customer")
    # One was active as it began and three as it ends: two on average. The one in the middle of the three brought 300.
    assert (result.value, result.numerator, result.denominator) == (600, 1200, 2)
    middle = measured("revenue_per_customer_median")
    assert (middle.value, middle.n) == (300, 3)
    assert result.flags == ("other_currency:1",)
    assert {row.label: row.value for row in records("revenue_per_customer").rows} == {
        "Big": 900, "Silent": 0, "Both": 300,
    }  # fmt: skip
    assert measured("revenue_per_customer", period="2020").value is None


def test_cross_sell_is_a_series_never_bought_before_by_who_was_a_customer_already():
    lamp, desk, bulb = a_product("Lamp"), a_product("Desk"), a_product("Bulb")
    for product in (lamp, bulb):
        product.series = "Light" if product == lamp else "light"
        product.save()
    more, same, new = a_customer("More"), a_customer("Same"), a_customer("New")
    for customer in (more, same):
        an_order("2025-10-01", customer, products=[lamp])
    an_order("2026-05-01", more, products=[lamp, desk])
    won("2026-05-01", customer=same, product=bulb)  # of a series they have
    an_order("2026-05-01", new, products=[desk])  # no customer as the period began
    an_order("2026-05-01", a_customer("Nameless"), products=[])
    result = measured("cross_sell_rate")
    assert (result.value, result.numerator, result.denominator) == (0.5, 1, 2)
    assert {row.label: row.numerator for row in records("cross_sell_rate").rows} == {"More": 1, "Same": 0}
    held = measured("series_per_customer")
    assert (held.value, held.n, held.issues) == (4 / 3, 3, {"no_products": 1})


def test_up_sell_is_an_expansion_agreed_on_and_no_renewal_at_a_higher_price():
    a_contract(a_customer("More"), ("expansion", "2026-05-01", 150))
    a_contract(a_customer("Before"), ("expansion", "2026-03-31", 150))
    renewal = renewed("2026-05-01", due="2026-04-30", until="2027-04-30")
    a_contract(a_customer("Dearer"), renewal, ("expansion", "2026-05-01", 130), until="2026-04-30")
    a_contract(a_customer("Mistake"), ("expansion", "2026-05-01", 150), ("back", "", 0))
    a_contract(a_customer("New"), ("expansion", "2026-05-15", 150), start="2026-05-01")
    result = measured("upsell_rate")
    assert (result.numerator, result.denominator) == (1, 4)
    assert {row.label for row in records("upsell_rate").rows if row.numerator} == {"More"}
