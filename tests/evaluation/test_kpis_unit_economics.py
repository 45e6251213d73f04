"""What a customer costs by when it was spent, and beside what one brings in."""

from __future__ import annotations

import pytest

from evaluation.engine import wording
from evaluation.formulas.unit_economics import Basis, Load, check_ratio
from tests.evaluation.measured import measured, records
from tests.factories.contracts import a_contract
from tests.factories.evaluation import a_cost, a_customer, a_product, a_unit_cost, an_order, moment, won

pytestmark = pytest.mark.django_db


def test_costs_count_for_the_customers_who_buy_a_sales_cycle_later(cast):
    """Sales take two months, so that February's 600 and March's 400 are what April's and May's customers cost."""
    for opened, closed in (("2025-10-01", "2025-11-01"), ("2025-10-01", "2025-12-01"), ("2025-10-01", "2026-02-01")):
        won(closed, cast.rep, opened=opened)
    a_cost("2026-02", 600)
    a_cost("2026-03", 400, "salaries")
    a_cost("2026-05", 7000)
    for day in ("2026-04-10", "2026-04-20", "2026-05-31"):
        an_order(day, a_customer())
    an_order("2026-06-10", a_customer("Of June"))  # nobody noted what April cost
    result = measured("cac_lagged")
    assert (result.value, result.numerator, result.denominator) == (pytest.approx(1000 / 3), 1000, 3)
    assert result.flags == ("missing_costs:1",)
    assert [row.label for row in records("cac_lagged").rows if row.issue] == ["Of June"]
    assert measured("cac").denominator == 1
    nobody = measured("cac_lagged", period="2026-07")
    assert (nobody.value, nobody.numerator) == (None, 7000)
    assert wording.shown(nobody) == "Cost $7,000.00, no customers"


def test_without_a_cycle_there_is_no_lag():
    a_cost("2026-04", 600)
    an_order("2026-04-10", a_customer())
    won("2026-04-11", opened=None)
    result = measured("cac_lagged")
    assert (result.value, result.flags) == (None, ("no_denominator", "no_cycle:1"))
    assert wording.shown(result) == "–"


@pytest.fixture
def cohort(cast):
    """Two customers of April. One bought for 300 and has a contract of 200 a month from a won opportunity, which is
    not counted beside it; the other bought for 900, and 600 more after the 90 days."""
    first, second = a_customer("First"), a_customer("Second")
    sale = won("2026-04-01", cast.rep, customer=first, amount=2400)
    a_contract(first, value=200, start="2026-04-01", opportunity=sale)
    an_order("2026-04-20", first, cast.rep, 300)
    an_order("2026-04-10", second, cast.rep, 900)
    an_order("2026-07-09", second, cast.rep, 600)
    an_order("2027-04-10", second, cast.rep, 5000)
    a_cost("2026-04", 1200)
    a_cost("2026-04", 1800, "salaries")


def test_payback_is_costs_for_the_monthly_revenue_of_the_customers_they_brought(cohort):
    """3,000 for (600 + 300 + 900) / 3 = 600 a month: five months."""
    result = measured("cac_payback")
    assert (result.value, result.numerator, result.denominator) == (5, 3000, 600)
    assert result.flags == ()
    assert wording.shown(result) == "5.0"
    brought = {row.label: row.fields["brought_in"] for row in records("cac_payback").rows if row.kind == "customer"}
    assert brought == {"First": 900, "Second": 900}
    # Half way: 45 of the 90 days.
    early = measured("cac_payback", now=moment("2026-05-16"))
    assert (early.denominator, early.is_provisional) == (500, True)
    a_cost("2026-08", 40)
    assert wording.shown(measured("cac_payback", period="2026-08")) == "Cost $40.00, no revenue"


def test_a_years_revenue_is_held_against_advertising_and_never_against_everything(cohort):
    """2,400 of the contract, 300, 900 and 600: 4,200 for 1,200."""
    result = measured("clv_to_cac", now=moment("2027-05-01"))
    assert (result.value, result.numerator, result.denominator) == (3.5, 4200, 1200)
    assert measured("clv_to_cac").is_provisional
    with pytest.raises(ValueError, match="not held against fully loaded"):
        check_ratio(Basis.REVENUE, Load.FULL)
    for value, cost in ((Basis.REVENUE, Load.PAID), (Basis.MARGIN, Load.PAID), (Basis.MARGIN, Load.FULL)):
        check_ratio(value, cost)


def test_what_has_no_rate_no_amount_or_no_cost_is_told(cast):
    a_cost("2026-04", 100)
    foreign, unpriced = a_customer(), a_customer()
    a_contract(foreign, currency="EUR", start="2026-04-02")
    an_order("2026-04-02", foreign, cast.rep, 30)
    won("2026-04-02", cast.rep, customer=unpriced, amount=None)
    an_order("2026-05-02", a_customer(), cast.rep, 30)  # a month without costs
    result = measured("cac_payback")
    assert (result.value, result.denominator) == (10, 10)
    assert set(result.flags) == {"missing_amount:1", "other_currency:1", "missing_costs:1"}


def test_margin_is_held_against_everything_and_says_what_is_not_covered(cast):
    """100 for 60 now and later 70: 40 + 30 of one, nothing known of the other's: 70 for 140 is a half."""
    pump, valve = a_product("Pump"), a_product("Valve")
    a_unit_cost(pump, "2026-01-01", 60)
    a_unit_cost(pump, "2026-06-01", 70)
    one, other = a_customer("One"), a_customer("Other")
    for day in ("2026-04-02", "2026-06-02", "2027-06-02"):
        an_order(day, one, cast.rep, 100, products=[pump])
    an_order("2026-04-03", other, cast.outsider, 900, products=[valve])
    a_cost("2026-04", 40)
    a_cost("2026-04", 100, "salaries")
    result = measured("clv_to_cac_margin", now=moment("2027-07-01"))
    assert (result.value, result.numerator, result.denominator) == (0.5, 70, 140)
    assert result.flags == ("missing_amount:1",)
    value = measured("historic_margin")
    assert (value.value, value.n, value.flags) == (70, 1, ("missing_cost:1",))
    assert {row.label: (row.counted, row.value) for row in records("historic_margin").rows} == {
        "One": (True, 70), "Other": (False, None),
    }  # fmt: skip
    assert measured("historic_margin", now=moment("2027-07-01"), period="2027").value == 100
