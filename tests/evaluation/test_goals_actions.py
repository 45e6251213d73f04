"""A goal is agreed, answered to, revised with reasons, and never rewritten."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import Error, connection, transaction

from crm.models import Event, Notification
from evaluation.actions import goals
from evaluation.engine import Scope, watched
from evaluation.formulas import periods
from evaluation.models import Goal, GoalVersion
from tests.factories.evaluation import a_product, lost, won
from tests.factories.goals import NOW, a_goal

pytestmark = pytest.mark.django_db
MONTH = periods.parse("2026-05")


def test_a_goal_is_set_for_the_current_period_with_a_version_an_event_and_a_notification(cast):
    goal = a_goal(cast.rep, by=cast.manager, reason="Last quarter was weak")
    assert (goal.owner, goal.team, goal.starts_on, goal.revision) == (cast.rep, cast.north, date(2026, 5, 1), 1)
    version = goal.versions.get()
    assert (version.number, version.target, version.reason, version.by) == (
        1,
        0.5,
        "Last quarter was weak",
        cast.manager,
    )
    assert version.kpi.code == "win_rate"
    assert Event.objects.filter(type="goal.created").count() == 1
    told = Notification.objects.get(receiver=cast.rep)
    assert told.values == {"by": "Mia Manager", "goal": "Win rate: Rosa Rep"}


def test_a_baseline_that_is_not_given_is_the_last_complete_period(cast):
    won("2026-04-02", cast.rep)
    lost("2026-04-03", cast.rep)
    lost("2026-05-03", cast.rep)
    assert a_goal(cast.rep).baseline == 0.5
    assert a_goal(cast.north, target_kind="baseline_plus", target=0.1).baseline == 0.5


def test_a_change_against_a_baseline_nobody_knows_is_refused(cast):
    with pytest.raises(ValidationError, match="needs a baseline"):
        a_goal(cast.rep, target_kind="baseline_plus", target=0.1)
    assert Goal.objects.count() == 0


def test_a_goal_for_a_period_that_is_over_is_refused(cast):
    with pytest.raises(ValidationError) as refused:
        a_goal(cast.rep, starts_on=date(2026, 4, 1))
    assert list(refused.value.error_dict) == ["starts_on"]


def test_a_fourth_goal_for_a_team_and_stage_needs_a_written_reason(cast):
    for code in ("win_rate", "revenue", "average_sale"):
        a_goal(cast.north, kpi_code=code)
    with pytest.raises(ValidationError) as refused:
        a_goal(cast.north, kpi_code="pipeline_value")
    assert list(refused.value.error_dict) == ["override_reason"]
    assert Goal.objects.active().count() == 3
    a_goal(cast.south, kpi_code="pipeline_value")
    a_goal(cast.north, kpi_code="csat")
    extra = a_goal(cast.north, kpi_code="pipeline_value", override_reason="The board asked for it")
    assert extra.override_reason == "The board asked for it"


def test_two_active_goals_for_the_same_number_are_refused_until_one_is_retired(cast):
    first = a_goal(cast.north)
    with pytest.raises(ValidationError, match="Revise that one"):
        a_goal(cast.north, target=0.6)
    goals.retire(first, reason="Replaced", by=cast.manager, at=NOW)
    assert a_goal(cast.north, target=0.6).target == 0.6


def test_a_kpi_that_cannot_be_cut_by_the_scope_has_no_goal_there(cast):

    with pytest.raises(ValidationError, match="cannot be measured"):
        a_goal(Scope("product", a_product().pk, "P"), kpi_code="csat")


def test_only_the_owner_acknowledges(cast):
    goal = a_goal(cast.rep, by=cast.manager)
    with pytest.raises(ValidationError, match="Only the person"):
        goals.acknowledge(goal, by=cast.manager, at=NOW)
    assert Goal.objects.get().answer == "none"
    answered = goals.acknowledge(goal, by=cast.rep, at=NOW)
    assert (answered.answer, answered.answered_at) == ("acknowledged", NOW)


def test_an_objection_has_a_reason_and_reaches_whoever_set_the_goal(cast):
    goal = a_goal(cast.rep, by=cast.manager)
    with pytest.raises(ValidationError):
        goals.object_to(goal, reason=" ", by=cast.rep, at=NOW)
    goals.object_to(goal, reason="Two of five are on leave", by=cast.rep, at=NOW)
    told = Notification.objects.get(receiver=cast.manager)
    assert told.values["reason"] == "Two of five are on leave"
    assert Goal.objects.get().answer == "objected"


def test_a_revision_is_a_new_version_and_asks_for_a_new_answer(cast):
    goal = goals.acknowledge(a_goal(cast.rep, by=cast.manager), by=cast.rep, at=NOW)
    june = NOW + timedelta(days=30)
    revised = goals.revise(goal, {"target": 0.6}, reason="The market grew", by=cast.manager, at=june)
    assert (revised.target, revised.revision, revised.answer) == (0.6, 2, "none")
    assert [(v.number, v.target, v.starts_on) for v in revised.versions.all()] == [
        (1, 0.5, date(2026, 5, 1)),
        (2, 0.6, date(2026, 6, 1)),
    ]
    assert revised.terms_for(MONTH).target == 0.5
    assert revised.terms_for(MONTH.next()).target == 0.6
    assert revised.terms_for(MONTH.previous()) is None


def test_a_revision_without_a_reason_or_without_a_change_is_no_version(cast):
    goal = a_goal(cast.rep)
    with pytest.raises(ValidationError):
        goals.revise(goal, {"target": 0.6}, reason="", by=cast.manager, at=NOW)
    goals.revise(goal, {"target": 0.5}, reason="Nothing", by=cast.manager, at=NOW)
    assert GoalVersion.objects.count() == 1
    assert Goal.objects.get().target == 0.5


@pytest.mark.parametrize("sql", ["UPDATE evaluation_goalversion SET target = 0", "DELETE FROM evaluation_goalversion"])
def test_the_database_refuses_to_rewrite_a_version(cast, sql):
    goal = a_goal(cast.rep)
    with pytest.raises(Error, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert goal.versions.get().target == 0.5


def test_a_retired_goal_is_measured_and_answered_no_more(cast):
    goal = a_goal(cast.rep)
    assert {watch.period_kind for watch in goals.watches(NOW)} == {"month", "quarter", "half"}
    retired = goals.retire(goal, reason="Role changed", by=cast.manager, at=NOW)
    assert list(goals.watches(NOW)) == []
    with pytest.raises(ValidationError, match="retired"):
        goals.acknowledge(retired, by=cast.rep, at=NOW)


def test_goals_and_their_guards_are_among_what_is_measured(cast):
    a_goal(cast.south, kpi_code="revenue", target=1000, guard_code="csat", period_kind="half")
    watches = [watch for watch in watched.all_watches(NOW) if watch.period_kind == "half"]
    assert {(watch.kpi.code, watch.scope.key) for watch in watches} == {
        ("revenue", cast.south.pk), ("csat", cast.south.pk),
    }  # fmt: skip


def test_people_see_goals_as_far_as_their_role_reaches(cast):
    own, team, other, company = (a_goal(of) for of in (cast.rep, cast.north, cast.outsider, None))

    def seen(user):
        return set(Goal.objects.visible_to(user))

    assert seen(cast.rep) == {own}
    assert seen(cast.teammate) == set()
    assert seen(cast.manager) == {own, team}
    assert seen(cast.analyst) == {own, team, other, company}
    assert seen(cast.nobody) == set()
