"""Growth against last year and against the start; what a growth of few is said as."""

from __future__ import annotations

import pytest
from django.urls import reverse

from evaluation.engine import wording
from evaluation.formulas import intervals
from tests.evaluation.measured import measured, parts, records
from tests.factories.evaluation import a_customer, an_order, moment

pytestmark = pytest.mark.django_db


def first_orders(count, day, owner=None, **fields):
    for _number in range(count):
        an_order(day, a_customer(**fields), owner)


def test_new_customers_are_held_against_those_of_the_same_period_last_year(cast):
    """40 after 32 is a quarter more; those of another quarter, and who had bought before, are no part of it."""
    first_orders(32, "2025-05-01", cast.rep)
    first_orders(40, "2026-05-01", cast.rep, channel="event")
    first_orders(3, "2026-01-01", cast.outsider)
    old = a_customer("Old")
    for day in ("2024-05-01", "2025-05-02", "2026-05-02"):
        an_order(day, old)
    result = measured("new_customer_growth")
    assert (result.value, result.numerator, result.denominator, result.n) == (0.25, 8, 32, 72)
    low, high = intervals.poisson_ratio(40, 32)
    assert (result.interval.low, result.interval.high) == (low - 1, high - 1)
    assert (round(low, 4), round(high, 4)) == (0.7657, 2.0558)
    assert result.flags == ()
    assert wording.shown(result) == "25.0%"
    assert parts("new_customer_growth", "channel") == {"event": None, None: -1.0}
    assert {row.fields["when"] for row in records("new_customer_growth").rows} == {"last year", "this period"}
    # A period that runs is held against as much of last year's: until the second of May nobody had come then.
    running = measured("new_customer_growth", now=moment("2026-05-01 12:00"))
    assert (running.numerator, running.denominator, running.is_provisional) == (8, 32, True)
    before = measured("new_customer_growth", now=moment("2026-04-30 12:00"))
    assert (before.denominator, before.value) == (0, None)


def test_growth_of_few_is_said_in_counts_and_after_none_there_is_none(client, cast):
    first_orders(2, "2025-05-01")
    first_orders(3, "2026-05-01")
    few = measured("new_customer_growth")
    assert (few.value, few.flags) == (0.5, ("small_n",))
    assert wording.shown(few) == "3 (0 to 9) after 2 (0 to 8)"
    assert wording.interval(few) == ""
    none = measured("new_customer_growth", period="2025-Q2")
    assert (none.value, none.numerator, none.denominator) == (None, 2, 0)
    assert none.flags == ("no_denominator", "small_n")
    assert wording.shown(none) == "2 (0 to 8) after 0 (0 to 4)"
    assert measured("new_customer_growth", period="2020").flags == ("no_denominator",)
    client.force_login(cast.administrator)
    asked = {"scope": "company", "period": "2026-Q2"}
    page = client.get(reverse("kpi-detail", args=["new_customer_growth"]), asked).content.decode()
    assert "3 (0 to 9) after 2 (0 to 8)" in page
    assert "50.0%" not in page


def test_the_base_grows_by_who_came_less_who_went():
    """Three active as the quarter begins; one falls silent, two come: four."""
    for name, days in {
        "Silent": ("2025-04-15",), "Stays": ("2025-04-15", "2026-06-01"), "Stays too": ("2025-07-02",),
        "New": ("2026-04-01",), "Back": ("2020-01-01", "2026-06-30"), "Gone": ("2024-01-01",),
    }.items():  # fmt: skip
        customer = a_customer(name)
        for day in days:
            an_order(day, customer)
    an_order("2026-06-30", a_customer("Bin", deleted_at=moment("2026-06-01")))
    result = measured("customer_base_growth")
    assert (result.numerator, result.denominator, result.n) == (1, 3, 5)
    assert result.value == pytest.approx(1 / 3)
    assert (result.interval, result.flags) == (None, ("small_n",))
    ends, starts = measured("active_customers").value, measured("active_customers", period="2026-Q1").value
    assert (ends, starts) == (4, 3)
    rows = {row.label: row.fields["outcome"] for row in records("customer_base_growth").rows}
    assert rows == {"Silent": "went", "Stays": "stayed", "Stays too": "stayed", "New": "came", "Back": "came"}
    nothing = measured("customer_base_growth", period="2019")
    assert (nothing.value, nothing.flags) == (None, ("no_denominator",))
