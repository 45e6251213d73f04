import pytest

from evaluation.formulas import rates


def test_an_empty_denominator_is_not_computable():
    assert rates.ratio(3, 0) is None
    assert rates.ratio(0, 0) is None
    assert rates.ratio(0, 4) == 0


def test_a_difference_of_ratios_is_in_percentage_points():
    assert rates.pp(0.90, 0.85) == pytest.approx(5)
    assert rates.pp(None, 0.85) is None
    assert rates.pp(0.85, None) is None


def test_growth_needs_something_to_grow_from():
    assert rates.growth(110, 100) == pytest.approx(0.1)
    assert rates.growth(0, 100) == -1
    assert rates.growth(5, 0) is None
    assert rates.growth(5, -5) is None
    assert rates.growth(None, 5) is None
    assert rates.growth(5, None) is None


def test_january_and_february_are_compared_together():
    sales = {(2025, 1): 60.0, (2025, 2): 40.0, (2026, 1): 30.0, (2026, 2): 80.0, (2025, 3): 50.0, (2026, 3): 60.0}
    for month in (1, 2):
        change = rates.year_on_year(sales, 2026, month)
        assert change.rate == pytest.approx(0.1)
        assert (change.current, change.previous, change.months) == (110, 100, (1, 2))
        assert change.note == rates.LUNAR_NEW_YEAR
    march = rates.year_on_year(sales, 2026, 3)
    assert march.rate == pytest.approx(0.2)
    assert (march.months, march.note) == ((3,), None)


def test_there_is_no_growth_while_a_month_is_missing():
    january = rates.year_on_year({(2025, 1): 60.0, (2025, 2): 40.0, (2026, 1): 30.0}, 2026, 1)
    assert (january.rate, january.current, january.previous) == (None, None, 100)
    with pytest.raises(ValueError, match="month 13"):
        rates.year_on_year({}, 2026, 13)


def test_churn_compounds_over_the_year():
    assert rates.annualised_churn(0.02) == pytest.approx(0.2152833)
    assert rates.annualised_churn(0.05, periods=4) == pytest.approx(0.18549375)
    assert rates.annualised_churn(0) == 0
    assert rates.annualised_churn(1) == 1
    for impossible in (-0.1, 1.1):
        with pytest.raises(ValueError, match="between 0 and 1"):
            rates.annualised_churn(impossible)
