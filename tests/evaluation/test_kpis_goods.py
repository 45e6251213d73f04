"""Units sold and gross margin: lines of sales, what they cost on their day, and how much of that is known."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from customers.sales.models import CurrencyRate, OpportunityLine, OrderReturnLine, UnitCost
from evaluation.engine import judgement, judgement_words
from tests.evaluation.measured import measured, parts, records
from tests.factories.evaluation import a_product, a_return, a_unit_cost, an_order, lost, won

pytestmark = pytest.mark.django_db


@pytest.fixture
def pump():
    """Costs 60, and 70 from the 1st of June on."""
    product = a_product("Pump")
    a_unit_cost(product, "2026-01-01", 60)
    a_unit_cost(product, "2026-06-01", 70)
    return product


def a_line(opportunity, product, quantity, price, **fields):
    OpportunityLine.objects.create(
        opportunity=opportunity, product=product, quantity=quantity, unit_price=price, **fields
    )


def test_margin_is_what_is_left_after_the_cost_of_the_day_of_the_sale(cast, pump):
    sale = won("2026-05-31 23:59", cast.rep, amount=400)
    a_line(sale, pump, 2, 100)  # 200 for 120
    a_line(sale, pump, 1, 50, discount=Decimal("0.2"), months=5)  # 200 for 300: each month costs 60
    an_order("2026-06-01", owner=cast.outsider, amount=100, products=[pump])  # 100 for 70
    lost("2026-05-01", cast.rep)
    margin, units = measured("gross_margin"), measured("units_sold")
    assert (margin.value, margin.numerator, margin.denominator) == (pytest.approx(10 / 500), 10, 500)
    assert (margin.flags, units.flags, units.value, units.n) == ((), (), 4, 3)
    assert parts("gross_margin", "person") == {"Rosa Rep": pytest.approx(-0.05), "Olaf Outsider": pytest.approx(0.3)}
    assert parts("units_sold", "product") == {"Pump": 4}
    assert {row.fields["cost"] for row in records("gross_margin", cast.rep).rows} == {120, 300}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT sum(quantity) FROM (SELECT quantity FROM sales_opportunityline
                UNION ALL SELECT quantity FROM sales_orderline) AS line"""
        )
        assert cursor.fetchone()[0] == units.value


def test_what_has_no_known_cost_is_left_out_and_the_coverage_is_told(cast, pump):
    an_order("2026-05-01", owner=cast.rep, amount=100, products=[pump])
    an_order("2026-05-02", owner=cast.rep, amount=300, products=[a_product("Valve")])
    an_order("2025-12-31", owner=cast.rep, amount=100, products=[pump])  # before its first cost
    won("2026-05-03", cast.rep, amount=100)  # no lines
    won("2026-05-04", cast.rep, amount=None)
    result = measured("gross_margin")
    assert (result.value, result.n) == (pytest.approx(0.4), 1)
    assert result.flags == ("coverage=20.0%", "missing_amount:1", "missing_cost:2")
    assert result.issues == {"missing_amount": 1, "missing_cost": 2}
    said = judgement_words.quality(result.kpi, judgement.quality(result))
    assert said[0] == "It covers 20.0% of the whole: of the rest something is missing."
    nothing = measured("gross_margin", period="2025")
    assert (nothing.value, nothing.flags) == (None, ("no_denominator", "coverage=0.0%", "missing_cost:1"))
    units = measured("units_sold")
    assert (units.value, units.flags) == (2, ("missing_lines:2",))


def test_a_cost_in_another_currency_counts_at_the_rate_of_the_day_of_the_sale(pump):
    CurrencyRate.objects.create(currency="EUR", valid_from=date(2026, 1, 1), rate=Decimal("1.5"))
    valve = a_product("Valve")
    a_unit_cost(valve, "2026-01-01", 40, "EUR")
    a_unit_cost(valve, "2026-05-02", 40, "JPY")
    an_order("2026-05-01", amount=100, products=[valve], currency="EUR")  # 150 for 60
    an_order("2026-05-02", amount=100, products=[valve])  # there is no rate for the cost
    assert measured("gross_margin").value == pytest.approx(0.6)
    assert "missing_cost:1" in measured("gross_margin").flags


def test_an_order_of_an_opportunity_brings_its_lines_where_the_opportunity_has_none(pump):
    bare, priced = won("2026-05-01", amount=500), won("2026-05-01", amount=100)
    a_line(priced, pump, 1, 100)
    for sale in (bare, priced):
        an_order("2026-05-05", amount=100, products=[pump, pump], opportunity=sale)
    assert measured("units_sold").value == 3
    assert measured("gross_margin").denominator == 300


def test_what_comes_back_counts_against_its_own_day_at_the_cost_of_the_sale(pump):
    order = an_order("2026-05-01", amount=100, products=[pump, pump])
    back = a_return(order, "2026-07-02", 90)  # one of two for 100, ten kept
    OrderReturnLine.objects.create(order_return=back, line=order.lines.first(), quantity=1)
    an_order("2026-07-03", amount=200, products=[pump])
    cancelled = a_return(order, "2026-07-04", 5, cancelled="2026-07-05")
    assert cancelled.is_cancelled
    assert (measured("units_sold").value, measured("gross_margin").value) == (2, pytest.approx(0.4))
    later = measured("gross_margin", period="2026-Q3")
    # 200 - 100 + 10 sold, for 70 - 60.
    assert (later.numerator, later.denominator) == (100, 110)
    assert measured("units_sold", period="2026-Q3").value == 0


def test_administrators_keep_costs_one_a_day_and_never_below_nothing(client, cast, pump):
    for cost, day in ((-1, "2026-07-01"), (5, "2026-06-01")):
        with pytest.raises(ValidationError):
            UnitCost(product=pump, cost=cost, valid_from=date.fromisoformat(day)).full_clean()
    client.force_login(cast.administrator)
    page = client.post(
        reverse("admin:sales_unitcost_add"),
        {"product": pump.pk, "cost": "12.50", "currency": "eur", "valid_from": "2026-08-01"},
    )
    assert page.status_code == 302
    assert UnitCost.objects.get(valid_from=date(2026, 8, 1)).currency == "EUR"
    client.force_login(cast.rep)
    assert client.get(reverse("admin:sales_unitcost_changelist")).status_code in (302, 403)
