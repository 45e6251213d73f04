import random

import pytest

from evaluation.formulas.time_series import level_change, student_quantile, trend


def test_students_quantile_is_the_one_in_the_tables():
    assert [round(student_quantile(0.95, freedom), 3) for freedom in (1, 10, 30)] == [12.706, 2.228, 2.042]
    with pytest.raises(ValueError, match="level"):
        student_quantile(95, 10)


def test_a_level_and_a_slope_change_are_found_exactly_where_there_is_no_noise():
    before = [(month, 10.0 + month) for month in range(8)]
    after = [(month, 10.0 + month + 4 + 0.5 * (month - 8)) for month in range(8, 16)]
    estimate, (low, high) = level_change(before, after, starts=8, level=0.95)
    assert estimate == pytest.approx(4 + 0.5 * 3.5)
    assert (low, high) == pytest.approx((estimate, estimate))
    with pytest.raises(ValueError, match="two points"):
        level_change(before[:1], after, 8, 0.95)
    with pytest.raises(ValueError, match="four points"):
        level_change(before[:2], after[:2], 8, 0.95)


def test_the_interval_of_a_level_change_covers_the_truth():
    generator = random.Random(20261121)
    covered = 0
    for _ in range(400):
        before = [(month, generator.gauss(0, 1)) for month in range(10)]
        after = [(month, generator.gauss(3, 1)) for month in range(10, 20)]
        _, (low, high) = level_change(before, after, 10, 0.95)
        covered += low <= 3 <= high
    assert covered / 400 > 0.93


def test_a_trend_needs_twelve_points_and_is_not_moved_by_one_outlier():
    rising = [float(month) for month in range(12)]
    assert trend(rising[:11]) is None
    assert trend([*rising[:11], None]) is None
    assert trend(rising).slope == 1
    assert trend(rising).p == pytest.approx(8.3031e-6, rel=1e-4)
    outlier = trend([*rising[:11], 1000.0])
    assert outlier.slope == pytest.approx(1)
    gap = trend([*rising[:6], None, *[value + 1 for value in rising[6:]]])
    assert (gap.slope, gap.n) == (1, 12)


def test_a_flat_or_erratic_series_has_no_trend():
    assert trend([5.0] * 14).slope == 0
    assert trend([5.0] * 14).p == pytest.approx(1)
    erratic = trend([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4])
    assert erratic.p > 0.1
