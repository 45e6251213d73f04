from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.joining import labelled
from crm.models import Record
from crm.models.record import RecordQuerySet
from evaluation import kpis
from evaluation.formulas import periods
from evaluation.formulas.periods import Period
from evaluation.kpis import Kpi
from evaluation.models import closed
from evaluation.models.kpi import KpiVersion

MOST_ACTIVE = 3  # goals for one scope and process stage; one more needs a written reason


class TargetKind(models.TextChoices):
    """How the target is written. All figures are in the KPI's own unit: shares as fractions, times in seconds."""

    AT_LEAST = "at_least", _("at least")
    AT_MOST = "at_most", _("at most")
    BAND = "band", _("between")
    BASELINE_PLUS = "baseline_plus", _("baseline plus or minus")  # percentage points where the KPI is a share
    BASELINE_PERCENT = "baseline_percent", _("baseline plus or minus percent")  # 0.1 is ten percent more
    LAST_YEAR_RATIO = "last_year_ratio", _("times the same period last year")  # 1.1 is ten percent more


RELATIVE = (TargetKind.BASELINE_PERCENT, TargetKind.LAST_YEAR_RATIO)


class Commitment(models.TextChoices):
    COMMITTED = "committed", _("committed")
    STRETCH = "stretch", _("stretch")


class GoalTerms(models.Model):
    """What is agreed: the terms a goal has now, and had in each earlier version."""

    class PeriodKind(models.TextChoices):
        MONTH = periods.MONTH, _("month")
        QUARTER = periods.QUARTER, _("quarter")
        HALF = periods.HALF, _("half-year")
        YEAR = periods.YEAR, _("year")

    period_kind = models.CharField(_("measured every"), max_length=7, choices=PeriodKind.choices)
    starts_on = models.DateField(_("applies from"))  # the first day of the first period these terms are for
    ends_on = models.DateField(_("until"), null=True, blank=True)
    target_kind = models.CharField(_("target"), max_length=16, choices=TargetKind.choices)
    baseline = models.FloatField(_("baseline"), null=True, blank=True)
    target = models.FloatField(_("level"))
    target_high = models.FloatField(_("upper level"), null=True, blank=True)
    stretch = models.FloatField(_("stretch level"), null=True, blank=True)
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=1, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    commitment = models.CharField(_("kind"), max_length=9, choices=Commitment.choices, default=Commitment.COMMITTED)
    guard_code = models.CharField(_("guard KPI"), max_length=40, blank=True)

    class Meta:
        abstract = True

    @property
    def guard(self) -> Kpi | None:
        return kpis.get(self.guard_code) if self.guard_code else None

    def applies_to(self, period: Period) -> bool:
        return self.starts_on <= period.first and (self.ends_on is None or period.first <= self.ends_on)


TERMS = tuple(field.name for field in GoalTerms._meta.local_fields)


class GoalQuerySet(RecordQuerySet):
    def permitted(self, user: Any, verb: Verb) -> Self:
        """None that tells of amounts, where the person's role does not."""
        codes, found = closed.codes_closed_to(user), super().permitted(user, verb)
        return found.exclude(kpi_code__in=codes) if codes else found

    def active(self) -> Self:
        return self.alive().filter(retired_at__isnull=True)

    def in_force_on(self, day: date) -> Self:
        return self.active().filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day)

    def of_scope(self, kind: str, key: str) -> Self:
        return self.filter(scope_kind=kind, scope_key=key)

    def of_kpi(self, code: str) -> Self:
        return self.filter(kpi_code=code)

    def unanswered(self) -> Self:
        return self.filter(answer=Goal.Answer.NONE)


class Goal(GoalTerms, Record):
    """What a KPI should be, for whom, by when, and which KPI must not suffer for it.

    `owner` answers for it; `team` decides, with the owner, who may see and change it.
    """

    kind: ClassVar[str] = "goal"

    class Answer(models.TextChoices):
        NONE = "none", _("not answered")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        OBJECTED = "objected", _("objected to")

    kpi_code = models.CharField(_("KPI"), max_length=40)
    scope_kind = models.CharField(_("scope"), max_length=10)
    scope_key = models.CharField(max_length=40, blank=True)
    scope_name = models.CharField(max_length=200, blank=True)  # as it was when the goal was set
    # Of the terms: a new version resets the answer.
    revision = models.PositiveSmallIntegerField(_("version"), default=1, editable=False)
    answer = models.CharField(_("answer"), max_length=12, choices=Answer.choices, default=Answer.NONE)
    answer_reason = models.TextField(_("reason"), blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    override_reason = models.TextField(_("why one more than three"), blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True, editable=False)
    retired_reason = models.TextField(_("why it was retired"), blank=True)

    objects = GoalQuerySet.as_manager()

    class Meta:
        verbose_name = _("goal")
        verbose_name_plural = _("goals")
        ordering = ["kpi_code", "scope_kind", "scope_key", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kpi_code", "scope_kind", "scope_key", "period_kind"],
                condition=Q(retired_at=None, deleted_at=None),
                name="goal_active_once",
                violation_error_message=_("There is an active goal for this KPI, scope and period. Revise that one."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="goal_dates_in_order"
            ),
            models.CheckConstraint(
                condition=~Q(target_kind="band") | (Q(target_high__isnull=False) & Q(target_high__gte=F("target"))),
                name="goal_band_in_order",
                violation_error_message=_("The upper level of a band is not below the lower one."),
            ),
            models.CheckConstraint(
                condition=~Q(target_kind__in=["baseline_plus", "baseline_percent"]) | Q(baseline__isnull=False),
                name="goal_change_has_a_baseline",
                violation_error_message=_("A change against the baseline needs a baseline."),
            ),
            models.CheckConstraint(condition=Q(weight__gte=1) & Q(weight__lte=100), name="goal_weight_from_1_to_100"),
            models.CheckConstraint(
                condition=~Q(answer="objected") | ~Q(answer_reason=""),
                name="goal_objection_has_a_reason",
                violation_error_message=_("An objection needs a reason."),
            ),
            models.CheckConstraint(
                condition=Q(retired_at=None) | ~Q(retired_reason=""),
                name="goal_retired_with_a_reason",
                violation_error_message=_("Say why the goal is retired."),
            ),
        ]
        indexes = [
            models.Index(fields=["scope_kind", "scope_key"], name="goal_of_scope", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-updated_at", "-id"], name="goal_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-updated_at", "-id"], name="goal_team", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return labelled(self.kpi.name, _("Company") if self.scope_kind == "company" else self.scope_name)

    def clean(self) -> None:
        if self.guard_code and self.guard_code == self.kpi_code:
            raise ValidationError({"guard_code": _("A KPI cannot guard itself.")})

    @property
    def kpi(self) -> Kpi:
        return kpis.get(self.kpi_code)

    @property
    def is_active(self) -> bool:
        return self.retired_at is None and not self.is_in_bin

    def period_on(self, day: date) -> Period:
        return periods.containing(self.period_kind, day)

    def terms_for(self, period: Period) -> GoalTerms | None:
        """The terms agreed for a period: those of the latest version that applies to it.

        Reads `versions`; prefetch them where there are many goals.
        """
        fitting = [terms for terms in self.versions.all() if terms.applies_to(period)]
        return max(fitting, key=lambda terms: terms.number, default=None)


class GoalVersion(GoalTerms):
    """The terms of a goal as they were from one decision to the next. Append-only, by a trigger too."""

    goal = models.ForeignKey(Goal, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    kpi = models.ForeignKey(KpiVersion, models.PROTECT, related_name="+", verbose_name=_("KPI"))
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("version of a goal")
        verbose_name_plural = _("versions of goals")
        ordering = ["goal", "number"]
        constraints = [models.UniqueConstraint(fields=["goal", "number"], name="goal_version_once")]

    def __str__(self) -> str:
        return f"{self.goal} v{self.number}"
