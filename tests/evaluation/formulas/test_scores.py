from decimal import Decimal

import pytest

from evaluation.formulas import scores
from evaluation.formulas.scores import Verdict


def test_nps_is_the_difference_of_shares_in_points():
    assert scores.nps(50, 30, 20) == 30
    assert scores.nps(10, 0, 0) == 100
    assert scores.nps(0, 0, 1) == -100
    assert scores.nps(0, 7, 0) == 0
    assert scores.nps(2, 0, 1) == pytest.approx(100 / 3)
    assert scores.nps(0, 0, 0) is None


def test_csat_is_a_share_of_answers():
    assert scores.csat(8, 10) == 0.8
    assert scores.csat(0, 3) == 0
    assert scores.csat(0, 0) is None


@pytest.mark.parametrize("impossible", [(-1, 0, 1), (1, -1, 0), (0, 0, -1)])
def test_negative_answers_are_refused(impossible):
    with pytest.raises(ValueError, match="negative"):
        scores.nps(*impossible)
    with pytest.raises(ValueError, match="cannot be"):
        scores.csat(5, 4)


@pytest.mark.parametrize(
    ("actual", "baseline", "target", "expected"),
    [
        (0.85, 0.80, 0.90, 0.5),
        (0.90, 0.80, 0.90, 1.0),
        (0.95, 0.80, 0.90, 1.0),
        (0.70, 0.80, 0.90, 0.0),
        (6.0, 8.0, 4.0, 0.5),  # lower is better
        (3.0, 8.0, 4.0, 1.0),
        (9.0, 8.0, 4.0, 0.0),
        (0.0, 10.0, 0.0, 1.0),  # a target of nothing
        (-5, -10, 0, 0.5),
        (Decimal("150"), Decimal("100"), 200.0, 0.5),
    ],
)
def test_attainment_is_the_way_covered_from_baseline_to_target(actual, baseline, target, expected):
    assert scores.attainment(actual, baseline, target) == pytest.approx(expected)


def test_a_target_equal_to_the_baseline_is_held_or_not():
    assert scores.attainment(90, 90, 90) == 1
    assert scores.attainment(89, 90, 90) == 0
    assert scores.attainment(89, 90, 90, tolerance=1) == 1
    assert scores.attainment(95, 90, 90) == 0
    assert scores.attainment(95, 90, 90, better="higher") == 1
    assert scores.attainment(85, 90, 90, better="higher") == 0
    assert scores.attainment(85, 90, 90, better="lower") == 1
    assert scores.attainment(0.1 + 0.2, 0.3, 0.3) == 1


def test_a_missing_figure_has_no_attainment():
    assert scores.attainment(None, 1, 2) is None
    assert scores.attainment(1, None, 2) is None
    assert scores.attainment(1, 1, None) is None
    assert scores.attainment(float("nan"), 1, 2) is None


@pytest.mark.parametrize(
    ("value", "interval", "expected"),
    [
        (0.95, (0.91, 0.98), Verdict.MET),
        (0.95, (0.90, 0.98), Verdict.MET),  # inclusive
        (0.92, (0.85, 0.97), Verdict.PROBABLY_MET),
        (0.90, (0.85, 0.94), Verdict.PROBABLY_MET),
        (0.88, (0.80, 0.93), Verdict.PROBABLY_MISSED),
        (0.80, (0.75, 0.85), Verdict.MISSED),
        (0.9, None, Verdict.MET),
        (0.8999, None, Verdict.MISSED),
        (None, None, Verdict.NOT_MEASURABLE),
    ],
)
def test_a_verdict_is_as_sure_as_the_interval(value, interval, expected):
    assert scores.verdict(value, interval, at_least=0.9) is expected


def test_a_verdict_on_lower_is_better_and_on_a_band():
    assert scores.verdict(0.03, (0.01, 0.05), at_most=0.05) is Verdict.MET
    assert scores.verdict(0.06, (0.04, 0.09), at_most=0.05) is Verdict.PROBABLY_MISSED
    assert scores.verdict(5, (4, 6), at_least=3, at_most=7) is Verdict.MET
    assert scores.verdict(9, (8, 10), at_least=3, at_most=7) is Verdict.MISSED
    with pytest.raises(ValueError, match="limit"):
        scores.verdict(1, None)


def test_goals_that_cannot_be_measured_are_left_out_of_the_roll_up():
    mean, excluded = scores.rolled_up([(1.0, 50), (0.5, 25), (None, 25)])
    assert (mean, excluded) == (pytest.approx(62.5 / 75), 0.25)
    assert scores.rolled_up([(None, 10)]) == (None, 1.0)
    assert scores.rolled_up([]) == (None, 0.0)
