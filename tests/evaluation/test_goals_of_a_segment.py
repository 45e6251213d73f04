"""A segment as what a number is about: a goal for it is measured and stored, and keeps who belonged to it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from crm.access.permissions import Reach
from crm.models import RoleGrant
from customers.actions import customers, segments
from customers.models import Customer, Segment
from evaluation import engine, kpis
from evaluation.actions import goals, measurements
from evaluation.actions.restatements import restated
from evaluation.engine import scopes, stored
from evaluation.engine.watched import Watch
from evaluation.formulas import periods
from evaluation.models import Goal, Measurement
from tests.factories import sales
from tests.factories.customers import make_customer

APRIL = datetime(2026, 4, 10, 9, tzinfo=UTC)
MAY = datetime(2026, 5, 10, 9, tzinfo=UTC)
IN_APRIL = periods.parse("2026-04")


@pytest.fixture
def told(cast):
    """A segment of two teams' key customers, each with an order in April; its owner manages one of the teams."""
    found = {}
    for name, owner, tier, amount in (
        ("Alpha", cast.rep, "A", 500),
        ("Beta", cast.rep, "C", 300),
        ("Theirs", cast.outsider, "A", 900),
    ):
        found[name] = make_customer(owner, name, tier=tier, at=APRIL)
        sales.make_order(owner, customer=found[name], amount=Decimal(amount), number=name, at=APRIL)
    found["segment"] = segments.create(name="Key", question={"tier": ["A"]}, by=cast.manager, at=APRIL)
    return found


@pytest.fixture
def goal(cast, told):
    said = {"period_kind": "month", "target_kind": "at_least", "target": 400, "starts_on": date(2026, 4, 1)}
    scope = scopes.load("segment", told["segment"].pk)
    return goals.set_goal(kpi_code="revenue", scope=scope, by=cast.manager, at=APRIL, **said)


def measure(goal, at, period=IN_APRIL):
    """What the job does of this goal alone."""
    watch = next(watch for watch in goals.watches(at) if watch.period_kind == "month")
    measurements._measure([(Watch(watch.kpi, watch.scope, "month"), period)], at)
    return Measurement.objects.get(scope_kind="segment", period_start=period.first)


def test_it_counts_those_its_owner_sees_and_is_seen_by_who_sees_their_numbers(client, cast, told, goal):
    found = measure(goal, APRIL)

    assert (found.value, found.n, found.state) == (500, 1, "provisional")
    assert (goal.owner, goal.team, goal.scope_name) == (cast.manager, cast.north, "Key")
    seeing = [who for who in (cast.manager, cast.administrator, cast.rep, cast.outsider)
              if Measurement.objects.visible_to(who).filter(pk=found.pk).exists()]  # fmt: skip
    assert seeing == [cast.manager, cast.administrator]
    page = reverse("kpi-detail", args=["revenue"]) + f"?scope=segment:{told['segment'].pk}&period=2026-04"
    client.force_login(cast.manager)
    shown = client.get(page)
    assert shown.context["value"] == "$500.00"
    assert [row.label for row in shown.context["evidence"].rows] == ["Alpha"]
    assert client.get(goal.get_absolute_url()).status_code == 200
    client.force_login(cast.outsider)
    assert client.get(page).status_code == 404


def test_who_sees_every_customer_measures_those_of_the_teams_whose_numbers_they_see(cast, told):
    RoleGrant.objects.filter(role__code="sales_manager", kind="customer", verb="view").update(reach=Reach.ALL)
    segment = Segment.objects.select_related("owner").get(pk=told["segment"].pk)
    assert Customer.objects.visible_to(segment.owner).filter(pk=told["Theirs"].pk).exists()
    found = engine.value("revenue", scopes.of_members(segment), IN_APRIL, now=MAY)
    assert found.value == 500
    assert scopes.whose(segment) == (None, cast.north.pk)
    assert scopes.is_whose_reachable(cast.manager, segment)


def test_a_final_number_keeps_who_belonged_to_it(client, cast, told, goal):
    final = measure(goal, MAY)
    assert final.is_final
    assert list(final.members.values_list("customer_number", flat=True)) == [told["Alpha"].pk]
    customers.update(told["Alpha"], {"tier": "C"}, by=cast.rep, at=MAY)
    customers.update(told["Beta"], {"tier": "A"}, by=cast.rep, at=MAY)

    scope = scopes.load("segment", told["segment"].pk)
    revenue = kpis.get("revenue")
    assert engine.value(revenue, scope, IN_APRIL, now=MAY).value == 300  # those of today
    kept = stored.as_measured(revenue, scope, IN_APRIL)
    assert [row.label for row in engine.evidence(revenue, kept, IN_APRIL, now=MAY).rows] == ["Alpha"]
    assert restated(final, now=MAY) is None
    sales.make_order(cast.rep, customer=told["Beta"], amount=Decimal(70), at=APRIL)
    assert restated(final, now=MAY) is None
    sales.make_order(cast.rep, customer=told["Alpha"], amount=Decimal(40), at=APRIL)
    moved = restated(final, now=MAY)
    assert (moved.result.value, len(moved.moved)) == (540, 1)
    final.refresh_from_db()
    assert final.value == 500


def test_only_a_kpi_about_customers_has_a_goal_for_a_segment_and_one_in_the_bin_is_measured_no_more(
    client, cast, told, goal
):
    scope = scopes.load("segment", told["segment"].pk)
    said = {"period_kind": "month", "target_kind": "at_least", "target": 1}
    with pytest.raises(ValidationError, match="This KPI cannot be measured for"):
        goals.set_goal(kpi_code="forecast_bias", scope=scope, by=cast.manager, at=APRIL, **said)
    with pytest.raises(scopes.ScopeError, match="cannot be cut by 'segment'"):
        engine.by("revenue", "segment", IN_APRIL, now=MAY)
    assert Goal.objects.count() == 1

    segments.delete(told["segment"], by=cast.manager, at=APRIL)
    assert list(goals.watches(APRIL)) == []
    client.force_login(cast.manager)
    assert client.get(goal.get_absolute_url()).status_code == 200
    assert engine.value("revenue", stored.scope_of(goal), IN_APRIL, now=MAY).value == 0  # nobody, not everybody


def test_the_form_offers_the_segments_whose_numbers_one_may_see(client, cast, told):
    client.force_login(cast.manager)
    code = f"segment:{told['segment'].pk}"
    assert code in client.get(reverse("goal-new")).content.decode()
    said = {
        "kpi_code": "revenue", "scope": code, "period_kind": "month", "target_kind": "at_least", "target": "10",
        "weight": "1", "commitment": "committed",
    }  # fmt: skip
    assert client.post(reverse("goal-new"), said).status_code == 302
    assert Goal.objects.get().scope_name == "Key"
    client.force_login(cast.outsider)
    assert client.post(reverse("goal-new"), said).status_code in (403, 422)
    assert Goal.objects.count() == 1
