"""Goals in the browser: set, answered, revised and retired by whom the role lets."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from evaluation.actions import goals
from evaluation.forms.goals import stored, typed
from evaluation.kpis import get
from evaluation.models import Goal
from tests.factories.evaluation import lost, moment, won
from tests.factories.goals import NOW, a_goal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def form(**more):
    return {
        "kpi_code": "win_rate", "period_kind": "month", "target_kind": "at_least", "target": "65",
        "weight": "1", "commitment": "committed", **more,
    }  # fmt: skip


def text(response):
    return " ".join(response.content.decode().split())


def test_a_manager_sets_a_goal_in_percent_for_somebody_in_reach(client, cast):
    client.force_login(cast.manager)
    answer = client.post(reverse("goal-new"), form(scope=f"person:{cast.rep.pk}", stretch="70"))
    goal = Goal.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/evaluation/goals/{goal.pk}/")
    assert (goal.target, goal.stretch, goal.owner, goal.team) == (0.65, 0.7, cast.rep, cast.north)


def test_nobody_sets_goals_beyond_their_reach(client, cast):
    client.force_login(cast.manager)
    for code in ("company", f"team:{cast.south.pk}", f"person:{cast.outsider.pk}"):
        answer = client.post(reverse("goal-new"), form(scope=code))
        assert answer.status_code == 422
    client.force_login(cast.rep)
    assert client.post(reverse("goal-new"), form(scope=f"person:{cast.rep.pk}")).status_code == 403
    assert Goal.objects.count() == 0


@pytest.mark.parametrize("name", ["target", "stretch"])
def test_what_is_counted_in_whole_numbers_has_no_goal_with_decimals(client, cast, name):
    client.force_login(cast.manager)
    said = form(scope=f"person:{cast.rep.pk}", kpi_code="active_customers", **{"target": "12", name: "12.5"})
    answer = client.post(reverse("goal-new"), said)
    words = "This is counted in whole numbers: write one without decimals."
    assert (answer.status_code, answer.context["form"].errors) == (422, {name: [words]})
    assert Goal.objects.count() == 0
    more = {"target_kind": "baseline_percent", "target": "12.5", "baseline": "8"}  # of a change there may be decimals
    client.post(reverse("goal-new"), {**said, name: "", **more})
    assert Goal.objects.get().target == 0.125


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": "500"}, {"target": "-5"}, {"target": "60", "stretch": "101"},
        {"target_kind": "band", "target": "50", "target_high": "120"}, {"kpi_code": "revenue", "target": "-1"},
    ],
)  # fmt: skip
def test_a_level_that_the_kpi_never_has_is_refused(client, cast, wrong):
    client.force_login(cast.manager)
    answer = client.post(reverse("goal-new"), form(scope=f"person:{cast.rep.pk}", **wrong))
    (field,) = answer.context["form"].errors
    assert (answer.status_code, field) == (422, list(wrong)[-1])
    assert answer.context["form"].errors[field] == ["This KPI never has such a value."]
    assert not Goal.objects.exists()
    kept = a_goal(cast.rep, by=cast.manager)
    with pytest.raises(ValidationError):
        goals.revise(kept, {"target": 5.0}, reason="Higher", by=cast.manager, at=NOW)
    assert Goal.objects.get().target == kept.target


def test_a_day_beyond_the_calendar_is_refused(client, cast):
    client.force_login(cast.manager)
    for name in ("starts_on", "ends_on"):
        answer = client.post(reverse("goal-new"), form(scope=f"person:{cast.rep.pk}", **{name: "9999-12-31"}))
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [name])
    assert not Goal.objects.exists()


def test_what_the_action_refuses_is_said_beside_the_field(client, cast):
    client.force_login(cast.manager)
    answer = client.post(reverse("goal-new"), form(scope=f"team:{cast.north.pk}", target_kind="band"))
    assert answer.status_code == 422
    assert "The upper level of a band is not below the lower one." in text(answer)
    for code in ("win_rate", "revenue", "average_sale"):
        a_goal(cast.north, kpi_code=code)
    answer = client.post(reverse("goal-new"), form(scope=f"team:{cast.north.pk}", kpi_code="sales_cycle"))
    assert "override_reason" in answer.context["form"].errors


def test_times_are_typed_in_hours_and_shares_in_percent():
    assert stored(get("first_response_time"), 2.5) == 9000
    assert typed(get("first_response_time"), 9000) == 2.5
    assert (stored(get("win_rate"), 85), typed(get("win_rate"), 0.85)) == (0.85, 85)
    assert stored(get("revenue"), 110, relative=True) == 1.1
    assert stored(get("revenue"), 110) == 110


def test_the_page_shows_the_course_the_longer_periods_and_the_versions(client, cast):
    for day in range(1, 13):
        won(f"2026-05-{day:02}", cast.rep)
        won(f"2026-04-{day:02}", cast.rep)
        lost(f"2026-04-{day:02}", cast.rep)
    goal = a_goal(cast.north, target=0.5, by=cast.manager, reason="As agreed in January", at=moment("2026-01-05"))
    client.force_login(cast.manager)
    answer = client.get(goal.get_absolute_url())
    assert answer.status_code == 200
    assert (answer.context["value"], answer.context["target"]) == ("100.0%", "at least 50.0%")
    rows = [(row["period"], row["value"]) for row in answer.context["rows"]]
    assert rows[:3] == [("May 2026", "100.0%"), ("April 2026", "50.0%"), ("March 2026", "–")]
    assert [(row["period"], row["value"], row["level"]) for row in answer.context["rolled_up"]] == [
        ("Q2 2026", "66.7%", "at least 50.0%"), ("H1 2026", "66.7%", "at least 50.0%"),
    ]  # fmt: skip
    assert "As agreed in January" in text(answer)


def test_a_sum_rolls_up_to_so_many_times_the_level(client, cast):
    won("2026-05-02", cast.rep, amount=700)
    won("2026-04-02", cast.rep, amount=900)
    goal = a_goal(cast.north, kpi_code="revenue", target=500, at=moment("2026-01-05"))
    client.force_login(cast.manager)

    def rolled_up():
        rows = client.get(goal.get_absolute_url()).context["rolled_up"]
        return [(row["value"], row["level"], row["label"]) for row in rows]

    assert rolled_up() == [
        ("$1,600.00", "at least $1,500.00", "met"), ("$1,600.00", "at least $3,000.00", "missed"),
    ]  # fmt: skip
    goals.retire(goal, reason="Starts anew", by=cast.manager, at=NOW)
    goal = a_goal(cast.north, kpi_code="revenue", target=300)  # from May on: what was before does not count
    assert rolled_up() == [("$700.00", "at least $600.00", "met")]  # the rest of the quarter and of the half-year: once
    goals.retire(goal, reason="By quarter", by=cast.manager, at=NOW)
    goal = a_goal(cast.north, kpi_code="revenue", target=900, period_kind="quarter", starts_on=date(2026, 4, 1))
    assert rolled_up() == []  # one quarter since it began: that row is there already


def test_the_owner_acknowledges_or_objects_and_nobody_else(client, cast):
    goal = a_goal(cast.rep, by=cast.manager)
    client.force_login(cast.manager)
    client.post(reverse("goal-acknowledgement", args=[goal.pk]))
    assert Goal.objects.get().answer == "none"
    client.force_login(cast.rep)
    assert "Acknowledge" in text(client.get(goal.get_absolute_url()))
    client.post(reverse("goal-acknowledgement", args=[goal.pk]))
    assert Goal.objects.get().answer == "acknowledged"
    answer = client.post(reverse("goal-objection", args=[goal.pk]), {"reason": ""})
    assert (answer.status_code, Goal.objects.get().answer) == (422, "acknowledged")
    client.post(reverse("goal-objection", args=[goal.pk]), {"reason": "On leave in May"})
    assert (Goal.objects.get().answer, Goal.objects.get().answer_reason) == ("objected", "On leave in May")


def test_a_goal_is_revised_by_a_manager_and_not_by_its_owner(client, cast):
    goal = a_goal(cast.rep, by=cast.manager)
    url = reverse("goal-edit", args=[goal.pk])
    client.force_login(cast.rep)
    assert client.get(url).status_code == 403
    client.force_login(cast.manager)
    shown = client.get(url).context["form"]
    data = {name: shown[name].value() for name in shown.fields if shown[name].value() is not None}
    data = {**data, "target": "60", "reason": "The market grew", "starts_on": "2026-05-01", "owner": cast.rep.pk}
    assert client.post(url, data).status_code == 302
    goal.refresh_from_db()
    assert (goal.target, goal.revision, goal.versions.count()) == (0.6, 2, 2)
    assert client.post(url, {**data, "target": "70"}).status_code == 409
    assert Goal.objects.get().target == 0.6
    assert client.post(url, {**data, "reason": ""}).status_code == 422


def test_a_goal_is_retired_with_a_reason(client, cast):
    goal = a_goal(cast.rep, by=cast.manager)
    client.force_login(cast.manager)
    assert client.post(reverse("goal-retirement", args=[goal.pk]), {"reason": "Changed roles"}).status_code == 302
    assert Goal.objects.active().count() == 0
    assert "Changed roles" in text(client.get(goal.get_absolute_url()))


def test_goals_of_others_are_not_found(client, cast):
    goal = a_goal(cast.outsider)
    client.force_login(cast.manager)
    names = ("goal-detail", "goal-edit", "goal-objection", "goal-retirement")
    assert [client.get(reverse(name, args=[goal.pk])).status_code for name in names] == [404] * 4
    client.force_login(cast.analyst)
    assert client.get(goal.get_absolute_url()).status_code == 200


def test_the_list_names_targets_in_words(client, cast):
    a_goal(cast.north, target=0.5)
    a_goal(cast.rep, kpi_code="revenue", target_kind="last_year_ratio", target=1.1)
    a_goal(cast.outsider)
    client.force_login(cast.manager)
    answer = text(client.get(reverse("goal-list")))
    assert "at least 50.0%" in answer
    assert "110.0% of last year" in answer
    assert "Olaf Outsider" not in answer


def test_health_is_a_panel_of_the_customer_in_words(client, cast):
    from evaluation.actions import health
    from tests.factories.evaluation import a_customer, a_ticket, an_activity

    customer = a_customer(owner=cast.rep)
    an_activity("2026-05-12 12:00", cast.rep, customer)
    a_ticket("2026-05-01", customer=customer, resolution_due_at="2026-05-02")
    url = reverse("customer-health", args=[customer.pk])
    client.force_login(cast.rep)
    assert "Not scored yet" in text(client.get(url))
    health.score_all(now=NOW)
    shown = client.get(url)
    lines = [(str(line["name"]), line["text"], line["points"]) for line in shown.context["lines"]]
    assert lines == [
        ("Last contact", "1 day ago", "+14.3"),
        ("Contacts in 90 days", "1 contact", "−7.1"),
        ("Satisfaction", "no answer to a survey within a year", ""),
        ("Service", "1 overdue or reopened ticket", "±0.0"),
    ]
    assert "70%" in text(shown)
    client.force_login(cast.outsider)
    assert client.get(url).status_code == 404


def test_goals_stand_in_the_admin_site_and_are_set_and_revised_by_their_own_form(client, cast):
    client.force_login(cast.administrator)
    goal = a_goal(cast.north)
    listed = text(client.get("/admin/evaluation/goal/"))
    assert str(goal.kpi.name) in listed
    assert "/admin/evaluation/goal/add/" in listed
    for address, leads_to in (
        ("add/", "/evaluation/goals/new/"),
        (f"{goal.pk}/change/", f"/evaluation/goals/{goal.pk}/edit/"),
    ):
        answer = client.get(f"/admin/evaluation/goal/{address}")
        assert (answer.status_code, answer["Location"]) == (302, leads_to)
    assert client.get("/admin/evaluation/goal/999/change/")["Location"] == "/admin/"
    assert client.post(f"/admin/evaluation/goal/{goal.pk}/delete/", {"post": "yes"}).status_code == 403
    goals.retire(goal, reason="Reached", by=cast.administrator, at=NOW)
    assert f"/admin/evaluation/goal/{goal.pk}/" not in text(client.get("/admin/evaluation/goal/"))
    assert f"/admin/evaluation/goal/{goal.pk}/" in text(client.get("/admin/evaluation/goal/?retired=1"))
    client.force_login(cast.manager)
    assert client.get("/admin/evaluation/goal/").status_code == 302
