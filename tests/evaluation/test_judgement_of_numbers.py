"""A number is judged three times, and none of the judgements knows of the others."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from evaluation import kpis
from evaluation.engine import COMPANY, Interval, Result, judgement, judgement_words, wording
from evaluation.engine.judgement import Levels, Variation
from evaluation.formulas import intervals, periods
from evaluation.formulas.control_chart import Rule
from evaluation.formulas.scores import Verdict

FIRST = periods.parse("2024-01")
STEADY = [10, 12, 11, 9, 10, 11, 10, 12, 9, 10, 11, 10]


def counted(value, step=0, code="new_customers", flags=(), n=100):
    kpi = kpis.get(code)
    return Result(kpi, COMPANY, FIRST.next(step), value, value, None, n, None, tuple(flags))


def share(successes, n, flags=(), code="win_rate"):
    low, high = intervals.wilson(successes, n)
    interval = Interval(low, high, 0.95, "wilson")
    return Result(kpis.get(code), COMPANY, FIRST, successes / n, successes, n, n, interval, tuple(flags))


def course(*values, **last):
    rows = [counted(value, step) for step, value in enumerate(values[:-1])]
    return [*rows, counted(values[-1], len(rows), **last)]


def test_five_periods_are_too_few_to_tell_news_from_noise():
    found = judgement.judge(course(10, 12, 11, 9, 10)).variation
    assert (found.kind, found.points, found.needed) == (Variation.TOO_FEW, 5, 6)
    assert judgement_words.variation(found) == "Too few complete periods to tell news from noise: 5 of 6."


def test_a_steady_course_is_no_signal():
    found = judgement.judge(course(*STEADY)).variation
    assert (found.kind, found.rule) == (Variation.NO_SIGNAL, None)
    assert found.centre == pytest.approx(125 / 12)
    assert judgement_words.variation(found) == "Usual variation: no signal."


@pytest.mark.parametrize("code", ["sales_velocity", "active_customers", "historic_value", "historic_margin"])
def test_what_is_measured_over_more_than_a_period_is_not_judged_from_month_to_month(code):
    rows = [counted(value, step, code=code) for step, value in enumerate([*STEADY, 20])]
    found = judgement.judge(rows)
    assert (found.variation.kind, found.variation.points) == (Variation.OVERLAPPING, 13)
    assert (found.chart.centre, found.chart.lower, found.chart.upper, found.chart.signals) == (None, None, None, ())
    said = "Not judged: each point holds most of what the one before held."
    assert (judgement_words.variation(found.variation), judgement_words.variation_label(found.variation)) == (
        said,
        "not judged",
    )


def test_a_point_outside_the_natural_limits_is_a_signal_with_a_side():
    found = judgement.judge(course(*STEADY, 20)).variation
    assert (found.kind, found.rule, found.above, found.good) == (Variation.SIGNAL, Rule.OUTSIDE_LIMITS, True, True)
    said = "Signal: the last complete period is above what is usual. That is an improvement."
    assert judgement_words.variation(found) == said


@pytest.mark.parametrize(
    ("code", "values", "lower", "upper"),
    [
        ("win_rate", [0.9, 0.5] * 6, 0.0, 1.0),
        ("net_revenue_retention", [1.1, 1.3] * 6, 0.668, 1.732),  # growth knows no end
        ("forecast_accuracy", [0.5, -0.5] * 6, -2.66, 1.0),  # how wrong one can be neither
    ],
)
def test_the_usual_range_ends_where_the_scale_does(code, values, lower, upper):
    chart = judgement.judge([counted(value, step, code=code) for step, value in enumerate(values)]).chart
    assert (chart.lower, chart.upper) == (pytest.approx(lower), pytest.approx(upper))


def test_whether_a_signal_is_good_depends_on_the_direction_of_the_kpi():
    rows = [counted(value, step, code="first_response_time") for step, value in enumerate([*STEADY, 20])]
    assert judgement.judge(rows).variation.good is False


def test_an_incomplete_period_is_no_point_of_the_chart():
    running = course(*STEADY, 1, flags=["provisional"])
    found = judgement.judge(running)
    assert (found.variation.kind, found.variation.points) == (Variation.NO_SIGNAL, 12)
    assert found.chart.moving_ranges[-1] is None
    assert found.quality.flags == ("provisional",)


def test_a_signal_of_an_earlier_period_is_not_news_of_the_latest():
    assert judgement.judge(course(*STEADY, 20, 10)).variation.kind == Variation.NO_SIGNAL


@pytest.mark.parametrize(
    ("successes", "verdict"),
    [
        (98, Verdict.MET),
        (92, Verdict.PROBABLY_MET),
        (90, Verdict.PROBABLY_MET),  # inclusively
        (88, Verdict.PROBABLY_MISSED),
        (70, Verdict.MISSED),
    ],
)
def test_a_share_is_judged_by_its_interval_against_the_goal(successes, verdict):
    assert judgement.attainment(share(successes, 100), Levels(at_least=0.9)).verdict == verdict


def test_a_sum_without_an_interval_meets_or_misses_outright():
    assert judgement.attainment(counted(100), Levels(at_least=100)).verdict == Verdict.MET
    assert judgement.attainment(counted(99), Levels(at_least=100)).verdict == Verdict.MISSED
    assert judgement.attainment(counted(99), Levels(at_least=90, at_most=100)).verdict == Verdict.MET


def test_too_few_records_and_too_wide_an_interval_are_not_measurable():
    few = judgement.attainment(share(9, 10, flags=["small_n"]), Levels(at_least=0.5))
    wide = judgement.attainment(share(16, 32), Levels(at_least=0.1))
    assert (few.verdict, few.too_few) == (Verdict.NOT_MEASURABLE, True)
    assert (wide.verdict, wide.too_wide) == (Verdict.NOT_MEASURABLE, True)
    nothing = counted(None, flags=["no_denominator"])
    assert judgement.attainment(nothing, Levels(at_least=1)).verdict == Verdict.NOT_MEASURABLE
    assert judgement_words.quality(nothing.kpi, judgement.quality(nothing)) == [
        "Nothing to compute it from in this period."
    ]


@pytest.mark.parametrize(
    ("value", "levels", "covered"),
    [
        (75, Levels(at_least=100, baseline=50), 0.5),
        (40, Levels(at_least=100, baseline=50), 0.0),
        (150, Levels(at_least=100, baseline=50), 1.0),
        (75, Levels(at_most=50, baseline=100), 0.5),
        (90, Levels(at_most=50, baseline=40), 0.0),  # it was good already and got worse
        (99, Levels(at_least=100), None),
        (5, Levels(at_least=4, at_most=6), 1.0),
    ],
)
def test_how_much_of_the_way_was_covered(value, levels, covered):
    assert judgement.share_of_the_way(value, levels) == covered


def terms(kind, target, baseline=None, high=None, stretch=None):
    return SimpleNamespace(target_kind=kind, target=target, baseline=baseline, target_high=high, stretch=stretch)


@pytest.mark.parametrize(
    ("agreed", "code", "last_year", "levels"),
    [
        (terms("at_least", 0.85), "csat", None, Levels(at_least=0.85)),
        (terms("at_most", 3600.0), "first_response_time", None, Levels(at_most=3600.0)),
        (terms("band", 2.0, high=4.0), "new_customers", None, Levels(2.0, 4.0)),
        (terms("baseline_plus", -0.25, baseline=0.5), "reopen_rate", None, Levels(at_most=0.25, baseline=0.5)),
        (terms("baseline_plus", 0.0, baseline=0.5), "reopen_rate", None, Levels(at_most=0.5, baseline=0.5)),
        (
            terms("baseline_percent", 0.25, baseline=80.0, stretch=0.5), "revenue", None,
            Levels(at_least=100.0, baseline=80.0, stretch=120.0),
        ),
        (terms("last_year_ratio", 1.5), "revenue", 100.0, Levels(at_least=150.0, baseline=100.0)),
        (terms("last_year_ratio", 0.5), "first_response_time", 100.0, Levels(at_most=50.0, baseline=100.0)),
        (terms("last_year_ratio", 1.5), "revenue", None, Levels()),
    ],
)  # fmt: skip
def test_every_kind_of_target_becomes_levels_in_the_unit_of_the_kpi(agreed, code, last_year, levels):
    assert judgement.levels_of(agreed, kpis.get(code), last_year) == levels


def test_the_sentences_say_figures_with_their_units():
    found = judgement.judge([share(92, 100)], Levels(at_least=0.9, baseline=0.5))
    said = judgement_words.sentences(kpis.get("win_rate"), found, Levels(at_least=0.9, baseline=0.5))
    assert said["attainment"]["text"] == "Goal probably met: at least 90.0%, but chance is not ruled out."
    assert (said["attainment"]["tone"], said["attainment"]["label"]) == ("good", "probably met")
    assert judgement_words.levels(kpis.get("first_response_time"), Levels(at_most=8100)) == "at most 2 h 15 min"
    assert wording.difference(kpis.get("win_rate"), 0.023) == "+2.3\u202fpp"
    assert wording.period_name(periods.parse("2026-Q2")) == "Q2 2026"
