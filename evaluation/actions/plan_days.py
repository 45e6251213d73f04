"""The days of a plan and of its steps: in order, and none that is over."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.joining import listed
from crm.web import formats
from evaluation.engine import statements
from evaluation.models import ActionPlan


def day(at: datetime) -> date:
    return at.astimezone(statements.zone()).date()


def not_over(due_on: date | None, at: datetime) -> None:
    """Steps cannot be due on a day that is over; one that went by since it was chosen stays."""
    if due_on is not None and due_on < day(at):
        raise ValidationError({"due_on": _("This day is over. Choose a later one.")})


def in_time(plan: ActionPlan, due_on: date | None) -> None:
    """Steps end with the plan. One that is added at work may take longer, but its effect is measured after it."""
    if due_on is None:
        return
    if plan.is_editable and due_on > plan.due_on:
        message = _("The steps of this plan are due on %(day)s at the latest.")
        raise ValidationError({"due_on": message % {"day": formats.exact_date(plan.due_on)}})
    if due_on >= plan.effect_due_on:
        message = _("The effect of this plan is due on %(day)s: its steps are due before.")
        raise ValidationError({"due_on": message % {"day": formats.exact_date(plan.effect_due_on)}})


def move_steps(plan: ActionPlan, was: date) -> None:
    """What was due with the plan is due with it again; a step with a day of its own keeps it, where that is in time."""
    plan.steps.filter(due_on=was).update(due_on=plan.due_on)
    late = plan.steps.filter(due_on__gt=plan.due_on)
    if late:
        message = _("Due later than that: %(steps)s. Choose a later day, or remove these steps first.")
        raise ValidationError({"due_on": message % {"steps": listed(f"“{step.title}”" for step in late)}})
