"""What an order will be worth: published figures, and data made from known parameters."""

import numpy as np
import pytest

from evaluation.formulas import lifetime_value
from evaluation.formulas.spending import SpendingModel

# Greatest likelihood for CDNOW, dollars: Fader & Hardie 2013, note 025.
SPENDING = SpendingModel(6.2496, 3.7442, 15.4435, correlation=0.11, log_likelihood=-4055.92, customers=946)


def test_the_expected_value_per_order_is_the_published_one():
    expected = SPENDING.expected_value([2, 1, 0, 7], [22.35, 11.77, 0, 73.74])
    assert expected == pytest.approx([24.65, 18.91, 35.17, 71.46], abs=0.02)  # note 025, first ten customers
    assert SPENDING.mean == pytest.approx(35.17, abs=0.005)


def test_fitting_finds_the_spending_the_data_were_made_with():
    generator = np.random.default_rng(20261121)
    orders = generator.integers(1, 8, 20_000)
    levels = generator.gamma(3.74, 1 / 15.44, 20_000)
    values = generator.gamma(6.25 * orders, 1 / (levels * orders))
    model = lifetime_value.fit_gamma_gamma(orders, values)
    assert (model.p, model.q, model.gamma) == pytest.approx((6.25, 3.74, 15.44), rel=0.05)
    assert model.mean == pytest.approx(6.25 * 15.44 / 2.74, rel=0.02)
    assert not model.is_dependent
    with_none = lifetime_value.fit_gamma_gamma([*orders, 0], [*values, 0])
    assert with_none == model


def test_value_that_goes_with_frequency_is_reported():
    orders = np.arange(1, 101)
    model = lifetime_value.fit_gamma_gamma(orders, orders * 3.0 + 5)
    assert model.correlation == pytest.approx(1)
    assert model.is_dependent


def test_spending_that_cannot_be_is_refused():
    for impossible in (([1, 1], [5, -5]), ([1], [5]), ([0, 0], [0, 0]), ([-1, 2], [5, 5]), ([1, 2], [float("nan"), 5])):
        with pytest.raises(ValueError, match=r"orders"):
            lifetime_value.fit_gamma_gamma(*impossible)


def test_without_a_finite_mean_nothing_is_expected_of_the_unknown():
    heavy = SpendingModel(2.0, 0.8, 10.0, 0, 0, 10)
    assert heavy.mean is None
    assert np.isnan(heavy.expected_value(0, 0)[0])
    assert heavy.expected_value(1, 10)[0] == pytest.approx(2 * 20 / 1.8)
