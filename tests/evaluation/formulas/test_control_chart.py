"""XmR charts by hand, and what their rules do on processes that are known to be stable or to have changed."""

import random

import pytest

from evaluation.formulas.control_chart import Rule, xmr

# Mean 10, moving ranges 2, 4, 2, 0, 2, 4, 2, 2, 0, 2, 4 (mean 24/11).
STEADY = [10, 12, 8, 10, 10, 12, 8, 10, 8, 8, 10, 14]


def rules(chart):
    return {signal.rule for signal in chart.signals}


def test_limits_are_the_mean_and_its_moving_ranges():
    chart = xmr([10, 12, 11, 9, 10, 12, 8, 10, 11, 9, 10, 8])
    assert chart.centre == pytest.approx(10)
    assert chart.mean_moving_range == pytest.approx(20 / 11)
    assert chart.natural_limits == pytest.approx((10 - 2.66 * 20 / 11, 10 + 2.66 * 20 / 11))
    assert chart.range_limit == pytest.approx(3.268 * 20 / 11)
    assert chart.moving_ranges == (None, 2, 1, 2, 1, 2, 4, 2, 1, 2, 1, 2)
    assert (chart.provisional, chart.baseline, chart.signals) == (False, 12, ())


def test_limits_are_locked_after_the_baseline():
    before, after = xmr(STEADY), xmr([*STEADY, 90, 91, 92])
    assert after.natural_limits == before.natural_limits
    assert after.centre == before.centre == 10
    assert [signal.indexes for signal in after.signals_by(Rule.OUTSIDE_LIMITS)] == [(12,), (13,), (14,)]
    assert after.large_moves == (12,)


def test_a_short_series_has_provisional_limits_from_six_values_and_none_before():
    assert xmr(STEADY[:6]).natural_limits is not None
    assert xmr(STEADY[:6]).provisional
    for short in range(6):
        chart = xmr(STEADY[:short])
        assert (chart.natural_limits, chart.range_limit, chart.signals) == (None, None, ())
        assert chart.provisional
    assert xmr([]).centre is None
    assert xmr([7]).centre == 7
    assert xmr(STEADY[:5], baseline=5).natural_limits is not None


def test_missing_periods_keep_their_place_and_have_no_moving_range():
    chart = xmr([10, None, 12, 11, None, 13, 10, 11, 12, 10, None, 40], baseline=8)
    assert chart.moving_ranges == (None, None, None, 1, None, None, 3, 1, 1, 2, None, None)
    assert chart.mean_moving_range == pytest.approx(8 / 5)
    assert chart.centre == pytest.approx(89 / 8)
    assert [(signal.rule, signal.indexes, signal.above) for signal in chart.signals] == [
        (Rule.OUTSIDE_LIMITS, (11,), True)
    ]
    assert xmr([None] * 20).natural_limits is None
    assert xmr([1, None, 2, None, 3, None, 4, None, 5, None, 6, None, 7]).natural_limits is None


def test_a_series_without_variation_has_limits_at_its_centre_and_no_signals():
    for value in (5, 0, 0.1, 1 / 3):
        chart = xmr([value] * 20)
        assert chart.centre == value
        assert chart.natural_limits == (value, value)
        assert (chart.range_limit, chart.signals, chart.large_moves) == (0, (), ())
    assert [signal.indexes for signal in xmr([5] * 12 + [6]).signals] == [(12,)]


def test_one_point_outside_the_limits_is_a_signal_and_one_on_a_limit_is_not():
    upper = xmr(STEADY).upper
    assert xmr([*STEADY, upper]).signals_by(Rule.OUTSIDE_LIMITS) == ()
    signal = xmr([*STEADY, upper + 0.01]).signals_by(Rule.OUTSIDE_LIMITS)
    assert [(s.indexes, s.above) for s in signal] == [((12,), True)]
    below = xmr([*STEADY, xmr(STEADY).lower - 0.01]).signals_by(Rule.OUTSIDE_LIMITS)
    assert [(s.indexes, s.above) for s in below] == [((12,), False)]


def test_eight_in_a_row_on_one_side_are_a_signal_and_seven_are_not():
    assert Rule.RUN not in rules(xmr([*STEADY[:-1], 14, 9, 9, 9, 9, 9, 9, 9]))
    run = xmr([*STEADY, 9, 9, 9, 9, 9, 9, 9, 9]).signals_by(Rule.RUN)
    assert [(s.indexes, s.above) for s in run] == [(tuple(range(12, 20)), False)]
    longer = xmr([*STEADY, *[9] * 11]).signals_by(Rule.RUN)
    assert [s.indexes for s in longer] == [tuple(range(12, 23))]


def test_a_point_on_the_centre_ends_a_run_and_a_missing_one_does_not():
    assert Rule.RUN not in rules(xmr([*STEADY, 9, 9, 9, 9, 10, 9, 9, 9, 9]))
    run = xmr([*STEADY, 9, 9, 9, 9, None, 9, 9, 9, 9]).signals_by(Rule.RUN)
    assert [s.indexes for s in run] == [(12, 13, 14, 15, 17, 18, 19, 20)]


def test_three_of_four_close_to_one_limit_are_one_signal():
    far = 10 + 2.66 * 24 / 11 * 0.6
    close = xmr([*STEADY, 9, far, 9, far, far, 9, 9]).signals_by(Rule.CLOSE_TO_LIMIT)
    assert [(s.indexes, s.above) for s in close] == [((13, 15, 16), True)]
    both_sides = xmr([*STEADY, 9, far, 20 - far, far, 9, 9])
    assert Rule.CLOSE_TO_LIMIT not in rules(both_sides)
    longer = xmr([*STEADY, 9, 9, far, far, far, far, far, 9, 9]).signals_by(Rule.CLOSE_TO_LIMIT)
    assert [s.indexes for s in longer] == [(14, 15, 16, 17, 18)]


def test_no_limit_is_drawn_beyond_the_end_of_the_scale():
    shares = [0.95, 1.0, 0.9, 1.0, 0.92, 0.97, 0.99, 0.9, 1.0, 0.93, 0.98, 0.95]
    chart = xmr(shares, lowest=0, highest=1)
    assert chart.upper == 1
    assert chart.lower == xmr(shares).lower
    assert chart.signals == ()


def test_what_is_no_series_is_refused():
    with pytest.raises(ValueError, match="baseline"):
        xmr(STEADY, baseline=1)
    with pytest.raises(ValueError, match="finite"):
        xmr([1.0, float("nan")])


def month_of_answers(generator, share, answers):
    return sum(generator.random() < share for _ in range(answers)) / answers


def test_a_stable_process_alarms_in_about_two_of_a_hundred_months():
    generator = random.Random(20261121)
    outside = any_rule = months = 0
    for _ in range(300):
        series = [month_of_answers(generator, 0.9, 100) for _ in range(24)]
        fired = xmr(series).signals
        months += 12
        outside += sum(s.indexes[0] >= 12 for s in fired if s.rule == Rule.OUTSIDE_LIMITS)
        any_rule += len({s.indexes[-1] for s in fired if s.indexes[-1] >= 12})
    assert 0.01 < outside / months < 0.03  # the reference's simulation: 2.0 %
    assert 0.02 < any_rule / months < 0.06  # 4.0 %


def test_a_real_fall_of_ten_points_is_found_within_six_months():
    generator = random.Random(20261121)
    found = 0
    for _ in range(200):
        before = [month_of_answers(generator, 0.9, 100) for _ in range(12)]
        after = [month_of_answers(generator, 0.8, 100) for _ in range(6)]
        found += any(s.rule == Rule.OUTSIDE_LIMITS and s.indexes[0] >= 12 for s in xmr(before + after).signals)
    assert found / 200 > 0.9  # the reference's simulation: 96 %
