"""The value of customers: purchases and spending together."""

import pytest

from evaluation.formulas import lifetime_value
from evaluation.formulas.lifetime_value import PurchaseModel, SpendingModel

MBG = PurchaseModel(0.5248, 6.183, 0.8914, 1.614, drops_out_at_first=True, log_likelihood=-9582.1, customers=2357)
SPENDING = SpendingModel(6.2496, 3.7442, 15.4435, correlation=0.11, log_likelihood=-4055.92, customers=946)


def test_the_value_of_a_customer_is_purchases_times_value():
    customer = {"frequency": [2, 0], "recency": [30.43, 0], "age": [38.86, 38.86], "mean_value": [22.35, 0]}
    free = lifetime_value.customer_value(MBG, SPENDING, **customer, horizon=39, annual_discount=0)
    purchases = MBG.expected_future_purchases(39, [2, 0], [30.43, 0], [38.86, 38.86])
    assert free == pytest.approx(purchases * SPENDING.expected_value([2, 0], [22.35, 0]))
    discounted = lifetime_value.customer_value(MBG, SPENDING, **customer, horizon=39, margin=0.3, annual_discount=0.1)
    assert (discounted < 0.3 * free).all()
    assert (discounted > 0.3 * free / 1.1).all()
    nothing = lifetime_value.customer_value(MBG, SPENDING, **customer, horizon=0)
    assert list(nothing) == [0, 0]
    with pytest.raises(ValueError, match="horizon"):
        lifetime_value.customer_value(MBG, SPENDING, **customer, horizon=-1)


def test_an_annual_discount_is_spread_over_the_weeks():
    assert (1 + lifetime_value.periodic_rate(0.1)) ** 52 == pytest.approx(1.1)


def test_the_three_textbook_formulas_differ_by_convention():
    values = lifetime_value.constant_retention_value(100, 0.8, 0.1)
    assert [round(value, 2) for value in values.values()] == [366.67, 266.67, 333.33]
    with pytest.raises(ValueError, match="Retention"):
        lifetime_value.constant_retention_value(100, 1.2, 0.1)
