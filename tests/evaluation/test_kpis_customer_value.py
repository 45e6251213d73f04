"""What customers were worth so far, who came twice within a period, and how much more was taken."""

from __future__ import annotations

import pytest
from django.db import connection

from evaluation.formulas import intervals
from tests.evaluation.measured import measured, parts, records
from tests.factories.contracts import a_contract, renewed
from tests.factories.evaluation import a_customer, an_order, moment, won

pytestmark = pytest.mark.django_db


def test_value_to_date_is_everything_sold_until_then_each_sale_once(cast):
    """700 + 300 of one, 200 of the other: 600 each; what comes later, and orders of won opportunities, do not add."""
    big, small = a_customer("Big", channel="event"), a_customer("Small")
    sale = won("2020-04-10", cast.rep, customer=big, amount=700)
    an_order("2020-05-01", big, cast.rep, 700, opportunity=sale)
    an_order("2026-06-30", big, cast.outsider, 300)
    an_order("2024-01-01", small, cast.rep, 200)
    an_order("2026-07-01", small, cast.rep, 9000)
    won("2026-05-05", cast.rep, customer=small, amount=70, currency="EUR")
    an_order("2026-05-05", a_customer(deleted_at=moment("2026-05-06")), cast.rep, 9)
    result = measured("historic_value")
    assert (result.value, result.numerator, result.n, result.flags) == (600, 1200, 2, ("other_currency:1",))
    assert parts("historic_value", "person") == {"Olaf Outsider": 1000, "Rosa Rep": 200}
    assert parts("historic_value", "channel") == {"event": 1000, None: 200}
    assert {row.label: (row.value, row.fields["sales"]) for row in records("historic_value").rows} == {
        "Big": (1000, 2), "Small": (200, 2),
    }  # fmt: skip
    assert measured("historic_value", as_of=moment("2025-01-01")).numerator == 900
    assert measured("historic_value", period="2019").flags == ("no_denominator",)
    with connection.cursor() as cursor:
        cursor.execute("""SELECT sum(worth) / count(DISTINCT customer_id) FROM (
            SELECT customer_id, amount AS worth FROM sales_order WHERE opportunity_id IS NULL
                AND ordered_at < '2026-07-01' AND customer_id <> (SELECT max(id) FROM customers_customer)
            UNION ALL SELECT customer_id, amount FROM sales_opportunity WHERE currency = 'USD') AS sold""")
        assert result.value == cursor.fetchone()[0]


def test_repeat_within_the_period_is_two_purchases_in_it_whatever_was_before(cast):
    twice, once, fulfilled = a_customer("Twice"), a_customer("Once"), a_customer("Fulfilled")
    an_order("2026-04-01", twice, cast.rep)
    won("2026-06-30", cast.outsider, customer=twice)
    an_order("2026-03-31", once, cast.rep)
    an_order("2026-04-01", once, cast.rep)
    an_order("2026-04-20", fulfilled, cast.rep, opportunity=won("2026-04-10", cast.rep, customer=fulfilled))
    result = measured("in_period_repeat_rate")
    assert (result.numerator, result.denominator, result.flags) == (1, 3, ("small_n",))
    assert (result.interval.low, result.interval.high) == intervals.wilson(1, 3)
    assert parts("in_period_repeat_rate", "person") == {"Olaf Outsider": 1.0, "Rosa Rep": 0.0}
    assert measured("in_period_repeat_rate", period="2020").value is None


def test_up_sell_by_value_is_what_expansions_add_to_what_there_was():
    """30 and 20 more of 200 + 300 a month: 10 %. A dearer renewal, a new customer and a mistake add nothing."""
    a_contract(a_customer("More"), ("expansion", "2026-05-01", 230), ("contraction", "2026-06-01", 130), value=200)
    a_contract(a_customer("Twice"), ("expansion", "2026-04-01", 110), ("expansion", "2026-06-30", 120))
    renewal = renewed("2026-05-01", due="2026-04-30", until="2027-04-30")
    a_contract(a_customer("Dearer"), renewal, ("expansion", "2026-05-01", 130), until="2026-04-30")
    a_contract(a_customer("Mistake"), ("expansion", "2026-05-01", 150), ("back", "", 0))
    a_contract(a_customer("New"), ("expansion", "2026-05-15", 150), start="2026-05-01")
    a_contract(a_customer("Foreign"), ("expansion", "2026-05-15", 150), currency="EUR")
    result = measured("upsell_value_share")
    assert (result.value, result.numerator, result.denominator, result.n) == (0.1, 50, 500, 4)
    assert result.flags == ("other_currency:1",)
    assert {row.label: row.value for row in records("upsell_value_share").rows if row.value} == {
        "More": 30,
        "Twice": 20,
    }
    assert measured("upsell_value_share", period="2024").flags == ("no_denominator",)
