"""The plan that came of the review, with its tasks done and its effect measured; and one that is at work now."""

from __future__ import annotations

from datetime import timedelta

from customers.actions import tasks
from evaluation.actions import plans
from evaluation.demo.people import CALLER
from evaluation.demo.world import World, at_clock
from evaluation.engine import scopes
from evaluation.models import ActionPlan, PlanStep, Review

STEPS = (
    ("A queue rule for Atlas 3 tickets 为 Atlas 3 工单设置分派规则", "manager_service", 5),
    ("Answers to the ten commonest questions 整理十个常见问题的答复", "agent_1", 9),
    ("Train all agents on Atlas 3 全员 Atlas 3 培训", "agent_2", 14),
    ("Call back unhappy customers within a day 一天内回访不满意客户", "agent_3", 20),
)


def the_improvement(world: World, review: Review) -> ActionPlan:
    days, director, manager = world.days, world.users["director"], world.users["manager_service"]
    plan = plans.draft(
        name="Answer sooner, Atlas 3 first 更快响应，Atlas 3 优先",
        reason="Satisfaction fell with the Atlas 3 launch: tickets rose by more than half, first answers took three "
        "times as long. 满意度随 Atlas 3 上市而下降。",
        kpi_code="csat", expected_effect=0.08, scope=scopes.of_team(world.teams["service"]), owner=manager,
        due_on=days.steps_due, effect_due_on=days.effect_due, by=director, at=at_clock(days.review_month.first, 15)
        + timedelta(days=20), review=review,
        steps=[
            {"title": title, "owner": world.users[who], "due_on": days.plan_start + timedelta(days=offset)}
            for title, who, offset in STEPS
        ],
    )  # fmt: skip
    plans.agree(plan, by=director, at=at_clock(days.review_month.first, 16) + timedelta(days=21))
    plans.start(plan, by=manager, at=at_clock(days.plan_start, 9))
    for step in plan.steps.select_related("task", "owner").order_by("position"):
        _do(step, hours=-3)
    plans.measure(plan, by=None, at=at_clock(days.effect_due, 5))
    plan.refresh_from_db()
    conclusion = (
        "A lane of its own for a new product works; we open one before every launch. 新产品上市前先设专门队列。"
    )
    return plans.close(plan, conclusion=conclusion, by=director, at=min(at_clock(days.effect_due, 14), world.now))


def the_compared_one(world: World) -> ActionPlan:
    """One rep tried what the others did not: its effect is measured against theirs, which is worth a better grade."""
    days, manager, rep = world.days, world.users["manager_east"], world.users[CALLER]
    plan = plans.draft(
        name="A fixed hour for calls 每日固定电话时段",
        reason="Between visits nobody calls; customers hear from us too rarely. 拜访之间缺少电话联系。",
        kpi_code="follow_ups", expected_effect=20.0, scope=scopes.of_person(rep), owner=rep,
        comparison=[scopes.of_person(other) for other in world.reps if other != rep],
        due_on=days.steps_due, effect_due_on=days.effect_due, by=manager,
        at=at_clock(days.review_month.first, 11) + timedelta(days=22),
        steps=[
            {"title": "Block 9 to 10 in the calendar 每天九点到十点打电话", "owner": rep,
             "due_on": days.plan_start + timedelta(days=6)},
        ],
    )  # fmt: skip
    plans.agree(plan, by=manager, at=at_clock(days.review_month.first, 16) + timedelta(days=22))
    plans.start(plan, by=rep, at=at_clock(days.plan_start, 9))
    for step in plan.steps.select_related("task", "owner").order_by("position"):
        _do(step, hours=-3)
    plans.measure(plan, by=None, at=at_clock(days.effect_due, 5))
    plan.refresh_from_db()
    conclusion = "It worked for one; the whole team tries it next quarter. 一人试行有效，下季度全组推广。"
    return plans.close(plan, conclusion=conclusion, by=manager, at=min(at_clock(days.effect_due, 15), world.now))


def the_running_one(world: World) -> None:
    """Begun this quarter or, early in a quarter, not agreed yet: the first step is done, the rest is to do."""
    first = world.days.last_quarter.last + timedelta(days=1)
    manager, reps = world.users["manager_north"], [one for one in world.reps if one.team == world.teams["north"]]
    plan = plans.draft(
        name="No quote without a next step 报价必有下一步",
        reason="Quotes stay unanswered for weeks and are then lost without a word.",
        kpi_code="win_rate", expected_effect=0.05, scope=scopes.of_team(world.teams["north"]), owner=manager,
        due_on=world.today + timedelta(days=14), effect_due_on=world.today + timedelta(days=120),
        period_kind="month", by=manager, at=at_clock(first, 0),
        steps=[
            {"title": f"Go through all open quotes 逐一跟进未答复报价 ({rep.name})", "owner": rep,
             "due_on": world.today + timedelta(days=7)}
            for rep in reps
        ],
    )  # fmt: skip
    started = at_clock(first + timedelta(days=7), 9)
    if started >= world.now:
        return
    plans.agree(plan, by=manager, at=started)
    plans.start(plan, by=manager, at=started)


def _do(step: PlanStep, hours: int) -> None:
    """The task is completed a little before it was due, and the step with it."""
    task = step.task
    assert task is not None
    assert task.due_at is not None
    at = task.due_at + timedelta(hours=hours)
    tasks.complete(task, by=step.owner, at=at)
    plans.mark_step(step_id=step.pk, done=True, by=step.owner, at=at)
