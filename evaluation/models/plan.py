from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from crm.access.grants import Access
from crm.access.permissions import Verb
from crm.access.querysets import Rule, ScopedQuerySet
from crm.models import Record
from crm.models.record import RecordQuerySet
from customers.models import Customer, Task
from evaluation import kpis
from evaluation.formulas import effect, periods
from evaluation.formulas.periods import Period
from evaluation.kpis import Kpi
from evaluation.models import closed
from evaluation.models.review import Review


class ActionPlanQuerySet(RecordQuerySet):
    def permitted(self, user: Any, verb: Verb) -> Self:
        """None that tells of amounts, where the person's role does not."""
        codes, found = closed.codes_closed_to(user), super().permitted(user, verb)
        return found.exclude(kpi_code__in=codes) if codes else found

    def effect_due(self, day: date) -> Self:
        """Running plans whose effect should show by now, and those found due but not measured yet."""
        State = ActionPlan.State
        return self.alive().filter(Q(state=State.RUNNING, effect_due_on__lte=day) | Q(state=State.EFFECT_DUE))

    def of_customer(self, customer: Customer, tasks: models.QuerySet[Task]) -> Self:
        """About the customer, or about one that was merged into it; or with one of these tasks at it as a step."""
        # scoped: the numbers of those that became this one, to be compared with
        merged = Customer._base_manager.filter(merged_into=customer.pk).values_list("pk", flat=True)
        keys = [str(pk) for pk in (customer.pk, *merged)]
        step = PlanStep.objects.filter(plan=OuterRef("pk"), task__in=tasks.filter(customer=customer).values("pk"))
        return self.filter(Q(scope_kind="customer", scope_key__in=keys) | Q(Exists(step)))


class ActionPlan(Record):
    """What is done about a number, by whom, until when, and what it should change. `owner` answers for it."""

    kind: ClassVar[str] = "action_plan"

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        AGREED = "agreed", _("agreed")
        RUNNING = "running", _("running")
        EFFECT_DUE = "effect_due", _("effect due")
        EFFECT_MEASURED = "effect_measured", _("effect measured")
        CLOSED = "closed", _("closed")

    class PeriodKind(models.TextChoices):
        WEEK = periods.WEEK, _("week")
        MONTH = periods.MONTH, _("month")
        QUARTER = periods.QUARTER, _("quarter")

    name = models.CharField(_("name"), max_length=160)
    reason = models.TextField(_("why"))
    review = models.ForeignKey(
        Review, models.PROTECT, null=True, blank=True, related_name="plans", verbose_name=_("review")
    )
    kpi_code = models.CharField(_("KPI it should move"), max_length=40)
    # In the KPI's own unit and with its sign: 0.05 is five percentage points more, -3600 an hour less.
    expected_effect = models.FloatField(_("expected effect"))
    scope_kind = models.CharField(max_length=10)
    scope_key = models.CharField(max_length=40, blank=True)
    scope_name = models.CharField(max_length=200, blank=True)
    # Those that nothing was done with: {"kind", "key", "name"} each, of one kind.
    comparison = models.JSONField(_("compared with"), default=list, blank=True)
    period_kind = models.CharField(
        _("measured every"), max_length=7, choices=PeriodKind.choices, default=PeriodKind.MONTH
    )
    # The period that gave rise to it. It was unusual, so it is no part of the baseline.
    trigger_start = models.DateField(_("gave rise to it: from"), null=True, blank=True)
    trigger_end = models.DateField(_("gave rise to it: to"), null=True, blank=True)
    due_on = models.DateField(_("steps due"))
    effect_due_on = models.DateField(_("effect due"))
    started_on = models.DateField(_("started"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.DRAFT)
    conclusion = models.TextField(_("what we learned"), blank=True)

    objects = ActionPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("action plan")
        verbose_name_plural = _("action plans")
        ordering = ["-updated_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(expected_effect=0),
                name="plan_expects_an_effect",
                violation_error_message=_("Say what it should change: an effect of nothing needs no plan."),
            ),
            models.CheckConstraint(
                condition=Q(effect_due_on__gt=F("due_on")),
                name="plan_effect_after_the_steps",
                violation_error_message=_("The effect is due after the steps are."),
            ),
            models.CheckConstraint(
                condition=Q(trigger_start=None, trigger_end=None) | Q(trigger_end__gte=F("trigger_start")),
                name="plan_trigger_in_order",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "agreed"], started_on=None)
                | (~Q(state__in=["draft", "agreed"]) & Q(started_on__isnull=False)),
                name="plan_running_has_started",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "effect_due_on"], name="plan_effect_due", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-updated_at", "-id"], name="plan_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-updated_at", "-id"], name="plan_team", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kpi(self) -> Kpi:
        return kpis.get(self.kpi_code)

    @property
    def subject(self) -> Any:
        """Where it is done, in words."""
        return self.scope_name if self.scope_kind != "company" else _("Company")

    @property
    def trigger(self) -> Period | None:
        return Period(self.trigger_start, self.trigger_end) if self.trigger_start and self.trigger_end else None

    @property
    def is_editable(self) -> bool:
        """What is to be measured is fixed before it starts."""
        return self.state in (self.State.DRAFT, self.State.AGREED)


class PlanStepQuerySet(ScopedQuerySet):
    def rules(self, access: Access, verb: Verb) -> list[Rule]:
        """A step is seen and changed with its plan."""
        plans = ActionPlan.objects.permitted(access.user, verb).order_by().values("pk")
        return [Rule("plan", _("its action plan can be"), Q(plan__in=plans))]


class PlanStep(models.Model):
    """One thing to do for a plan. From the start of the plan it is a task; completing that completes the step."""

    kind: ClassVar[str] = "action_step"

    plan = models.ForeignKey(ActionPlan, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(_("step"), max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    due_on = models.DateField(_("due"), null=True, blank=True)
    task = models.ForeignKey(Task, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    done_at = models.DateTimeField(_("done"), null=True, blank=True, editable=False)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    objects = PlanStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("step of an action plan")
        verbose_name_plural = _("steps of action plans")
        ordering = ["plan", "position", "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_done(self) -> bool:
        return self.done_at is not None

    def complete(self, *, by: Any, at: datetime) -> None:
        self.done_at, self.done_by = at, by

    def reopen(self) -> None:
        self.done_at = self.done_by = None


class EffectMeasurement(models.Model):
    """What a plan was found to have changed, with everything it was computed from. Append-only."""

    class Verdict(models.TextChoices):
        IMPROVED = effect.Verdict.IMPROVED.value, _("improved")
        NO_DETECTABLE_CHANGE = effect.Verdict.NO_DETECTABLE_CHANGE.value, _("no detectable change")
        WORSE = effect.Verdict.WORSE.value, _("worse")
        NOT_MEASURABLE = effect.Verdict.NOT_MEASURABLE.value, _("not measurable")

    plan = models.ForeignKey(ActionPlan, models.PROTECT, related_name="effects")
    design = models.CharField(_("design"), max_length=30)
    grade = models.CharField(_("grade"), max_length=1)
    verdict = models.CharField(_("verdict"), max_length=20, choices=Verdict.choices)
    estimate = models.FloatField(null=True)
    interval_low = models.FloatField(null=True)
    interval_high = models.FloatField(null=True)
    before = models.FloatField(null=True)
    after = models.FloatField(null=True)
    n_before = models.PositiveIntegerField(default=0)
    n_after = models.PositiveIntegerField(default=0)
    notes = ArrayField(models.CharField(max_length=60), default=list)
    inputs = models.TextField()  # canonical JSON: periods, series, start, trigger
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(_("measured"))

    class Meta:
        verbose_name = _("effect of an action plan")
        verbose_name_plural = _("effects of action plans")
        ordering = ["plan", "at", "pk"]

    def __str__(self) -> str:
        return f"{self.verdict} ({self.grade})"

    @property
    def given(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.inputs)
        return found
