"""What the engine answers, whatever the KPI: parts agree with the whole, and one question is one statement."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation import engine, kpis
from evaluation.engine import COMPANY, ScopeError, scopes
from evaluation.formulas import periods
from tests.evaluation.measured import LATER, measured, parts, records
from tests.factories.contracts import a_contract, renewed
from tests.factories.evaluation import (
    a_campaign,
    a_commit,
    a_cost,
    a_customer,
    a_product,
    a_quota,
    a_quote,
    a_response,
    a_ticket,
    a_unit_cost,
    an_activity,
    an_invitation,
    an_opportunity,
    an_order,
    came_in,
    lost,
    moment,
    won,
)

pytestmark = pytest.mark.django_db

Q2, Q3 = periods.parse("2026-Q2"), periods.parse("2026-Q3")


@pytest.fixture
def busy(cast):
    """A half-year of everything, the same each time, spread over people of every team and over nobody."""
    dice = random.Random(7)
    people = [cast.rep, cast.teammate, cast.junior, cast.outsider, cast.agent, cast.manager, None]
    channels = ["event", "website", ""]
    customers = [a_customer(channel=dice.choice(channels)) for _ in range(12)]
    pump = a_product("Pump")
    a_unit_cost(pump, "2026-01-01", 300)
    for number in range(40):
        day = f"2026-{dice.randint(4, 9):02}-{dice.randint(1, 28):02}"
        who, customer = dice.choice(people), dice.choice([*customers, None])
        close = dice.choice([won, won, lost])
        close(day, who, customer, opened="2026-01-05", amount=dice.randint(1, 900))
        an_opportunity(("open", day), owner=who, customer=customer, amount=dice.choice([None, 10, 20]), opened=day)
        an_activity(day, who, customer)
        a_response(day, dice.randint(1, 5), who, customer=customer)
        a_response(day, dice.randint(0, 10), who, "nps", customer)
        an_invitation(day, dice.choice([None, day]), who, customer=customer)
        if number % 3 == 0:
            an_order(day, dice.choice(customers), who, products=[pump] if number % 2 else [])
            a_quote(day, dice.choice(["", day]), who, dice.choice(customers))
        end = moment(day) + timedelta(days=dice.randint(1, 12))
        a_ticket(
            day,
            ("answered", f"{day} {dice.randint(0, 23):02}:00"),
            ("resolved", f"{end:%Y-%m-%d}"),
            owner=who,
            customer=customer,
            first_response_due_at=f"{day} 08:00",
            resolution_due_at=f"{moment(day) + timedelta(days=5):%Y-%m-%d}",
        )
        came_in(
            day,
            owner=who,
            state="working",
            first_contact_at=end,
            contact_due_at=moment(day) + timedelta(days=5),
            channel=dice.choice(channels),
        )
    _sign_contracts(people, customers)
    fair = a_campaign("Fair")
    for month in ("2026-01", "2026-02", "2026-03"):
        a_cost(month, 90, "salaries", owner=cast.rep, team=cast.north)
    a_cost("2026-04", 100, campaign=fair, channel="event", owner=cast.rep, team=cast.north)
    a_cost("2026-08", 300, campaign=fair, channel="event", owner=cast.rep, team=cast.north)
    an_order("2026-05-20", a_customer(campaign="Fair"), cast.rep, products=[pump])
    for month in (4, 5, 6, 7, 8):
        won(f"2026-{month + 1:02}-20", dice.choice(people), customers[month], opened=f"2026-{month:02}-05")
        lost(f"2026-{month + 1:02}-15", dice.choice(people), customers[month], opened=f"2026-{month:02}-05")
    for day, customer in zip(("2025-05-20", "2025-08-20"), customers, strict=False):  # growth needs a year before
        an_order(day, customer, cast.rep)
        an_order(day, a_customer(), cast.rep)
    for day in ("2026-05-11", "2026-08-11"):  # won back
        back = a_customer()
        an_order("2023-05-11", back, cast.rep)
        an_order(day, back, cast.rep)
    for person in (cast.rep, cast.outsider):
        for month in ("2026-04", "2026-08"):
            a_quota(person, month, 500)
            a_commit(person, month, 300)
            won(f"{month}-10", person, opened="2026-01-05", amount=250)
        for first in ("2026-01-20", "2026-04-20", "2026-08-20"):
            an_order(first, a_customer(owner=person), person, products=[pump])
    return cast


def _sign_contracts(people, customers):
    """Each due in the second or third quarter; some shrank before, and every third is not renewed."""
    for number, customer in enumerate(customers):
        due, begins = ("2026-05-31", "2026-06-01") if number % 2 else ("2026-08-31", "2026-09-01")
        less = ("contraction", "2026-04-15", 60 + number)
        ends = ("churn", begins, 0, {"due": due}) if number % 3 == 0 else renewed(begins, due, "2027-12-31")
        a_contract(customer, less, ends, until=due, owner=people[number % len(people)], value=100 + number)


def test_every_part_is_what_asking_for_it_alone_answers(busy):
    for kpi in kpis.all_kpis():
        for dimension in kpi.dimensions:
            found = engine.by(kpi, dimension, Q2, now=LATER)
            assert found
            for result in found:
                alone = engine.value(kpi, result.scope, Q2, now=LATER)
                assert (alone.value, alone.numerator, alone.n, alone.interval, alone.flags) == (
                    result.value,
                    result.numerator,
                    result.n,
                    result.interval,
                    result.flags,
                )


def test_parts_that_do_not_overlap_add_up_to_the_whole(busy):
    for kpi in kpis.all_kpis():
        whole = engine.value(kpi, COMPANY, Q2, now=LATER)
        for dimension in set(kpi.dimensions) - {"team"}:
            found = engine.by(kpi, dimension, Q2, now=LATER)
            assert sum(result.n for result in found) == whole.n
            if kpi.is_additive:
                assert sum(result.value for result in found) == whole.value


def test_a_course_is_the_values_of_its_periods(busy):
    for kpi in kpis.all_kpis():
        months = periods.last("month", 7, periods.parse("2026-10"))
        course = engine.series(kpi, scopes.of_team(busy.north), months, now=LATER)
        assert [result.period for result in course] == months
        for result in course:
            assert result == engine.value(kpi, result.scope, result.period, now=LATER)


def test_evidence_is_the_very_records_of_the_number(busy):
    for kpi in kpis.all_kpis():
        for scope in (COMPANY, scopes.of_team(busy.north), scopes.of_person(busy.rep)):
            result = engine.value(kpi, scope, Q2, now=LATER)
            rows = engine.evidence(kpi, scope, Q2, now=LATER).rows
            counted = [row for row in rows if row.counted]
            assert len(counted) == result.n
            if kpi.has_denominator and result.numerator is not None:
                assert sum(row.numerator for row in counted) == result.numerator
            if kpi.aggregation == "sum":
                assert sum(row.value for row in counted) == result.value


def test_as_of_long_after_is_as_now(busy):
    for kpi in kpis.all_kpis():
        then = engine.value(kpi, COMPANY, Q2, LATER - timedelta(microseconds=1), now=LATER)
        assert kpi.flag_as_of in ("", *then.flags)
        then = replace(then, flags=tuple(flag for flag in then.flags if flag != kpi.flag_as_of))
        assert then == engine.value(kpi, COMPANY, Q2, now=LATER)


def test_one_question_is_one_statement(busy, django_assert_num_queries):
    for kpi in kpis.all_kpis():
        with django_assert_num_queries(1):
            engine.value(kpi, COMPANY, Q2, now=LATER)
        for dimension in kpi.dimensions:
            with django_assert_num_queries(1):
                engine.by(kpi, dimension, Q2, now=LATER)
        with django_assert_num_queries(1):
            engine.series(kpi, COMPANY, periods.last("month", 24, Q3), now=LATER)
        with django_assert_num_queries(1):
            engine.evidence(kpi, COMPANY, Q2, now=LATER)


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


def test_a_change_is_exactly_the_sum_of_its_effects(busy):
    for kpi in kpis.all_kpis():
        for dimension in set(kpi.dimensions) & {"person", "channel", "customer"}:
            explained = engine.explain(kpi, COMPANY, Q2, Q3, dimension, now=LATER)
            if explained.change is None:  # most of what was opened is still open
                assert "not_reached" in {*explained.before.flags, *explained.after.flags}, kpi.code
                continue
            assert explained.change == float(explained.after.value) - float(explained.before.value)
            if kpi.drivers:
                assert sum(effect for _, effect in explained.drivers) == pytest.approx(explained.change, abs=1e-9)
                continue
            if explained.is_estimate:
                assert (explained.effects, explained.movers) == (None, [])
                continue
            if kpi.aggregation == kpis.Aggregation.PERCENTILE:  # between two values: not split exactly
                assert explained.effects is None
                continue
            assert explained.effects.total == pytest.approx(explained.change, abs=1e-9)
            assert bool(explained.movers) >= bool(explained.change)
            assert len(explained.movers) <= 10


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
