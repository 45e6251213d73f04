"""When customers buy again: published figures, exact integration, and data made from known parameters.

The CDNOW data themselves are not kept here; what their authors published of them is.
"""

from math import exp

import numpy as np
import pytest
from scipy.special import roots_genlaguerre, roots_jacobi

from evaluation.formulas import lifetime_value
from evaluation.formulas.purchases import PurchaseModel, log_likelihood

# Greatest likelihood for CDNOW, weeks: Fader, Hardie & Lee 2005 and the BTYDplus package (MBG/NBD).
CDNOW = (0.2426, 4.4135, 0.7929, 2.4258)
CDNOW_MBG = (0.5248, 6.183, 0.8914, 1.614)
BG = PurchaseModel(*CDNOW, drops_out_at_first=False, log_likelihood=-9582.4, customers=2357)
MBG = PurchaseModel(*CDNOW_MBG, drops_out_at_first=True, log_likelihood=-9582.1, customers=2357)


def shoppers(parameters, *, drops_out_at_first, n, seed):
    """Customers who buy as the model says, each watched for 27 to 39 weeks."""
    r, alpha, a, b = parameters
    generator = np.random.default_rng(seed)
    rates, chances = generator.gamma(r, 1 / alpha, n), generator.beta(a, b, n)
    age = np.round(generator.uniform(27, 39, n) * 7) / 7
    frequency, recency = np.zeros(n), np.zeros(n)
    for customer in range(n):
        at = 0.0
        active = not (drops_out_at_first and generator.random() < chances[customer])
        while active:
            at += generator.exponential() / max(rates[customer], 1e-300)
            if at > age[customer]:
                break
            frequency[customer] += 1
            recency[customer] = at
            active = generator.random() >= chances[customer]
    return frequency, recency, age


def test_the_published_customer_is_expected_to_buy_1_226_times():
    assert BG.expected_future_purchases(39, 2, 30.43, 38.86) == pytest.approx([1.226], abs=5e-4)


def test_a_new_customer_buys_as_published():
    weeks = [0.1429, 1.0, 3.0, 31.8571, 32.0, 78.0]
    published = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
    assert BG.expected_purchases(weeks) == pytest.approx(published, abs=5e-4)
    assert BG.expected_purchases(0) == 0


def test_a_very_regular_buyer_who_is_silent_is_expected_back_less():
    expected = BG.expected_future_purchases(52, [10, 25], 20, 39)
    assert [round(float(value), 4) for value in expected] == [0.3475, 0.0004]


def test_without_a_repeat_purchase_only_the_modified_model_doubts_the_customer():
    assert BG.probability_active(0, 0, 39) == [1.0]
    never_back = MBG.probability_active([0, 0, 0], [0, 0, 0], [1, 20, 39])
    assert list(never_back) == sorted(never_back, reverse=True)
    assert MBG.probability_active(0, 0, 0) == pytest.approx([1.614 / (0.8914 + 1.614)])


MILD = (1.3, 20.0, 1.6, 2.5)


def by_integration(drops_out_at_first, x, last, now, time):
    """Likelihood of a history and the purchases expected after it, summed over all rates and chances.

    Gauss quadrature with the gamma and the beta density as weights, for customers of the MILD kind.
    """
    r, alpha, a, b = MILD
    rates, rate_weights = roots_genlaguerre(120, r - 1)
    chances, chance_weights = roots_jacobi(60, b - 1, a - 1)
    rate, chance = np.meshgrid(rates / alpha, (chances + 1) / 2)
    weight = np.outer(chance_weights / chance_weights.sum(), rate_weights / rate_weights.sum())
    stayed = x + drops_out_at_first
    active = rate**x * (1 - chance) ** stayed * np.exp(-rate * now)
    gone = chance * (1 - chance) ** (stayed - 1) * rate**x * np.exp(-rate * last) if stayed else 0 * rate
    likelihood = (weight * (active + gone)).sum()
    future = (weight * active * (1 - np.exp(-rate * chance * time)) / chance).sum()
    return likelihood, future / likelihood


@pytest.mark.parametrize("drops_out_at_first", [False, True])
@pytest.mark.parametrize(("x", "last", "now"), [(0, 0.0, 20.0), (1, 8.0, 20.0), (3, 15.0, 30.0)])
def test_likelihood_and_predictions_agree_with_integration(drops_out_at_first, x, last, now):
    likelihood, expected = by_integration(drops_out_at_first, x, last, now, time=26)
    value = log_likelihood(MILD, x, last, now, drops_out_at_first=drops_out_at_first)
    assert exp(value) == pytest.approx(likelihood, rel=1e-6)
    model = PurchaseModel(*MILD, drops_out_at_first=drops_out_at_first, log_likelihood=0, customers=1)
    assert model.expected_future_purchases(26, x, last, now) == pytest.approx([expected], rel=1e-6)


@pytest.mark.parametrize("drops_out_at_first", [False, True])
def test_a_chance_parameter_of_one_is_no_hole(drops_out_at_first):
    def expected(a):
        model = PurchaseModel(0.5, 5, a, 2, drops_out_at_first, 0, 1)
        return float(model.expected_future_purchases(52, 3, 20, 39)[0])

    assert expected(1) == pytest.approx((expected(0.999) + expected(1.001)) / 2, rel=1e-4)


def test_very_frequent_buyers_have_finite_predictions():
    for model in (BG, MBG):
        expected = model.expected_future_purchases(52, [500, 5000, 5000], [38, 39, 5], [39, 39, 39])
        assert np.isfinite(expected).all()
        assert expected[1] > expected[0] > expected[2]


@pytest.mark.parametrize(
    ("fit", "truth", "drops_out_at_first"),
    [(lifetime_value.fit_bg_nbd, CDNOW, False), (lifetime_value.fit_mbg_nbd, CDNOW_MBG, True)],
)
def test_fitting_finds_the_parameters_the_data_were_made_with(fit, truth, drops_out_at_first):
    data = shoppers(truth, drops_out_at_first=drops_out_at_first, n=12_000, seed=20261121)
    model = fit(*data)
    found = (model.r, model.alpha, model.a, model.b)
    assert (model.customers, model.at_bound) == (12_000, False)
    # The truth lies inside the 99 % region of the likelihood (chi-squared of four parameters).
    at_truth = log_likelihood(truth, *data, drops_out_at_first=drops_out_at_first)
    assert 0 <= 2 * (model.log_likelihood - at_truth) < 13.28
    # And it is a top: a step in any direction leads down.
    for which in range(4):
        for factor in (0.99, 1.01):
            beside = tuple(value * factor if at == which else value for at, value in enumerate(found))
            assert log_likelihood(beside, *data, drops_out_at_first=drops_out_at_first) < model.log_likelihood


def test_fitting_does_not_depend_on_the_unit_of_time():
    frequency, recency, age = shoppers(CDNOW_MBG, drops_out_at_first=True, n=2000, seed=5)
    weeks = lifetime_value.fit_mbg_nbd(frequency, recency, age)
    days = lifetime_value.fit_mbg_nbd(frequency, recency * 7, age * 7)
    assert days.alpha == pytest.approx(weeks.alpha * 7, rel=1e-4)
    assert (days.r, days.a, days.b) == pytest.approx((weeks.r, weeks.a, weeks.b), rel=1e-3)


def test_data_that_cannot_be_are_refused():
    for impossible, why in (
        (([1], [40], [39]), "recency"),
        (([0], [3], [39]), "exactly when"),
        (([-1], [0], [39]), "frequency"),
        (([1.5], [3], [39]), "whole number"),
        (([0, 0], [0, 0], [39, 39]), "second time"),
        (([float("nan")], [3], [39]), "numbers"),
    ):
        with pytest.raises(ValueError, match=why):
            lifetime_value.fit_bg_nbd(*impossible)


def test_a_model_of_purchases_needs_many_customers():
    frequency, recency, age = shoppers(CDNOW_MBG, drops_out_at_first=True, n=2000, seed=5)
    assert lifetime_value.enough_purchases(frequency, recency, age)
    assert not lifetime_value.enough_purchases(frequency[:199], recency[:199], age[:199])
    assert not lifetime_value.enough_purchases(frequency * 0, recency * 0, age)
