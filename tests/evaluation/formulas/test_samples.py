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


def test_a_number_of_answers_below_nothing_is_refused():
    with pytest.raises(ValueError, match="negative"):
        samples.precision(-1, None)
