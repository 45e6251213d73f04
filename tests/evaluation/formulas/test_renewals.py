"""How many will renew: the two cohorts of the paper the model comes from, and its algebra."""

import pytest

from evaluation.formulas import lifetime_value
from evaluation.formulas.renewals import RenewalModel

# Yearly survivors of 1000 customers, Fader & Hardie 2007, "How to project customer retention".
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]


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


def test_customers_alike_who_hardly_differ_run_out_of_bounds_and_say_so():
    flat = [1_000_000, 900_000, 810_000, 729_000, 656_100]
    model = lifetime_value.fit_sbg(flat)
    assert model.at_bound
    assert model.retention(1) == pytest.approx(0.9, abs=1e-3)
