"""The effect of measures: what is claimed where nothing, and where something, was done."""

import random
from statistics import mean

import pytest

from evaluation.formulas import effect
from evaluation.formulas.effect import Design, Verdict

STEADY = [80.0, 82, 79, 81, 80, 78, 81, 79]


def test_a_randomised_comparison_has_newcombes_interval_and_the_best_grade():
    result = effect.randomised((56, 70), (48, 80))
    assert result.estimate == pytest.approx(0.2)
    assert tuple(round(end, 4) for end in result.interval) == (0.0524, 0.3339)
    assert (result.grade, result.design, result.verdict) == ("A", Design.RANDOMISED, Verdict.IMPROVED)
    assert effect.randomised((56, 70), (48, 80), higher_is_better=False).verdict is Verdict.WORSE
    assert effect.randomised((7, 10), (6, 10)).verdict is Verdict.NO_DETECTABLE_CHANGE
    assert effect.randomised((0, 0), (6, 10)).verdict is Verdict.NOT_MEASURABLE


def test_a_clear_rise_improves_or_worsens_by_the_direction_of_the_kpi():
    series = [*STEADY[:7], 90, 91, 89, 92]
    result = effect.before_after(series, starts=7)
    assert (result.grade, result.design, result.verdict) == ("D", Design.BEFORE_AFTER, Verdict.IMPROVED)
    assert result.estimate == pytest.approx(90.5 - 561 / 7)
    assert (result.before, result.after) == (pytest.approx(561 / 7), 90.5)
    assert (result.n_before, result.n_after) == (7, 4)
    low, high = result.interval
    assert low < result.estimate < high
    assert effect.before_after(series, starts=7, higher_is_better=False).verdict is Verdict.WORSE


def test_the_trigger_period_is_not_part_of_the_baseline():
    series = [*STEADY[:7], 60.0, 80, 81, 79, 80]
    blamed = effect.before_after(series, starts=8, trigger=7)
    assert blamed.estimate == pytest.approx(80 - 561 / 7)
    assert (blamed.n_before, blamed.verdict) == (7, Verdict.NO_DETECTABLE_CHANGE)
    assert effect.TRIGGER_EXCLUDED in blamed.notes
    assert effect.before_after(series, starts=8).estimate == pytest.approx(80 - 621 / 8)
    several = effect.before_after(series, starts=8, trigger=[6, 7])
    assert several.n_before == 6


def test_a_usual_difference_is_no_detectable_change_with_its_interval():
    result = effect.before_after([*STEADY[:7], 81, 79, 82], starts=7)
    assert result.verdict is Verdict.NO_DETECTABLE_CHANGE
    assert result.interval[0] < 0 < result.interval[1]


def test_a_few_points_are_an_anecdote():
    for series, starts in (
        ([80, 82, 79, 81, 80, 95, 96, 97], 5),
        ([*STEADY, 95, 96], 8),
        ([*STEADY, None], 8),
        ([], 0),
    ):
        result = effect.before_after(series, starts=starts)
        assert (result.grade, result.verdict, result.interval) == ("E", Verdict.NOT_MEASURABLE, None)
        assert effect.TOO_FEW_POINTS in result.notes
    shown = effect.before_after([80, 82, 84, 90], starts=3)
    assert (shown.before, shown.after, shown.estimate) == (82, 90, 8)


def test_eight_points_each_side_are_an_interrupted_time_series_that_sees_through_a_trend():
    rising = [50 + month + (0.3 if month % 2 else -0.3) for month in range(20)]
    result = effect.before_after(rising, starts=10)
    assert (result.grade, result.verdict) == ("C", Verdict.NO_DETECTABLE_CHANGE)
    assert result.estimate == pytest.approx(0, abs=0.5)
    lifted = [value + (5 if month >= 10 else 0) for month, value in enumerate(rising)]
    result = effect.before_after(lifted, starts=10)
    assert result.verdict is Verdict.IMPROVED
    assert result.estimate == pytest.approx(5, abs=0.5)


def test_missing_periods_are_left_out():
    with_gaps = [*STEADY[:4], None, *STEADY[4:7], None, 90, None, 91, 89, 92]
    result = effect.before_after(with_gaps, starts=9)
    assert (result.n_before, result.n_after, result.grade) == (7, 4, "D")
    assert result.verdict is Verdict.IMPROVED


def test_indexes_outside_the_series_are_refused():
    with pytest.raises(ValueError, match="start"):
        effect.before_after(STEADY, starts=9)
    with pytest.raises(ValueError, match="trigger"):
        effect.before_after(STEADY, starts=4, trigger=4)
    with pytest.raises(ValueError, match="trigger"):
        effect.difference_in_differences([STEADY], [STEADY, STEADY], starts=4, trigger=-1)


def test_what_happened_to_everyone_is_not_an_effect():
    treated = [[80, 81, 79, 80, 90, 91], [70, 71, 69, 70, 80, 81], [75, 74, 76, 75, 86, 84]]
    control = [[60, 61, 59, 60, 70, 71], [90, 89, 91, 90, 100, 99], [65, 66, 64, 65, 76, 75]]
    result = effect.difference_in_differences(treated, control, starts=4)
    assert (result.grade, result.design) == ("B", Design.DIFFERENCE_IN_DIFFERENCES)
    assert result.estimate == pytest.approx(mean([10.5, 10.5, 10]) - mean([10.5, 9.5, 10.5]))
    assert result.verdict is Verdict.NO_DETECTABLE_CHANGE
    assert (result.n_before, result.n_after) == (3, 3)
    assert (result.before, result.after) == (75, pytest.approx(85.3333333))


def test_what_happened_to_the_treated_only_is_an_effect():
    treated = [[80, 81, 79, 80, 90, 91], [70, 71, 69, 70, 80, 81], [75, 74, 76, 75, 86, 84]]
    control = [[60, 61, 59, 60, 60, 61], [90, 89, 91, 90, 90, 89], [65, 66, 64, 65, 66, 65]]
    result = effect.difference_in_differences(treated, control, starts=4)
    assert result.verdict is Verdict.IMPROVED
    assert result.interval[0] < result.estimate < result.interval[1]
    alone = effect.difference_in_differences(treated[:1], control, starts=4)
    assert alone.estimate == pytest.approx(10.5 - 1 / 6)
    assert alone.verdict is Verdict.IMPROVED
    assert effect.difference_in_differences(treated, control, starts=4, higher_is_better=False).verdict is Verdict.WORSE


def test_without_two_untreated_units_there_is_no_comparison():
    result = effect.difference_in_differences([[80, 81, 90]], [[80, 80, 80]], starts=2)
    assert (result.grade, result.verdict, result.estimate) == ("E", Verdict.NOT_MEASURABLE, 9.5)
    assert effect.TOO_FEW_UNITS in result.notes
    assert effect.difference_in_differences([], [], starts=0).estimate is None


def test_groups_that_drifted_apart_before_are_not_compared():
    treated = [[60 + 3 * month + unit for month in range(12)] for unit in range(4)]
    control = [[60 + unit + 0.1 * (month % 2) for month in range(12)] for unit in range(4)]
    result = effect.difference_in_differences(treated, control, starts=8)
    assert result.verdict is Verdict.NOT_MEASURABLE
    assert effect.PRE_TRENDS_DIFFER in result.notes


def test_a_bootstrap_of_units_is_the_same_for_the_same_seed():
    generator = random.Random(1)
    units = [[generator.gauss(80, 2) for _ in range(8)] for _ in range(24)]
    first = effect.difference_in_differences(units[:12], units[12:], starts=5, seed=3)
    again = effect.difference_in_differences(units[:12], units[12:], starts=5, seed=3)
    other = effect.difference_in_differences(units[:12], units[12:], starts=5, seed=4)
    assert first == again
    assert first.interval != other.interval


def a_team(generator, months=13, share=0.85, answers=40):
    return [sum(generator.random() < share for _ in range(answers)) / answers for _ in range(months)]


def test_a_plan_without_effect_for_the_worst_teams_is_not_credited_with_their_recovery():
    # The reference's simulation: after against the trigger month +10.2 pp, against the baseline and against
    # the other teams nothing.
    generator = random.Random(20261121)
    naive, baseline, compared, claims = [], [], [], 0
    for _ in range(25):
        teams = sorted((a_team(generator) for _ in range(60)), key=lambda team: team[6])
        worst, others = teams[:6], teams[6:]
        naive += [mean(team[7:]) - team[6] for team in worst]
        for team in worst:
            alone = effect.before_after(team, starts=7, trigger=6)
            baseline.append(alone.estimate)
            claims += alone.verdict is not Verdict.NO_DETECTABLE_CHANGE
        compared.append(effect.difference_in_differences(worst, others, starts=7, trigger=6).estimate)
    assert mean(naive) == pytest.approx(0.102, abs=0.01)
    assert mean(baseline) == pytest.approx(0, abs=0.007)
    assert mean(compared) == pytest.approx(0, abs=0.01)
    assert claims / len(baseline) < 0.06


@pytest.mark.parametrize(("before", "after"), [(8, 4), (10, 10), (12, 18)])
def test_where_nothing_was_done_little_is_claimed(before, after):
    generator = random.Random(20261121)
    claims = 0
    for _ in range(400):
        series = [generator.gauss(80, 3) for _ in range(before + after)]
        claims += effect.before_after(series, starts=before).verdict is not Verdict.NO_DETECTABLE_CHANGE
    assert claims / 400 < 0.07


def test_a_large_effect_is_usually_found():
    generator = random.Random(20261121)
    found = 0
    for _ in range(200):
        series = [generator.gauss(80, 3) for _ in range(10)] + [generator.gauss(90, 3) for _ in range(6)]
        found += effect.before_after(series, starts=10).verdict is Verdict.IMPROVED
    assert found / 200 > 0.9
