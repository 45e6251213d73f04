"""Action plans: steps that are tasks, an effect that is measured on its day, and honest grades."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from crm.models import Event, Notification
from customers.actions import tasks
from customers.models import Task
from evaluation.actions import plans
from evaluation.engine import scopes
from evaluation.models import ActionPlan, EffectMeasurement, PlanStep, Review
from tests.factories.evaluation import lost, won
from tests.factories.reviews import FROZEN, a_frozen_review, a_plan, at_the_meeting, signed_by_both
from tests.factories.surveys import deliver

pytestmark = pytest.mark.django_db
DUE = datetime(2026, 9, 1, 5, tzinfo=UTC)


def closed(owner, first, last, year=2026, of_four=1):
    """Four closed opportunities a month, so many of them won."""
    for month in range(first, last + 1):
        for number in range(4):
            (won if number < of_four else lost)(f"{year}-{month:02}-{number + 10}", owner)


def running(cast, **said):
    plan = plans.agree(a_plan(cast, **said), by=cast.manager, at=FROZEN)
    return plans.start(plan, by=cast.manager, at=datetime(2026, 5, 1, 9, tzinfo=UTC))


def test_a_plan_says_what_it_should_change_where_and_by_when(cast):
    plan = a_plan(cast)
    assert (plan.state, plan.expected_effect, plan.subject, plan.team) == ("draft", 0.1, "Rosa Rep", cast.north)
    assert [(step.title, step.owner, step.due_on) for step in plan.steps.all()] == [
        ("Ask for the budget first", cast.rep, date(2026, 5, 31))
    ]
    assert Notification.objects.get(receiver=cast.rep).values["plan"] == "Qualify earlier"


def test_from_a_review_its_period_is_the_trigger(cast):
    plan = a_plan(cast, review=a_frozen_review(cast))
    assert (plan.trigger_start, plan.trigger_end) == (date(2026, 1, 1), date(2026, 3, 31))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"expected_effect": 0}, "an effect of nothing"),
        ({"effect_due_on": date(2026, 5, 31)}, "after the steps"),
        ({"due_on": date(2026, 4, 5)}, "This day is over"),
    ],
)
def test_what_makes_no_sense_is_refused(cast, said, sentence):
    with pytest.raises(ValidationError, match=sentence):
        a_plan(cast, **said)
    assert not ActionPlan.objects.exists()


def test_nothing_is_compared_with_itself(cast):
    with pytest.raises(ValidationError, match="nothing is done with"):
        a_plan(cast, comparison=[scopes.of_person(cast.rep)])
    assert not ActionPlan.objects.exists()


def test_a_plan_without_steps_is_not_agreed(cast):
    plan = a_plan(cast, steps=[])
    with pytest.raises(ValidationError, match="without steps"):
        plans.agree(plan, by=cast.manager, at=FROZEN)
    plan.refresh_from_db()
    assert plan.state == "draft"


def test_steps_become_tasks_when_it_starts_and_not_before(cast):
    plan = plans.agree(a_plan(cast), by=cast.manager, at=FROZEN)
    assert not Task.objects.exists()
    plan = plans.start(plan, by=cast.manager, at=datetime(2026, 5, 1, 9, tzinfo=UTC))
    task, step = Task.objects.get(), PlanStep.objects.get()
    assert (task.title, task.owner, task.about_kind, task.about_id) == (
        "Ask for the budget first", cast.rep, "action_step", step.pk,
    )  # fmt: skip
    assert (step.task, plan.started_on, task.due_at.date()) == (task, date(2026, 5, 1), date(2026, 5, 31))
    plans.add_step(plan, title="Training", by=cast.manager, at=FROZEN)
    assert Task.objects.count() == 2


def test_steps_that_end_with_the_plan_move_with_it_and_others_keep_their_day(cast):
    plan = a_plan(cast)
    plans.add_step(plan, title="Training", by=cast.manager, at=FROZEN, due_on=date(2026, 5, 10))
    for day in (date(2026, 6, 15), date(2026, 5, 12)):
        plan = plans.update(plan, {"due_on": day}, by=cast.manager, at=FROZEN)
        assert list(plan.steps.values_list("due_on", flat=True)) == [day, date(2026, 5, 10)]


def test_a_plan_does_not_end_before_its_steps(cast):
    plan = a_plan(cast)
    plans.add_step(plan, title="Training", by=cast.manager, at=FROZEN, due_on=date(2026, 5, 10))
    with pytest.raises(ValidationError, match="Due later than that: “Training”") as refused:
        plans.update(plan, {"due_on": date(2026, 5, 9)}, by=cast.manager, at=FROZEN)
    assert list(refused.value.message_dict) == ["due_on"]
    assert ActionPlan.objects.get().due_on == date(2026, 5, 31)
    assert list(plan.steps.values_list("due_on", flat=True)) == [date(2026, 5, 31), date(2026, 5, 10)]


def test_a_form_opened_before_another_moved_the_plan_leaves_the_steps_where_they_are(cast):
    plan, opened = a_plan(cast), {"name": "Qualify earlier", "due_on": date(2026, 5, 31)}
    plans.update(plan, {"due_on": date(2026, 6, 15)}, by=cast.rep, at=FROZEN)
    plans.update(plan, opened | {"name": "Qualify"}, by=cast.manager, at=FROZEN, version=1, base=opened)
    kept = ActionPlan.objects.get()
    assert (kept.name, kept.due_on, kept.steps.get().due_on) == ("Qualify", date(2026, 6, 15), date(2026, 6, 15))


@pytest.mark.parametrize(
    ("day", "at_work", "sentence"),
    [
        (date(2026, 6, 1), False, "due on May 31, 2026 at the latest"),
        (date(2026, 9, 1), True, "The effect of this plan is due on Sep"),
        (date(2026, 4, 1), False, "This day is over"),
    ],
)
def test_a_step_is_due_by_the_end_of_its_plan_or_while_that_runs_before_its_effect(cast, day, at_work, sentence):
    plan = running(cast) if at_work else a_plan(cast)
    with pytest.raises(ValidationError, match=sentence) as refused:
        plans.add_step(plan, title="Training", by=cast.manager, at=FROZEN, due_on=day)
    assert list(refused.value.message_dict) == ["due_on"]
    assert plan.steps.count() == 1
    if at_work:
        assert plans.add_step(plan, title="One more", by=cast.manager, at=FROZEN, due_on=date(2026, 8, 31)).task


def test_the_step_follows_its_task(cast):
    running(cast)
    task = tasks.complete(Task.objects.get(), by=cast.rep, at=FROZEN)
    deliver(FROZEN)
    step = PlanStep.objects.get()
    assert (step.done_by, step.done_at) == (cast.rep, FROZEN)
    assert Notification.objects.filter(message__contains="All steps are done").count() == 1
    tasks.reopen(task, by=cast.rep, at=FROZEN)
    deliver(FROZEN)
    assert not PlanStep.objects.get().is_done
    told = Event.objects.filter(type__startswith="action_plan.step_").order_by("pk").values_list("type", flat=True)
    assert list(told) == ["action_plan.step_added", "action_plan.step_done", "action_plan.step_reopened"]


def test_a_task_of_something_else_touches_no_plan(cast):
    running(cast)
    tasks.complete(tasks.create(title="Other", by=cast.rep, at=FROZEN), by=cast.rep, at=FROZEN)
    deliver(FROZEN)
    assert not PlanStep.objects.get().is_done


def test_once_it_runs_what_is_measured_is_fixed(cast):
    plan = running(cast)
    args = {"by": cast.manager, "at": FROZEN}
    for refused in (
        lambda: plans.update(plan, {"effect_due_on": date(2026, 8, 1)}, **args),
        lambda: plans.remove_step(plan.steps.get(), **args),
        lambda: plans.delete(plan, **args),
        lambda: plans.agree(plan, **args),
    ):
        with pytest.raises(ValidationError), transaction.atomic():
            refused()
    plan.refresh_from_db()
    assert (plan.state, plan.effect_due_on, plan.steps.count()) == ("running", date(2026, 9, 1), 1)


def test_the_effect_is_not_measured_before_its_day(cast):
    plan = running(cast)
    with pytest.raises(ValidationError, match="not due yet"):
        plans.measure(plan, by=cast.manager, at=datetime(2026, 8, 31, 9, tzinfo=UTC))
    assert plans.measure_due(now=datetime(2026, 8, 31, 23, tzinfo=UTC)) == 0
    plan.refresh_from_db()
    assert (plan.state, EffectMeasurement.objects.count()) == ("running", 0)


def test_too_few_periods_carry_no_claim(cast):
    closed(cast.rep, 4, 8)
    plan = running(cast)
    assert plans.measure_due(now=DUE) == 1
    found = plan.effects.get()
    assert (found.verdict, found.grade, found.estimate, found.notes) == ("not measurable", "E", 0.0, ["too few points"])
    plan.refresh_from_db()
    assert plan.state == "effect_measured"
    assert plans.measure_due(now=DUE) == 0


def test_before_and_after_without_a_change_says_so(cast):
    closed(cast.rep, 5, 12, 2025)
    closed(cast.rep, 1, 8)
    found = plans.measure(running(cast), by=None, at=DUE)
    assert (found.verdict, found.grade, found.before, found.after) == ("no detectable change", "D", 0.25, 0.25)
    assert (found.n_before, found.n_after) == (12, 4)


def test_the_trigger_is_no_part_of_the_baseline(cast):
    closed(cast.rep, 5, 12, 2025, of_four=2)
    closed(cast.rep, 1, 3, of_four=0)  # the bad quarter
    closed(cast.rep, 4, 8, of_four=2)
    plan = running(cast, trigger_start=date(2026, 1, 1), trigger_end=date(2026, 3, 31))
    found = plans.measure(plan, by=None, at=DUE)
    assert (found.before, found.after, found.verdict) == (0.5, 0.5, "no detectable change")
    assert found.given["trigger"] == [8, 9, 10]
    assert "trigger period excluded" in found.notes


def test_others_that_improved_just_as_much_show_that_it_was_not_the_plan(cast):
    for person in (cast.rep, cast.teammate, cast.outsider, cast.junior):
        closed(person, 5, 12, 2025)
        closed(person, 1, 4)
        closed(person, 5, 8, of_four=2)
    others = [scopes.of_person(person) for person in (cast.teammate, cast.outsider, cast.junior)]
    found = plans.measure(running(cast, comparison=others), by=None, at=DUE)
    assert (found.grade, found.design, found.estimate) == ("B", "difference in differences", 0.0)
    assert found.verdict == "no detectable change"
    assert (found.n_before, found.n_after) == (1, 3)
    assert [one["scope"]["name"] for one in found.given["comparison"]] == [
        "Tom Teammate",
        "Olaf Outsider",
        "Jana Junior",
    ]


def test_an_improvement_over_the_others_is_one(cast):
    for person in (cast.rep, cast.teammate, cast.outsider, cast.junior):
        closed(person, 5, 12, 2025)
        closed(person, 1, 4)
        closed(person, 5, 8, of_four=3 if person == cast.rep else 1)
    others = [scopes.of_person(person) for person in (cast.teammate, cast.outsider, cast.junior)]
    found = plans.measure(running(cast, comparison=others), by=None, at=DUE)
    assert (found.verdict, found.grade, found.estimate) == ("improved", "B", 0.5)


def test_one_to_compare_with_is_too_few_so_its_own_past_is_taken(cast):
    closed(cast.rep, 5, 12, 2025)
    closed(cast.rep, 1, 8)
    closed(cast.teammate, 5, 12, 2025)
    found = plans.measure(running(cast, comparison=[scopes.of_person(cast.teammate)]), by=None, at=DUE)
    assert found.grade == "D"


def test_a_start_in_the_middle_of_a_month_leaves_that_month_out(cast):
    closed(cast.rep, 5, 12, 2025)
    closed(cast.rep, 1, 8)
    plan = plans.agree(a_plan(cast), by=cast.manager, at=FROZEN)
    plan = plans.start(plan, by=cast.manager, at=datetime(2026, 4, 15, 9, tzinfo=UTC))
    found = plans.measure(plan, by=None, at=DUE)
    assert found.given["treated"][found.given["starts"]] is None
    assert "period of the start left out" in found.notes


def test_the_stored_effect_cannot_be_changed(cast):
    closed(cast.rep, 4, 8)
    found = plans.measure(running(cast), by=None, at=DUE)
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        EffectMeasurement.objects.filter(pk=found.pk).update(verdict="improved")
    found.refresh_from_db()
    assert found.verdict == "not measurable"


def test_a_plan_is_closed_with_what_was_learned(cast):
    plan = running(cast)
    plans.measure(plan, by=None, at=DUE)
    with pytest.raises(ValidationError, match="what you learned"):
        plans.close(plan, conclusion=" ", by=cast.rep, at=DUE)
    closed_plan = plans.close(plan, conclusion="Too short a time.", by=cast.rep, at=DUE)
    assert (closed_plan.state, closed_plan.conclusion) == ("closed", "Too short a time.")


def test_the_review_follows_its_plans(cast):
    review = signed_by_both(at_the_meeting(a_frozen_review(cast), cast), cast)
    plan = running(cast, review=review)
    plans.measure(plan, by=None, at=DUE)
    assert Review.objects.get().state == "effect_measured"
    states = Event.objects.filter(subject_kind="review", type__startswith="review.effect").order_by("pk")
    assert [event.data["to"] for event in states] == ["effect_due", "effect_measured"]


def test_who_sees_a_plan(cast):
    plan = a_plan(cast)
    people = ("rep", "teammate", "junior", "outsider", "agent", "manager", "analyst", "administrator", "nobody")
    seeing = [name for name in people if ActionPlan.objects.visible_to(getattr(cast, name)).filter(pk=plan.pk).exists()]
    assert seeing == ["rep", "manager", "analyst", "administrator"]
