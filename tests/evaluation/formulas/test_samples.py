import pytest

from evaluation.formulas import intervals, samples
from evaluation.formulas.samples import Precision


@pytest.mark.parametrize(
    ("successes", "n", "expected"),
    [
        (0, 0, Precision.NONE),
        (9, 9, Precision.COUNT_ONLY),
        (9, 10, Precision.SHOWN),
        (29, 29, Precision.SHOWN),
        (15, 30, Precision.TOO_IMPRECISE),
        (29, 30, Precision.JUDGED),
        (200, 400, Precision.JUDGED),
    ],
)
def test_what_a_share_may_be_used_for_depends_on_how_much_is_known(successes, n, expected):
    assert samples.precision(n, intervals.wilson(successes, n)) is expected


@pytest.mark.parametrize(("n", "points"), [(50, 16.8), (100, 11.9), (200, 8.4), (400, 5.9)])
def test_how_big_a_change_of_csat_must_be_to_be_seen(n, points):
    assert round(100 * samples.detectable_share_change(0.9, n), 1) == points


@pytest.mark.parametrize(("n", "points"), [(50, 44), (100, 31), (200, 22), (400, 15)])
def test_how_big_a_change_of_nps_must_be_to_be_seen(n, points):
    assert round(samples.detectable_nps_change(0.5, 0.2, n)) == points


def test_impossible_samples_are_refused_and_empty_ones_show_nothing():
    assert samples.detectable_share_change(0.9, 0) is None
    assert samples.detectable_nps_change(0.5, 0.2, 0) is None
    for impossible in (
        lambda: samples.precision(-1, None),
        lambda: samples.detectable_share_change(90, 10),
        lambda: samples.detectable_share_change(0.9, -1),
        lambda: samples.detectable_nps_change(0.8, 0.3, 10),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            impossible()
