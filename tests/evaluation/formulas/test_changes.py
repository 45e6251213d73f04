"""A change is exactly the sum of its effects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.formulas import changes

PARTS = st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(0, 50), st.integers(1, 100)), min_size=1)


def ratio(parts):
    return sum(top for top, _ in parts.values()) / sum(bottom for _, bottom in parts.values())


@given(PARTS, PARTS)
def test_effects_on_a_ratio_add_up_to_its_change(before, after):
    assert changes.of_ratios(before, after).total == pytest.approx(ratio(after) - ratio(before), abs=1e-9)


@given(PARTS, PARTS)
def test_effects_on_a_sum_add_up_to_its_change(before, after):
    change = sum(total for total, _ in after.values()) - sum(total for total, _ in before.values())
    assert changes.of_sums(before, after).total == pytest.approx(change, abs=1e-9)


def test_everybody_better_and_the_whole_worse_is_mix():
    effects = changes.of_ratios({"a": (90, 100), "b": (10, 50)}, {"a": (46, 50), "b": (25, 100)})
    assert effects.rate > 0 > effects.mix
    assert effects.total == pytest.approx(71 / 150 - 100 / 150)


def test_parts_that_came_and_went_are_told_apart():
    effects = changes.of_sums({"a": (10, 1), "gone": (5, 1)}, {"a": (30, 2), "new": (7, 1)})
    assert (effects.rate, effects.mix, effects.entered, effects.left) == (7.5, 12.5, 7, -5)


def test_a_ratio_of_nothing_has_no_change():
    with pytest.raises(ValueError, match="not computable"):
        changes.of_ratios({}, {"a": (1, 1)})
