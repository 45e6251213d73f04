"""What Today knows from evaluation: customers at risk that nobody attends to, and steps of action plans."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import Customer, Task
from customers.models.today import Asking, Item, Weight, days_since
from customers.models.today_tasks import of_task
from evaluation.models.health import Band, HealthScore
from evaluation.models.plan import PlanStep

ATTENDED = timedelta(days=14)
STEPS_AHEAD = timedelta(days=7)
SAID = ("score", "customer__name", "customer__last_activity_at")


def customers_at_risk(asking: Asking) -> list[Item]:
    """One's own, unless somebody spoke with them these two weeks or has planned to."""
    planned = Task.objects.alive().open().filter(due_at__isnull=False, customer=OuterRef("customer"))
    scores = HealthScore.objects.visible_to(asking.user).filter(
        Q(customer__last_activity_at__isnull=True) | Q(customer__last_activity_at__lt=asking.now - ATTENDED),
        ~Exists(planned),
        band=Band.RED,
        customer__owner=asking.user,
        customer__deleted_at=None,
    )
    rows = scores.exclude(customer__in=asking.asleep(Customer.kind)).order_by("score", "customer")
    return [_at_risk(score, asking) for score in rows.select_related("customer").only(*SAID)[: asking.limit]]


def steps_of_plans(asking: Asking) -> list[Item]:
    """One's own steps of action plans that are due within a week, or late."""
    steps = PlanStep.objects.visible_to(asking.user).filter(
        task__owner=asking.user, task__done_at=None, task__deleted_at=None,
        task__due_at__lt=asking.tomorrow + STEPS_AHEAD,
    )  # fmt: skip
    rows = steps.exclude(task__in=asking.asleep(Task.kind)).select_related("plan", "task")
    return [_step(step, asking) for step in rows.order_by("task__due_at", "pk")[: asking.limit]]


def _at_risk(score: HealthScore, asking: Asking) -> Item:
    customer, said = score.customer, {"score": round(score.score or 0)}
    if customer.last_activity_at is None:
        reason = _("Health %(score)s of 100, and no contact yet") % said
    else:
        days = days_since(customer.last_activity_at, asking)
        text = ngettext(
            "Health %(score)s of 100, last contact %(days)s day ago",
            "Health %(score)s of 100, last contact %(days)s days ago",
            days,
        )
        reason = text % (said | {"days": days})
    finish = {
        "log": asking.log_url(customer=customer.pk),
        "plan": f"{asking.of_page('task-new')}?customer={customer.pk}",
    }
    return Item(Customer.kind, customer.pk, customer.name, Weight.AT_RISK, (reason,), customer_id=customer.pk,
                finish=finish)  # fmt: skip


def _step(step: PlanStep, asking: Asking) -> Item:
    said = {"plan": step.plan.name, "kpi": step.plan.kpi.name}
    reason = _("Step of the plan “%(plan)s”, which is to move %(kpi)s") % said
    assert step.task is not None  # asked for
    return of_task(step.task, (reason,), asking)
