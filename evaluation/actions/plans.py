"""Improvement action plans: agreed, started (their steps become tasks), measured when the effect is due, closed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.actions import records
from crm.actions.notifications import notify
from crm.models import Team, User
from customers.actions import tasks
from customers.models import Customer
from evaluation import kpis
from evaluation.actions import effects, plan_days, reviews, subjects
from evaluation.actions.goals import team_of
from evaluation.engine import scopes, statements
from evaluation.engine.scopes import Scope, ScopeError
from evaluation.models import ActionPlan, EffectMeasurement, PlanStep, Review

State = ActionPlan.State


@transaction.atomic
def draft(
    *,
    kpi_code: str,
    expected_effect: float,
    scope: Scope,
    owner: User,
    by: User | None,
    at: datetime,
    comparison: Iterable[Scope] = (),
    review: Review | None = None,
    steps: Iterable[dict[str, Any]] = (),
    **terms: Any,
) -> ActionPlan:
    """A new plan. `steps`: title, and perhaps owner and due_on. From a review, its period is the trigger.

    `terms` are other fields of the plan, of which name, reason, due_on and effect_due_on are needed.
    """
    if review is not None:
        terms.setdefault("trigger_start", review.cycle.period_start)
        terms.setdefault("trigger_end", review.cycle.period_end)
    others = list(comparison)
    _check_scopes(kpi_code, scope, others)
    plan_days.not_over(terms["due_on"], at)
    plan = ActionPlan(
        kpi_code=kpi_code,
        expected_effect=expected_effect,
        scope_kind=scope.kind,
        scope_key=scope.stored_key,
        scope_name=scope.name or "",
        comparison=[subjects.as_json(other) for other in others],
        review=review,
        owner=owner,
        team=_team(scope, owner),
        **terms,
    )
    records.create(plan, by=by, at=at, data={"kpi": kpi_code, "expected": expected_effect}, about=[review])
    for step in steps:
        add_step(plan, by=by, at=at, **step)
    if owner != by:
        _tell(plan, gettext_noop("%(by)s drafted a plan for you: %(plan)s."), by, at, "drafted")
    return plan


@transaction.atomic
def update(
    plan: ActionPlan, changes: dict[str, Any], *, by: User | None, at: datetime, version: int | None = None,
    base: dict[str, Any] | None = None,
) -> ActionPlan:  # fmt: skip
    """Change what is planned; once it runs, what is to be measured is fixed."""
    locked = _locked(plan)
    if not locked.is_editable:
        raise ValidationError(_("The plan has started: what is to be measured is fixed."))
    if changes.get("due_on", locked.due_on) != locked.due_on:
        plan_days.not_over(changes["due_on"], at)
    was = locked.due_on
    changed = records.update(locked, changes, by=by, at=at, version=version, base=base, about=[locked.review])
    if changed.due_on != was:
        plan_days.move_steps(changed, was)
    return changed


@transaction.atomic
def add_step(
    plan: ActionPlan, *, title: str, by: User | None, at: datetime, owner: User | None = None,
    due_on: date | None = None,
) -> PlanStep:  # fmt: skip
    locked = _locked(plan)
    if not (locked.is_editable or locked.state == State.RUNNING):
        raise ValidationError(_("The plan is over: it takes no more steps."))
    plan_days.not_over(due_on, at)
    plan_days.in_time(locked, due_on)
    step = PlanStep(
        plan=locked,
        position=locked.steps.count() + 1,
        title=title.strip(),
        owner=owner or locked.owner,
        due_on=due_on or locked.due_on,
    )
    step.full_clean()
    step.save()
    events.record("action_plan.step_added", locked, by=by, at=at, data={"step": step.title}, about=[locked.review])
    if locked.state == State.RUNNING:
        _make_task(step, by, at)
    return step


@transaction.atomic
def remove_step(step: PlanStep, *, by: User | None, at: datetime) -> None:
    """Only before the start: afterwards it is somebody's task."""
    locked = _locked(step.plan)
    if not locked.is_editable:
        raise ValidationError(_("The plan has started: its steps are tasks now."))
    title = step.title
    step.delete()
    events.record("action_plan.step_removed", locked, by=by, at=at, data={"step": title}, about=[locked.review])


@transaction.atomic
def agree(plan: ActionPlan, *, by: User, at: datetime) -> ActionPlan:
    """Who answers for it, or who manages them, says yes to the plan as it stands."""
    locked = _locked(plan)
    if not locked.steps.exists():
        raise ValidationError(_("A plan without steps changes nothing. Add what is to be done."))
    agreed = _move(locked, State.DRAFT, State.AGREED, by, at)
    if locked.owner != by:
        _tell(agreed, gettext_noop("%(by)s agreed to the plan: %(plan)s."), by, at, "agreed")
    return agreed


@transaction.atomic
def start(plan: ActionPlan, *, by: User, at: datetime) -> ActionPlan:
    """From today on it is at work: each step becomes a task of whoever does it."""
    locked = _locked(plan)
    locked.started_on = plan_days.day(at)
    if locked.effect_due_on <= locked.started_on:
        raise ValidationError(_("The effect would be due before it starts. Choose a later day."))
    if locked.trigger_end and locked.trigger_end >= locked.started_on:
        raise ValidationError(_("The period that gave rise to it must be over before it starts."))
    running = _move(locked, State.AGREED, State.RUNNING, by, at)
    for step in running.steps.filter(task=None).select_related("owner"):
        _make_task(step, by, at)
    return running


@transaction.atomic
def measure(plan: ActionPlan, *, by: User | None, at: datetime) -> EffectMeasurement:
    """Measure the effect and store it. Before its day it is refused: looking early finds what one hopes for."""
    locked = _locked(plan)
    if locked.state == State.RUNNING:
        if plan_days.day(at) < locked.effect_due_on:
            raise ValidationError(_("The effect is not due yet."))
        locked = _move(locked, State.RUNNING, State.EFFECT_DUE, by, at)
        reviews.plans_changed(locked.review, by=by, at=at)
    found = effects.measured(locked, at=at)
    _move(locked, State.EFFECT_DUE, State.EFFECT_MEASURED, by, at, verdict=found.verdict, grade=found.grade)
    reviews.plans_changed(locked.review, by=by, at=at)
    message = gettext_noop("The effect of a plan is measured: %(plan)s.")
    _tell(locked, message, by, at, f"measured-{found.pk}")
    if locked.review is not None:
        reviews.tell(locked.review.reviewer, gettext_noop("The effect of a plan is measured: %(review)s."),
                     locked.review, by, at, f"plan-{locked.pk}-measured")  # fmt: skip
    return found


def measure_due(*, now: datetime) -> int:
    """Every plan whose effect is due; returns how many were measured."""
    due = list(ActionPlan.objects.effect_due(plan_days.day(now)).order_by("pk"))
    for plan in due:
        measure(plan, by=None, at=now)
    return len(due)


@transaction.atomic
def close(plan: ActionPlan, *, conclusion: str, by: User, at: datetime) -> ActionPlan:
    """What was learned, in words; the measured effect stays as it is."""
    locked = _locked(plan)
    if not conclusion.strip():
        raise ValidationError({"conclusion": _("Say what you learned from it.")})
    locked.conclusion = conclusion.strip()
    closed = _move(locked, State.EFFECT_MEASURED, State.CLOSED, by, at, conclusion=locked.conclusion)
    reviews.plans_changed(locked.review, by=by, at=at)
    return closed


@transaction.atomic
def delete(plan: ActionPlan, *, by: User | None, at: datetime) -> ActionPlan:
    locked = _locked(plan)
    if not locked.is_editable:
        raise ValidationError(_("A plan that has started is history: it cannot be deleted."))
    return records.delete(locked, by=by, at=at, about=[locked.review])


@transaction.atomic
def mark_step(*, step_id: int, done: bool, by: User | None, at: datetime) -> None:
    """The step's task was completed, or reopened. Safe to repeat."""
    step = PlanStep._base_manager.select_for_update(of=("self",)).select_related("plan").filter(pk=step_id).first()
    if step is None or step.is_done == done:
        return
    if done:
        step.complete(by=by, at=at)
    else:
        step.reopen()
    step.save()
    event = "action_plan.step_done" if done else "action_plan.step_reopened"
    events.record(event, step.plan, by=by, at=at, data={"step": step.title}, about=[step.plan.review])
    if done and not step.plan.steps.filter(done_at=None).exists():
        _tell(step.plan, gettext_noop("All steps are done: %(plan)s."), by, at, f"steps-{step.pk}-{at.isoformat()}")


def _make_task(step: PlanStep, by: User | None, at: datetime) -> None:
    due = datetime.combine(step.due_on, time(17), tzinfo=statements.zone()) if step.due_on else None
    step.task = tasks.create(
        title=step.title, owner=step.owner, due_at=due, about=step, customer=_customer(step.plan), by=by, at=at
    )
    step.save(update_fields=["task"])


def _customer(plan: ActionPlan) -> Customer | None:
    """Whom the plan is about: what is to be done for it stands on their page too."""
    if plan.scope_kind != "customer":
        return None
    return Customer.objects.alive().filter(pk=int(plan.scope_key)).first()


def _move(plan: ActionPlan, before: str, to: str, by: User | None, at: datetime, **data: Any) -> ActionPlan:
    if plan.state != before:
        raise ValidationError(_("The plan is at another step: %(state)s."), params={"state": plan.get_state_display()})
    plan.state = to
    plan.version, plan.updated_at = plan.version + 1, at
    plan.full_clean()
    plan.save()
    said = {"from": str(before), "to": str(to), **data}
    events.record(f"action_plan.{to}", plan, by=by, at=at, data=said, about=[plan.review])
    return plan


def _check_scopes(kpi_code: str, scope: Scope, others: list[Scope]) -> None:
    kpi = kpis.get(kpi_code)
    for one in (scope, *others):
        try:
            scopes.check(kpi, one.kind)
        except ScopeError:
            message = _("%(kpi)s cannot be measured for a %(kind)s.")
            raise ValidationError(message % {"kpi": kpi.name, "kind": scopes.KINDS[one.kind]}) from None
    if any((one.kind, one.key) == (scope.kind, scope.key) for one in others):
        raise ValidationError({"comparison": _("What is compared with must be something that nothing is done with.")})


def _team(scope: Scope, owner: User) -> Team | None:
    return team_of(scope) or owner.team


def _tell(plan: ActionPlan, message: str, by: User | None, at: datetime, key: str) -> None:
    values = {"by": str(by or ""), "plan": plan.name}
    url = reverse("plan-detail", args=[plan.pk])
    notify(plan.owner, message, values=values, url=url, key=f"plan-{plan.pk}-{key}", at=at)


def _locked(plan: ActionPlan) -> ActionPlan:
    query = ActionPlan._base_manager.select_for_update(of=("self",))
    return query.select_related("owner", "review__reviewer", "review__cycle", "review__person",
                                "review__subject_team").get(pk=plan.pk)  # fmt: skip
