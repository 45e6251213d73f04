"""What the engine answers of any KPI: parts agree with the whole, and one question is one statement."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction

from evaluation import engine, kpis
from evaluation.engine import COMPANY, scopes
from evaluation.formulas import periods
from tests.evaluation.measured import LATER
from tests.factories.cast import Cast
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


@pytest.fixture(scope="module")
def busy(django_db_setup, django_db_blocker):
    """Made once: the tests of this module only ask."""
    with django_db_blocker.unblock(), transaction.atomic():
        cast = half_a_year(Cast())
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # nobody else sees these rows to count them, and each question is a large one
        yield cast
        transaction.set_rollback(True)


def half_a_year(cast):
    """Of everything, the same each time, spread over people of every team and over nobody."""
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
            engine.series(kpi, COMPANY, periods.last("month", 2, Q3), now=LATER)
        with django_assert_num_queries(1):
            engine.evidence(kpi, COMPANY, Q2, now=LATER)
    with django_assert_num_queries(1):
        engine.series(kpis.get("win_rate"), COMPANY, periods.last("month", 24, Q3), now=LATER)


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
