"""Intervals against published figures and against what they must be for any input."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaincinv

from evaluation.formulas import intervals


def rounded(interval, digits=4):
    return tuple(round(end, digits) for end in interval)


@pytest.mark.parametrize(
    ("successes", "n", "expected"),
    [
        (81, 263, (0.2553, 0.3662)),  # Newcombe 1998, table I
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
        (10, 10, (0.7225, 1.0)),
    ],
)
def test_wilson_gives_the_published_limits(successes, n, expected):
    assert rounded(intervals.wilson(successes, n)) == expected


def test_wilson_follows_the_level():
    low, high = intervals.wilson(1, 29, level=0.99)
    assert low < 0.0061
    assert high > 0.1718
    with pytest.raises(ValueError, match="level"):
        intervals.wilson(1, 29, level=95)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_stays_in_range_and_mirrors(case):
    successes, n = case
    low, high = intervals.wilson(successes, n)
    assert 0 <= low <= successes / n <= high <= 1
    mirrored = intervals.wilson(n - successes, n)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize(
    ("s1", "n1", "s2", "n2", "expected"),
    [  # Newcombe 1998, Stat Med 17:873-890, table II, method 10
        (56, 70, 48, 80, (0.0524, 0.3339)),
        (9, 10, 3, 10, (0.1705, 0.8090)),
        (5, 56, 0, 29, (-0.0381, 0.1926)),
        (10, 10, 0, 10, (0.6075, 1.0)),
    ],
)
def test_newcombe_gives_the_published_limits(s1, n1, s2, n2, expected):
    assert rounded(intervals.newcombe(s1, n1, s2, n2)) == expected


def test_newcombe_turns_round_with_its_groups():
    low, high = intervals.newcombe(48, 80, 56, 70)
    assert rounded((-high, -low)) == (0.0524, 0.3339)


def test_nps_is_adjusted_wald_in_points_and_cut_at_its_ends():
    assert rounded(intervals.nps(10, 0, 0), 1) == (47.5, 100.0)
    assert rounded(intervals.nps(0, 0, 10), 1) == (-100.0, -47.5)
    low, high = intervals.nps(50, 30, 20)  # 30 points of 100 answers
    assert (round((low + high) / 2, 2), round((high - low) / 2, 2)) == (29.13, 15.08)


@pytest.mark.parametrize(
    ("events", "expected"),
    [(0, (0.0, 3.6889)), (1, (0.0253, 5.5716)), (10, (4.7954, 18.3904)), (20, (12.2165, 30.8884))],
)
def test_poisson_is_exact(events, expected):
    assert rounded(intervals.poisson(events, 1)) == expected
    assert rounded(intervals.poisson(events, 10), 5) == rounded([end / 10 for end in intervals.poisson(events, 1)], 5)


def test_nothing_counted_has_no_interval():
    assert intervals.wilson(0, 0) is None
    assert intervals.newcombe(0, 0, 1, 2) is None
    assert intervals.newcombe(1, 2, 0, 0) is None
    assert intervals.nps(0, 0, 0) is None
    assert intervals.poisson(0, 0) is None
    assert intervals.poisson(3, 0.0) is None
    assert intervals.median([]) is None


@pytest.mark.parametrize(
    "impossible",
    [
        lambda: intervals.wilson(-1, 10),
        lambda: intervals.wilson(11, 10),
        lambda: intervals.wilson(0, -1),
        lambda: intervals.newcombe(1, 2, 3, 2),
        lambda: intervals.nps(-1, 2, 3),
        lambda: intervals.poisson(-1, 10),
        lambda: intervals.poisson(1, -10),
        lambda: intervals.poisson(1, float("nan")),
    ],
)
def test_impossible_counts_are_refused(impossible):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        impossible()


def test_the_median_lies_between_two_of_the_values():
    assert intervals.median(range(1, 6)) is None  # five values cannot reach 95 %
    assert intervals.median(range(1, 7)) == (1, 6)
    assert intervals.median(range(1, 11)) == (2, 9)  # tables of the sign test
    assert intervals.median(range(1, 21)) == (6, 15)
    assert intervals.median(range(1, 101)) == (40, 61)
    durations = [timedelta(hours=hour) for hour in (9, 1, 5, 2, 8, 3)]
    assert intervals.median(durations) == (timedelta(hours=1), timedelta(hours=9))


def test_a_bootstrap_with_the_same_seed_gives_the_same_interval():
    rows = [(amount, 1) for amount in range(1, 41)]

    def mean(sample):
        return sum(amount for amount, _ in sample) / len(sample)

    first = intervals.bootstrap(rows, mean, seed=7)
    assert first == intervals.bootstrap(rows, mean, seed=7)
    assert first != intervals.bootstrap(rows, mean, seed=8)
    assert first == pytest.approx((20.5 - 1.96 * 1.825, 20.5 + 1.96 * 1.825), abs=0.4)
    assert intervals.bootstrap(rows[:1], mean, seed=7) is None


def test_the_ratio_of_two_counts_is_that_of_an_exact_share():
    share = (betaincinv(40, 33, 0.025), betaincinv(41, 32, 0.975))  # Clopper and Pearson: 40 of 72
    assert intervals.poisson_ratio(40, 32) == pytest.approx([end / (1 - end) for end in share])
    assert intervals.poisson_ratio(0, 5)[0] == 0
    assert intervals.poisson_ratio(5, 0) is None
