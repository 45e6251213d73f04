"""The lifetime value models against published figures, brute integration, and data made from known parameters.

The CDNOW data themselves are not kept here; what their authors published of them is.
"""

from math import exp

import numpy as np
import pytest
from scipy.special import roots_genlaguerre, roots_jacobi

from evaluation.formulas import lifetime_value
from evaluation.formulas.lifetime_value import PurchaseModel, RenewalModel, SpendingModel
from evaluation.formulas.purchases import log_likelihood

# Greatest likelihood for CDNOW, weeks: Fader, Hardie & Lee 2005 and the BTYDplus package (MBG/NBD).
CDNOW = (0.2426, 4.4135, 0.7929, 2.4258)
CDNOW_MBG = (0.5248, 6.183, 0.8914, 1.614)
BG = PurchaseModel(*CDNOW, drops_out_at_first=False, log_likelihood=-9582.4, customers=2357)
MBG = PurchaseModel(*CDNOW_MBG, drops_out_at_first=True, log_likelihood=-9582.1, customers=2357)
SPENDING = SpendingModel(6.2496, 3.7442, 15.4435, correlation=0.11, log_likelihood=-4055.92, customers=946)

# Yearly survivors of 1000 customers, Fader & Hardie 2007, "How to project customer retention".
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]


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


# --- purchases -----------------------------------------------------------------------------------------


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


# --- spending ------------------------------------------------------------------------------------------


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


# --- renewals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("survivors", "alpha", "beta_", "likelihood"),
    [(HIGH_END, 0.668, 3.806, -1611.16), (REGULAR, 0.704, 1.182, -1680.27)],
)
def test_the_sbg_has_the_published_parameters(survivors, alpha, beta_, likelihood):
    model = lifetime_value.fit_sbg(survivors)
    assert (round(model.alpha, 3), round(model.beta, 3)) == (alpha, beta_)
    assert round(model.log_likelihood, 2) == likelihood
    assert (model.customers, model.at_bound) == (1000, False)


def test_the_sbg_forecasts_the_years_it_has_not_seen():
    # Years 8 to 12 of the same two cohorts, in the same paper; the forecast is within two points.
    for survivors, later in ((HIGH_END, [468, 445, 427, 409, 394]), (REGULAR, [223, 207, 194, 183, 173])):
        model = lifetime_value.fit_sbg(survivors)
        for year, left in enumerate(later, start=8):
            assert 1000 * model.survival(year) == pytest.approx(left, abs=20)


def test_retention_rises_with_the_age_of_a_cohort():
    model = RenewalModel(0.668, 3.806, 0, 1000)
    assert model.retention(1) == pytest.approx(3.806 / 4.474)
    assert model.survival(0) == 1
    for year in range(1, 10):
        assert model.survival(year) / model.survival(year - 1) == pytest.approx(model.retention(year))
        assert model.retention(year + 1) > model.retention(year)


def test_the_residual_lifetime_is_the_discounted_sum_of_survival():
    for model in (RenewalModel(0.668, 3.806, 0, 1), RenewalModel(3.8, 15.19, 0, 1)):
        for made in (0, 1, 5):
            terms = (model.survival(made + ahead) / 1.1 ** (ahead - 1) for ahead in range(1, 400))
            assert model.derl(made, 0.1) == pytest.approx(sum(terms) / model.survival(made))
    with pytest.raises(ValueError, match="finite"):
        RenewalModel(0.668, 3.806, 0, 1).derl(0, 0)
    assert RenewalModel(3.8, 15.19, 0, 1).derl(0, 0) == pytest.approx(15.19 / 2.8)


def test_expected_renewals_add_up_the_chances():
    model = RenewalModel(1.0, 1.0, 0, 1)
    assert model.expected_renewals(0, 3) == pytest.approx(1 / 2 + 1 / 3 + 1 / 4)
    assert model.expected_renewals(2, 0) == 0


def test_several_cohorts_of_unlike_age_are_fitted_together():
    twice = lifetime_value.fit_sbg([HIGH_END, HIGH_END])
    once = lifetime_value.fit_sbg(HIGH_END)
    assert (twice.alpha, twice.beta) == pytest.approx((once.alpha, once.beta), rel=1e-4)
    mixed = lifetime_value.fit_sbg([HIGH_END, HIGH_END[:3]])
    assert mixed.customers == 2000
    assert (mixed.alpha, mixed.beta) == pytest.approx((0.668, 3.806), rel=0.2)


def test_cohorts_that_cannot_be_are_refused():
    for impossible in ([], [10], [10, 9], [10, 10, 10], [10, 11, 9], [0, 0, 0], [10, 5, -1]):
        with pytest.raises(ValueError, match=r"cohort|renewals"):
            lifetime_value.fit_sbg(impossible)
    assert lifetime_value.enough_renewals(HIGH_END)
    assert not lifetime_value.enough_renewals([1000, 900, 800])
    assert not lifetime_value.enough_renewals([49, 40, 35, 30])


# --- value ---------------------------------------------------------------------------------------------


def test_customers_alike_who_hardly_differ_run_out_of_bounds_and_say_so():
    flat = [1_000_000, 900_000, 810_000, 729_000, 656_100]
    model = lifetime_value.fit_sbg(flat)
    assert model.at_bound
    assert model.retention(1) == pytest.approx(0.9, abs=1e-3)


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
