"""Health is scored for everybody at once, exactly as the formula scores one, and only changes are written."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.jobs import schedule
from customers.models import Customer
from evaluation.actions import health as scoring
from evaluation.engine.health import MEASURES
from evaluation.formulas import health
from evaluation.models import HealthScore, HealthSnapshot
from tests.factories.evaluation import a_customer, a_response, a_ticket, an_activity, moment

pytestmark = pytest.mark.django_db

NOW = moment("2026-05-13 12:00")


def ago(days):
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%d %H:%M")


def score(customer, now=NOW):
    scoring.score_all(now=now)
    return HealthScore.objects.get(customer=customer)


def test_a_customer_nobody_knows_anything_of_has_no_score():
    a_customer()
    assert scoring.score_all(now=NOW) == scoring.Scored(0, 0, 0)
    assert Customer.objects.get().health is None


def test_everything_good_is_a_hundred():
    customer = a_customer()
    for days in (1, 2, 3, 4, 5, 6):
        an_activity(ago(days), customer=customer)
    a_response(ago(0), 5, customer=customer)
    a_ticket(ago(10), ("resolved", ago(9)), customer=customer)
    found = score(customer)
    assert (found.score, found.band, found.coverage) == (100.0, "green", 1.0)
    assert found.points == [10.0, 10.0, 15.0, 15.0]
    assert found.raw == [1.0, 6.0, 1.0, 0.0]
    assert Customer.objects.get().health == 100


def test_too_little_known_is_unknown_and_never_green():
    customer = a_customer()
    for days in range(6):
        an_activity(ago(days), customer=customer)
    found = score(customer)
    assert (found.score, found.band, found.coverage) == (100.0, "unknown", 0.4)
    assert Customer.objects.get().health is None


def test_a_complaint_open_for_long_holds_the_score_down():
    customer = a_customer()
    for days in range(6):
        an_activity(ago(days), customer=customer)
    a_ticket(ago(15), customer=customer, type="complaint")
    found = score(customer)
    assert (found.score, found.band, found.capped) == (39.0, "red", True)
    assert 50 + sum(found.points) == 100.0


def test_what_nobody_answered_and_notes_are_no_contact():
    customer = a_customer()
    an_activity(ago(1), customer=customer, outcome="not_reached")
    an_activity(ago(1), customer=customer, type="note")
    an_activity(ago(1), customer=customer, type="email", direction="outbound")
    an_activity(ago(-1), customer=customer)
    assert scoring.score_all(now=NOW).written == 0
    an_activity(ago(30), customer=customer, type="email", direction="inbound")
    assert score(customer).raw == [30.0, 1.0, None, None]


def test_overdue_tickets_and_reopenings_count_against_the_service():
    customer = a_customer()
    a_ticket(ago(5), customer=customer, resolution_due_at=ago(1))
    a_ticket(ago(20), ("resolved", ago(18)), ("reopened", ago(10)), ("resolved", ago(9)), customer=customer)
    found = score(customer)
    assert found.raw == [None, None, None, 2.0]
    assert found.values == [None, None, None, 0.25]
    assert found.points == [0, 0, 0, -25.0]


def test_points_add_up_to_the_score_exactly_and_equal_the_formula():
    days, scores, overdue = (0, 13, 47, 61, 200), (1, 2, 4, 5), (0, 1, 2, 4)
    for number, (last, answer, late) in enumerate(itertools.product(days, scores, overdue)):
        customer = a_customer(f"Customer {number}")
        if number % 7:
            an_activity(ago(last), customer=customer)
            an_activity(ago(last + 3), customer=customer)
        if number % 5:
            a_response(ago(number * 4), answer, customer=customer)
        for _ in range(late if number % 3 else 0):
            a_ticket(ago(20), customer=customer, resolution_due_at=ago(1))
    scoring.score_all(now=NOW)
    checked = 0
    for found in HealthScore.objects.exclude(score=None):
        parts = [
            measure.component(*given)
            for measure, given in zip(MEASURES, zip(found.raw, found.ages, strict=True), strict=True)
        ]
        expected = health.score(parts)
        assert found.score == expected.score
        assert 50 + sum(found.points) == found.score
        assert found.points == [part.points for part in expected.contributions]
        assert found.values == [part.value for part in parts]
        assert found.coverage == expected.coverage
        assert found.band == health.band(expected.score, coverage=expected.coverage)
        checked += 1
    assert checked > 70


def test_a_band_is_left_later_than_it_is_entered():
    customer = a_customer()
    an_activity(ago(0), customer=customer)
    a_ticket(ago(1), ("resolved", ago(0)), customer=customer)
    assert score(customer).band == "green"
    later = score(customer, NOW + timedelta(days=50))
    assert (round(later.score), later.band) == (67, "green")
    HealthScore.objects.update(band="amber")
    assert score(customer, NOW + timedelta(days=50)).band == "amber"


def test_a_second_run_writes_nothing_and_a_changed_day_leaves_a_snapshot():
    customer, still = a_customer(), a_customer()
    an_activity(ago(20), customer=customer)
    an_activity(ago(400), customer=still)
    for one in (customer, still):
        a_ticket(ago(1), ("resolved", ago(0)), customer=one)
    assert scoring.score_all(now=NOW) == scoring.Scored(2, 2, 2)
    assert scoring.score_all(now=NOW + timedelta(hours=2)) == scoring.Scored(0, 0, 0)
    next_day = scoring.score_all(now=NOW + timedelta(days=5))
    assert (next_day.written, next_day.snapshots) == (1, 1)
    assert [row.day.isoformat() for row in HealthSnapshot.objects.filter(customer=customer).order_by("day")] == [
        "2026-05-13", "2026-05-18",
    ]  # fmt: skip
    assert HealthSnapshot.objects.filter(customer=still).count() == 1


def test_a_thousand_customers_take_as_many_statements_as_one():
    def statements():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            scoring.score_all(now=NOW)
        return len(queries)

    an_activity(ago(1))
    once = statements()
    for _ in range(20):
        an_activity(ago(1))
    assert statements() == once


def test_the_command_says_what_it_did_and_the_job_runs_every_night():
    an_activity(ago(1))
    out = StringIO()
    call_command("score_health", stdout=out)
    assert json.loads(out.getvalue()) == {"written": 1, "snapshots": 1, "rated": 0}
    assert "score-health" in {job.name for job in schedule.all_jobs()}


def test_health_is_seen_by_whoever_sees_the_customer(cast):
    an_activity(ago(1), customer=a_customer(owner=cast.rep))
    scoring.score_all(now=NOW)
    seen = {user: HealthScore.objects.visible_to(user).count() for user in (cast.rep, cast.outsider, cast.analyst)}
    assert seen == {cast.rep: 1, cast.outsider: 0, cast.analyst: 1}
