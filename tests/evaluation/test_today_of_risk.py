"""Today tells of one's own customers at risk whom nobody attends to, and of one's steps of action plans."""

from __future__ import annotations

from datetime import timedelta

import pytest

from customers.actions import tasks
from customers.models import Customer, today
from customers.models.today import Asking
from evaluation.actions import plans
from evaluation.models import HealthScore
from tests.factories.reviews import FROZEN, a_plan
from tests.factories.sales import make_customer

pytestmark = pytest.mark.django_db


def rows(user, now):
    return [(item.kind, item.title, item.reasons) for item in today.gather(Asking(user, now))[0]]


@pytest.fixture
def at_risk(cast, now):
    customer = make_customer(cast.rep, last_activity_at=now - timedelta(days=20))
    HealthScore.objects.create(
        customer=customer,
        score=12.4,
        band="red",
        coverage=1.0,
        raw=[],
        values=[],
        ages=[],
        points=[],
        version=1,
        computed_at=now,
    )
    return customer


def test_a_customer_at_risk_is_there_until_somebody_speaks_or_plans_to(cast, now, at_risk):
    assert rows(cast.rep, now) == [("customer", "Acme", ("Health 12 of 100, last contact 20 days ago",))]
    assert rows(cast.teammate, now) == []

    planned = tasks.create(title="Call", customer=at_risk, owner=cast.teammate, due_at=now, by=cast.rep, at=now)
    assert rows(cast.rep, now) == []
    tasks.delete(planned, by=cast.rep, at=now)
    Customer.objects.filter(pk=at_risk.pk).update(last_activity_at=now - timedelta(days=13))
    assert rows(cast.rep, now) == []


def test_a_step_of_a_plan_is_there_a_week_ahead(cast):
    plan = plans.start(plans.agree(a_plan(cast), by=cast.manager, at=FROZEN), by=cast.manager, at=FROZEN)
    due = plan.steps.get().task.due_at
    said = ("task", "Ask for the budget first", ("Step of the plan “Qualify earlier”, which is to move Win rate",))

    assert said in rows(cast.rep, due - timedelta(days=6))
    assert said not in rows(cast.rep, due - timedelta(days=30))
    assert said not in rows(cast.teammate, due - timedelta(days=6))
