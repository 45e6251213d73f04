import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.formulas import health
from evaluation.formulas.health import Band, Component


def test_a_score_is_fifty_plus_what_each_component_adds():
    result = health.score(
        [Component("service", 0.9, 30), Component("sentiment", 0.2, 20), Component("rhythm", 0.5, 50)]
    )
    assert [(part.name, part.points) for part in result.contributions] == [
        ("service", 12.0),
        ("sentiment", -6.0),
        ("rhythm", 0.0),
    ]
    assert (result.score, result.coverage) == (56.0, 1.0)


def test_a_missing_value_shares_out_its_weight_and_lowers_the_coverage():
    result = health.score(
        [Component("service", 0.9, 30), Component("sentiment", None, 50), Component("rhythm", 0.5, 20)]
    )
    assert result.coverage == 0.5
    assert result.score == pytest.approx(50 + 100 * 0.6 * 0.4)
    assert [part.effective_weight for part in result.contributions] == [0.6, 0.0, 0.4]
    assert result.contributions[1].points == 0
    assert health.band(result.score, None, coverage=result.coverage) is Band.UNKNOWN


def test_nothing_known_has_no_score():
    result = health.score([Component("service", None, 1), Component("sentiment", 0.9, 0)])
    assert (result.score, result.coverage) == (None, 0.0)
    assert health.band(result.score) is Band.UNKNOWN


weights = st.floats(0, 1000, allow_subnormal=False)  # of which a share is still more than nothing
components = st.lists(st.tuples(st.none() | st.floats(0, 1), weights, st.floats(0, 400)), min_size=1, max_size=8).map(
    lambda rows: [Component(f"c{i}", value, weight, age, 90) for i, (value, weight, age) in enumerate(rows)]
)


@given(components, st.randoms())
def test_contributions_add_up_exactly_in_any_order_and_after_json(parts, shuffler):
    if not sum(part.weight for part in parts):
        return
    result = health.score(parts)
    if result.score is None:
        return
    points = json.loads(json.dumps([part.points for part in result.contributions]))
    shuffler.shuffle(points)
    assert 50 + sum(points) == result.score
    assert sum(points) == result.score - 50
    assert 0 <= result.score <= 100
    assert 0 < result.coverage <= 1 + 1e-12


def test_a_score_of_many_good_or_bad_thirds_stays_on_the_scale():
    for value, end in ((0.0, 0), (1.0, 100)):
        for n in range(1, 60):
            result = health.score([Component(str(i), value, 1) for i in range(n)])
            assert result.score == pytest.approx(end, abs=1e-4)
            assert 0 <= result.score <= 100


def test_an_old_observation_fades_towards_neutral():
    fresh, month, long_ago = (Component("nps", 1.0, 1, age=age, half_life=90).faded for age in (0, 90, 900))
    assert (fresh, month) == (1.0, 0.75)
    assert long_ago == pytest.approx(0.5, abs=1e-3)
    assert health.score([Component("nps", 0.0, 1, age=90, half_life=90)]).score == 25.0


def test_figures_are_normalised_between_three_anchors():
    assert [health.normalise(raw, bad=0, ok=20, good=100) for raw in (-5, 0, 10, 20, 60, 100, 200)] == [
        0, 0, 0.25, 0.5, 0.75, 1, 1,
    ]  # fmt: skip
    assert [health.normalise(raw, bad=90, ok=30, good=10) for raw in (100, 60, 30, 20, 5)] == [0, 0.25, 0.5, 0.75, 1]
    with pytest.raises(ValueError, match="between"):
        health.normalise(1, bad=0, ok=0, good=10)


def test_a_trip_wire_caps_the_score_and_is_named():
    parts = [Component("service", 0.9, 1)]
    result = health.score(parts, trip_wires=["cancellation notice"])
    assert (result.score, result.uncapped, result.trip_wires) == (39.0, 90.0, ("cancellation notice",))
    low = health.score([Component("service", 0.1, 1)], trip_wires=["cancellation notice"])
    assert low.score == 10.0


@pytest.mark.parametrize(
    ("score", "previous", "expected"),
    [
        (39.9, None, Band.RED),
        (40, None, Band.AMBER),
        (70, None, Band.AMBER),
        (70.1, None, Band.GREEN),
        (45, Band.RED, Band.RED),
        (50, Band.RED, Band.RED),
        (50.1, Band.RED, Band.AMBER),
        (75, Band.RED, Band.GREEN),
        (60, Band.GREEN, Band.GREEN),
        (59.9, Band.GREEN, Band.AMBER),
        (39, Band.GREEN, Band.RED),
        (65, Band.AMBER, Band.AMBER),
        (45, Band.AMBER, Band.AMBER),
        (45, Band.UNKNOWN, Band.AMBER),
        (65, "green", Band.GREEN),
        (None, Band.GREEN, Band.UNKNOWN),
    ],
)
def test_bands_are_slow_to_change(score, previous, expected):
    assert health.band(score, previous) is expected


def test_a_score_with_too_little_behind_it_is_unknown():
    assert health.band(90, Band.GREEN, coverage=0.59) is Band.UNKNOWN
    assert health.band(90, Band.UNKNOWN, coverage=0.6) is Band.GREEN


def test_a_change_is_split_exactly_by_component():
    before = health.score([Component("service", 0.9, 30), Component("sentiment", 0.2, 70)])
    after = health.score([Component("service", 0.5, 30), Component("sentiment", 0.3, 70)])
    effects = health.change(before, after)
    assert set(effects) == {"service", "sentiment"}
    assert (effects["service"], round(effects["sentiment"], 4)) == (-12.0, 7.0)
    assert sum(effects.values()) == after.score - before.score


def test_a_change_of_weights_or_a_trip_wire_stands_apart():
    before = health.score([Component("service", 0.9, 30), Component("sentiment", 0.2, 70)])
    after = health.score(
        [Component("service", 0.9, 50), Component("sentiment", 0.2, 50), Component("rhythm", 1.0, 0)], ["champion left"]
    )
    effects = health.change(before, after)
    assert (effects["service"], effects["sentiment"]) == (0, 0)
    assert round(effects[health.WEIGHTS_CHANGED], 4) == 14.0
    assert round(effects[health.TRIP_WIRES], 4) == -16.0
    assert sum(effects.values()) == after.score - before.score
    assert health.change(before, health.score([Component("service", None, 1)])) == {}


def test_any_change_adds_up():
    generator = random.Random(3)
    for _ in range(300):
        before, after = (
            health.score(
                [
                    Component(f"c{i}", generator.choice([None, generator.random()]), generator.randint(1, 9))
                    for i in some
                ],
                generator.choice([[], ["notice"]]),
            )
            for some in (range(4), range(generator.randint(2, 5)))
        )
        effects = health.change(before, after)
        if effects:
            assert sum(effects.values()) == after.score - before.score


def test_what_would_lift_a_customer_out_of_red_is_said_per_component():
    parts = [Component("service", 0.1, 50), Component("sentiment", 0.4, 10), Component("rhythm", 0.5, 40)]
    needed = health.needed(parts)
    assert needed["service"] == pytest.approx(0.52)
    assert needed["sentiment"] is None
    assert health.score([Component("service", needed["service"], 50), *parts[1:]]).score == pytest.approx(50)


def test_what_is_no_component_is_refused():
    for wrong in (
        [Component("a", 1.1, 1)],
        [Component("a", float("nan"), 1)],
        [Component("a", 0.5, -1)],
        [Component("a", 0.5, 0)],
        [Component("a", 0.5, 1), Component("a", 0.5, 1)],
        [Component("a", 0.5, 1, age=-1)],
        [],
    ):
        with pytest.raises(ValueError, match=r"\w+ \w+"):
            health.score(wrong)
    with pytest.raises(ValueError, match="between 0 and 100"):
        health.band(101)
    with pytest.raises(ValueError, match="purple"):
        health.band(50, "purple")
