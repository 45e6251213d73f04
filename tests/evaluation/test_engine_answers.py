"""What the engine answers in single cases; test_engine_agrees.py asks what holds for every KPI."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation import engine, kpis
from evaluation.engine import COMPANY, ScopeError, scopes
from evaluation.formulas import periods
from tests.evaluation.measured import LATER, measured, parts, records
from tests.factories.evaluation import (
    a_quota,
    lost,
    moment,
    won,
)

pytestmark = pytest.mark.django_db

Q2, Q3 = periods.parse("2026-Q2"), periods.parse("2026-Q3")


def test_which_product_an_order_was_of_is_looked_up_only_where_somebody_asks():
    from evaluation.engine import statements
    from evaluation.kpis.rows import ORDERED_PRODUCT

    found = [kpi for kpi in kpis.all_kpis() if kpi.facts.idle_product and ORDERED_PRODUCT in kpi.facts.source]
    asked = []
    for kpi in found:
        for dimension in (None, *kpi.facts.dimensions):
            sql = statements.measure(kpi, [Q2], statements.View.of(None, LATER), COMPANY, dimension).sql
            asked += [(kpi.code, dimension)] if ORDERED_PRODUCT in sql else []
    assert {"revenue", "sales_growth", "historic_value"} <= {kpi.code for kpi in found}
    assert asked == [(kpi.code, "product") for kpi in found if "product" in kpi.facts.dimensions]


def test_a_number_of_one_person_that_has_no_other_parts_is_not_split(cast):
    for month, amount in (("2026-05", 50), ("2026-08", 100)):
        a_quota(cast.rep, month, 200)
        won(f"{month}-10", cast.rep, amount=amount)
    explained = engine.explain("quota_attainment", scopes.of_person(cast.rep), Q2, Q3, now=LATER)
    assert (explained.change, explained.effects) == (0.25, None)
    assert [mover.effect for mover in explained.movers] == [0.125, 0.125]


def test_a_change_of_mix_alone_is_told_as_mix(cast):
    for period, ratio in (("2026-05-01", (1, 3)), ("2026-08-01", (3, 1))):
        for person, close, times in ((cast.rep, won, ratio[0]), (cast.outsider, lost, ratio[1])):
            for _ in range(times):
                close(period, person)
    effects = engine.explain("win_rate", COMPANY, Q2, Q3, now=LATER).effects
    assert (effects.rate, effects.mix, effects.entered, effects.left) == (0, 0.5, 0, 0)


def test_a_change_by_people_who_came_is_told_as_entered(cast):
    won("2026-05-01", cast.rep)
    won("2026-08-01", cast.rep)
    lost("2026-08-01", cast.outsider)
    explained = engine.explain("win_rate", COMPANY, Q2, Q3, now=LATER)
    assert explained.change == -0.5
    assert explained.effects.rate == 0
    assert explained.effects.entered == -0.375
    assert explained.effects.mix == -0.125


def test_the_records_that_moved_a_sum_most_come_first(cast):
    big, small = won("2026-05-01", amount=900, name="Big"), won("2026-08-01", amount=50, name="Small")
    explained = engine.explain("revenue", COMPANY, Q2, Q3, now=LATER)
    assert [(mover.id, mover.label, mover.effect) for mover in explained.movers] == [
        (big.pk, "Big", -900.0),
        (small.pk, "Small", 50.0),
    ]


def test_a_change_from_nothing_is_not_explained():
    won("2026-08-01")
    explained = engine.explain("win_rate", COMPANY, Q2, Q3, now=LATER)
    assert (explained.change, explained.effects, explained.movers) == (None, None, [])


def test_the_evidence_a_person_may_not_see_is_counted_not_shown(cast):
    own = won("2026-05-01", cast.rep, name="Mine")
    won("2026-05-02", cast.outsider, name="Secret")
    own.owner, own.team = cast.rep, cast.north
    own.save()
    found = records("win_rate", user=cast.rep)
    assert [row.label for row in found.rows] == ["Mine"]
    assert (found.total, found.hidden) == (2, 1)
    assert (records("win_rate", user=cast.nobody).rows, records("win_rate", user=cast.nobody).hidden) == ([], 2)
    assert records("win_rate", user=cast.analyst).hidden == 0
    assert measured("win_rate").n == 2
    movers = engine.explain("revenue", COMPANY, periods.parse("2026-Q1"), Q2, user=cast.rep, now=LATER).movers
    assert [mover.label for mover in movers] == ["Mine"]


def test_evidence_can_be_cut_short():
    for day in (1, 2, 3):
        won(f"2026-05-0{day}", name=f"Day {day}")
    found = records("win_rate", limit=2)
    assert [row.label for row in found.rows] == ["Day 3", "Day 2"]
    assert (found.total, found.hidden, found.is_cut) == (3, 0, True)


def test_evidence_tells_why_a_record_does_not_count():
    won("2026-05-01", amount=None)
    (row,) = records("revenue").rows
    assert (row.counted, row.issue, row.value) == (False, "missing_amount", None)


def test_a_period_that_is_not_over_is_provisional():
    won("2026-05-01")
    assert "provisional" in measured("win_rate", now=moment("2026-06-30 23:59")).flags
    assert "provisional" not in measured("win_rate", now=moment("2026-07-01")).flags


def test_periods_are_cut_in_the_organisations_time_zone(settings):
    won("2026-03-31 20:00")
    assert measured("win_rate").n == 0
    settings.TIME_ZONE = "Asia/Shanghai"
    assert measured("win_rate").n == 1


def test_thirty_are_enough_for_a_verdict_on_a_share():
    for number in range(29):
        won(f"2026-05-{number % 28 + 1:02}")
    assert measured("win_rate").flags == ("small_n",)
    won("2026-05-29")
    assert measured("win_rate").flags == ()
    assert measured("win_rate").is_judgeable


def test_what_a_kpi_cannot_be_cut_by_is_refused_with_what_it_can():
    with pytest.raises(ScopeError, match="active_customers cannot be cut by 'customer'; it can by: company, person"):
        engine.by("active_customers", "customer", Q2, now=LATER)
    with pytest.raises(ScopeError, match="cannot be cut by 'segment'"):
        engine.by("csat", "segment", Q2, now=LATER)  # segments share customers: they are no parts of a whole
    with pytest.raises(kpis.UnknownKpi, match="no KPI 'deals'; there are: new_customers"):
        measured("deals")


def test_scopes_that_have_no_records_are_completed(cast):
    won("2026-05-01", cast.rep)
    wanted = [scopes.of_person(cast.rep), scopes.of_person(cast.outsider)]
    found = engine.by("win_rate", "person", Q2, now=LATER, complete=wanted)
    assert {result.scope.name: result.value for result in found} == {"Rosa Rep": 1.0, "Olaf Outsider": None}


def test_parts_of_a_part(cast):
    won("2026-05-01", cast.rep)
    lost("2026-05-01", cast.outsider)
    assert parts("win_rate", "person", scope=scopes.of_team(cast.north)) == {"Rosa Rep": 1.0}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 10_000_000), max_size=30))
def test_medians_and_their_intervals_are_those_of_the_formulas(values):
    from statistics import median

    from evaluation.engine import results, statements
    from evaluation.formulas import intervals

    kpi = kpis.get("sales_cycle")
    sums = statements.aggregates(kpi) | {"sorted": "array_agg(val::float8 ORDER BY val)", "n": "count(*)"}
    sums = {name: "0" if name.startswith("issue") else sql for name, sql in sums.items()}
    outer = {name: name for name in sums if name != "sorted"} | statements.ordered_columns(kpi)
    inner = ", ".join(f"{sql} AS {name}" for name, sql in sums.items())
    sql = f"""SELECT {", ".join(outer.values())}
        FROM (SELECT {inner} FROM unnest(%s::bigint[]) AS row(val)) AS summed"""
    (row,) = statements.Statement(sql, [values]).rows()
    result = results.make(kpi, COMPANY, Q2, statements.read(kpi, row), complete=True, currency="USD")
    assert result.value == (median(values) if values else None)
    found = (result.interval.low, result.interval.high) if result.interval else None
    assert found == intervals.median(values)


def test_the_rank_of_a_median_is_the_approximate_one_or_the_next():
    from evaluation.engine.results import about_rank
    from evaluation.formulas.intervals import median_rank

    assert {median_rank(n) - about_rank(n) for n in [*range(1, 500), 1000, 12_345, 100_000, 1_000_000]} == {0, 1}
