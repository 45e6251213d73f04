"""Kaplan-Meier against the leukaemia remissions every textbook uses, and by hand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.formulas.survival import kaplan_meier

# Weeks of remission under 6-MP, Freireich et al. 1963, Blood 21:699-716; negative: still in remission.
REMISSIONS = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35]


def remissions():
    return kaplan_meier([abs(week) for week in REMISSIONS], [week > 0 for week in REMISSIONS])


def test_the_curve_gives_the_published_estimates():
    curve = remissions()
    assert curve.times == (6, 7, 10, 13, 16, 22, 23)
    assert curve.at_risk == (21, 17, 15, 12, 11, 7, 6)
    assert curve.ended == (3, 1, 1, 1, 1, 1, 1)
    assert [round(share, 3) for share in curve.survival] == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert curve.median == 23
    assert curve.n == 21


def test_the_log_log_intervals_are_the_published_ones():
    curve = remissions()
    assert [round(low, 3) for low in curve.lower] == [0.620, 0.563, 0.503, 0.432, 0.368, 0.268, 0.188]
    assert [round(high, 3) for high in curve.upper] == [0.952, 0.923, 0.889, 0.849, 0.805, 0.747, 0.680]
    assert curve.median_interval == (13, None)


def test_the_curve_is_read_at_any_time():
    curve = remissions()
    assert curve.at(5.9) == 1
    assert curve.at(6) == pytest.approx(18 / 21)
    assert curve.at(100) == curve.survival[-1]
    assert curve.quantile(0.25) == 13
    assert curve.quantile(0.9) is None


def test_without_open_cases_the_curve_is_the_share_left():
    curve = kaplan_meier([4, 1, 3, 2], [True] * 4)
    assert curve.survival == pytest.approx((0.75, 0.5, 0.25, 0))
    assert curve.median == 2
    assert (curve.lower[-1], curve.upper[-1]) == (None, None)


def test_while_more_than_half_last_there_is_no_median():
    curve = kaplan_meier([1, 2, 3, 4], [True, False, False, False])
    assert (curve.times, curve.survival, curve.median) == ((1,), (0.75,), None)
    open_only = kaplan_meier([1, 2], [False, False])
    assert (open_only.times, open_only.median, open_only.at(5)) == ((), None, 1)


def test_nothing_gives_an_empty_curve_and_the_impossible_is_refused():
    assert kaplan_meier([], []).times == ()
    with pytest.raises(ValueError, match="2 durations"):
        kaplan_meier([1, 2], [True])
    for impossible in (-1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="finite"):
            kaplan_meier([impossible], [True])


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=40))
def test_the_curve_falls_and_its_interval_holds_it(rows):
    curve = kaplan_meier([duration for duration, _ in rows], [seen for _, seen in rows])
    shares = [1.0, *curve.survival]
    assert all(later < earlier for earlier, later in pairwise(shares))
    for share, low, high in zip(curve.survival, curve.lower, curve.upper, strict=True):
        assert share == pytest.approx(0) if low is None else 0 <= low <= share <= high <= 1
