"""Sales growth: the same days of two years, at one rate, January and February together."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from customers.sales.models import CurrencyRate
from evaluation.formulas.rates import year_on_year
from tests.evaluation.measured import measured, parts, records
from tests.factories.evaluation import an_opportunity, an_order, moment, won

pytestmark = pytest.mark.django_db


def test_growth_is_what_was_sold_over_what_was_sold_a_year_before(cast):
    won("2025-04-10", cast.rep, amount=400)
    an_order("2025-06-30 23:59", owner=cast.outsider, amount=100)
    won("2025-07-01", cast.rep, amount=9000)  # another quarter
    won("2026-05-10", cast.rep, amount=500)
    won("2026-05-11", cast.rep, amount=None)
    new = an_order("2026-06-01", owner=cast.junior, amount=125)
    an_opportunity(("won", "2025-05-01"), ("open", "2025-05-02"), amount=77)  # reopened: sold in neither year
    result = measured("sales_growth")
    assert (result.value, result.numerator, result.denominator, result.n) == (0.25, 125, 500, 4)
    assert result.flags == ("missing_amount:1",)
    assert parts("sales_growth", "person") == {"Rosa Rep": 0.25, "Olaf Outsider": -1.0, cast.junior.name: None}
    assert parts("sales_growth", "team")["North"] == (625 - 400) / 400
    found = records("sales_growth", cast.junior)
    assert [(row.kind, row.id, row.value, row.fields["year"]) for row in found.rows] == [("order", new.pk, 125, 2026)]
    assert measured("sales_growth", period="2025-Q2").flags == ("no_denominator",)
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH sold AS (SELECT closed_at AS at, amount FROM sales_opportunity WHERE closed_at IS NOT NULL
                UNION ALL SELECT ordered_at, amount FROM sales_order)
            SELECT sum(amount) FILTER (WHERE at >= '2026-04-01' AND at < '2026-07-01')
                / sum(amount) FILTER (WHERE at >= '2025-04-01' AND at < '2025-07-01') - 1 FROM sold"""
        )
        assert float(cursor.fetchone()[0]) == result.value


def test_january_and_february_are_compared_together_once_both_are_over():
    sold = {(2025, 1): 100, (2025, 2): 50, (2026, 1): 60, (2026, 2): 120}
    for (year, month), amount in sold.items():
        won(f"{year}-{month:02}-10", amount=amount)
    won("2026-03-05", amount=30)
    won("2025-03-05", amount=20)
    by_hand = year_on_year(sold, 2026, 1).rate
    for period in ("2026-01", "2026-02", "2026-W07", "2026-01-01..2026-02-28"):
        result = measured("sales_growth", period=period)
        assert (result.value, result.numerator, result.denominator) == (pytest.approx(by_hand), 30, 150)
        assert result.flags == ("both_months:4",)
    waiting = measured("sales_growth", period="2026-01", now=moment("2026-02-20"))
    assert (waiting.value, waiting.flags) == (None, ("no_denominator", "not_both_months:4"))
    assert measured("sales_growth", period="2026-01", as_of=date(2026, 2, 20)).value is None
    assert measured("sales_growth", period="2026-Q1", now=moment("2026-02-20")).value is None
    quarter = measured("sales_growth", period="2026-Q1")
    assert (quarter.value, quarter.flags) == (pytest.approx((210 - 170) / 170), ())


def test_a_running_period_is_held_against_the_same_days():
    won("2025-05-10", amount=100)
    won("2025-05-25", amount=900)
    won("2026-05-12", amount=150)
    result = measured("sales_growth", period="2026-05", now=moment("2026-05-20"))
    assert (result.value, result.flags) == (0.5, ("provisional",))
    assert measured("sales_growth", period="2026-05", as_of=date(2026, 5, 19)).value == 0.5
    assert measured("sales_growth", period="2026-05").value == pytest.approx(-0.85)


def test_a_currency_that_moves_is_no_growth():
    for day, rate in ((date(2025, 1, 1), "1.00"), (date(2026, 4, 1), "1.50"), (date(2026, 6, 1), "2.00")):
        CurrencyRate.objects.create(currency="EUR", valid_from=day, rate=Decimal(rate))
    won("2025-05-10", amount=100, currency="EUR")
    won("2026-06-10", amount=110, currency="EUR")
    won("2026-06-10", amount=110, currency="JPY")
    result = measured("sales_growth")
    assert (result.value, result.denominator) == (pytest.approx(0.1), 150)
    assert result.flags == ("no_rate:1",)
