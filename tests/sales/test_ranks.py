"""Places in a column: between any two there is room, whatever was done before."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.sales.models.rank import DIGITS, HEAD, LIMIT, NoRoom, between

ranks = st.text(DIGITS, min_size=HEAD, max_size=20).filter(lambda rank: len(rank) == HEAD or rank[-1] != "0")


@given(ranks, ranks)
def test_between_two_places_there_is_a_third(one, other):
    lower, upper = sorted([one, other])
    if lower == upper:
        with pytest.raises(NoRoom):
            between(lower, upper)
    else:
        assert lower < between(lower, upper) < upper


@given(ranks.filter(lambda rank: rank != "0" * HEAD), ranks)
def test_there_is_room_at_both_ends(top, bottom):
    assert between("", top) < top
    assert bottom < between(bottom, "")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=10_000), min_size=1, max_size=200))
def test_cards_dropped_anywhere_stay_in_the_order_they_were_dropped_in(places):
    column: list[str] = []
    for place in places:
        index = place % (len(column) + 1)
        lower = column[index - 1] if index else ""
        upper = column[index] if index < len(column) else ""
        column.insert(index, between(lower, upper))
    assert column == sorted(column)
    assert len(set(column)) == len(column)


def test_putting_cards_on_top_never_makes_ranks_longer():
    top = between("", "")
    for _ in range(2_000):
        top = between("", top)
    assert len(top) == HEAD
    bottom = top
    for _ in range(2_000):
        bottom = between(bottom, "")
    assert len(bottom) == HEAD


def test_squeezing_into_one_gap_goes_well_150_times_before_the_column_is_spread_out():
    lower, upper = between("", ""), between(between("", ""), "")
    for count in range(150):
        upper = between(lower, upper)
        assert len(upper) <= LIMIT, count
