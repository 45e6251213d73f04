from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.access.querysets import ScopedQuerySet
from crm.models import Team, User
from evaluation.models import closed
from evaluation.models.kpi import KpiVersion


class MeasurementQuerySet(ScopedQuerySet):
    def permitted(self, user: Any, verb: Verb) -> Self:
        """None that tells of amounts, where the person's role does not."""
        codes, found = closed.codes_closed_to(user), super().permitted(user, verb)
        return found.exclude(kpi__code__in=codes) if codes else found

    def of_kpi(self, code: str) -> Self:
        return self.filter(kpi__code=code)

    def of_scope(self, kind: str, key: str) -> Self:
        return self.filter(scope_kind=kind, scope_key=key)

    def final(self) -> Self:
        return self.filter(state=Measurement.State.FINAL)


class Measurement(models.Model):
    """A KPI's value for one scope and period. A final one never changes; what changed since is told as restated.

    `person` and `team` say whose number it is, for access: a person's, a team's, or nobody's in particular.
    """

    kind: ClassVar[str] = "measurement"
    owner_field = "person"

    class State(models.TextChoices):
        PROVISIONAL = "provisional", _("provisional")
        FINAL = "final", _("final")

    kpi = models.ForeignKey(KpiVersion, models.PROTECT, related_name="measurements", verbose_name=_("KPI"))
    scope_kind = models.CharField(_("scope"), max_length=10)
    scope_key = models.CharField(max_length=40, blank=True)
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("person"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+", verbose_name=_("team"))
    period_kind = models.CharField(_("period"), max_length=7)
    period_start = models.DateField(_("from"))
    period_end = models.DateField(_("to"))  # the last day, included
    value = models.FloatField(_("value"), null=True)
    numerator = models.FloatField(null=True)
    denominator = models.FloatField(null=True)
    n = models.PositiveIntegerField(default=0)
    interval_low = models.FloatField(null=True)
    interval_high = models.FloatField(null=True)
    interval_level = models.FloatField(null=True)
    interval_method = models.CharField(max_length=20, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    flags = ArrayField(models.CharField(max_length=60), default=list)
    state = models.CharField(_("state"), max_length=11, choices=State.choices, default=State.PROVISIONAL)
    measured_at = models.DateTimeField(_("measured"))

    objects = MeasurementQuerySet.as_manager()

    class Meta:
        verbose_name = _("measurement")
        verbose_name_plural = _("measurements")
        ordering = ["-period_start", "kpi", "scope_kind", "scope_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["kpi", "scope_kind", "scope_key", "period_kind", "period_start", "period_end"],
                name="measurement_once",
            ),
            models.CheckConstraint(condition=Q(period_end__gte=F("period_start")), name="measurement_period_in_order"),
        ]
        indexes = [
            models.Index(
                fields=["scope_kind", "scope_key", "period_kind", "-period_start"], name="measurement_of_scope"
            ),
            models.Index(fields=["period_end"], name="measurement_provisional", condition=Q(state="provisional")),
        ]

    def __str__(self) -> str:
        return f"{self.kpi.code} {self.scope_kind} {self.scope_key} {self.period_start}"

    @property
    def is_final(self) -> bool:
        return self.state == self.State.FINAL


class MeasuredMember(models.Model):
    """A customer who belonged to the segment that a final number is of, when it became final.

    Their number as it was then, no link: of a customer that was merged since, the one that stayed counts.
    """

    measurement = models.ForeignKey(Measurement, models.CASCADE, related_name="members")
    customer_number = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["measurement", "customer_number"], name="measured_member_once"),
        ]

    def __str__(self) -> str:
        return str(self.customer_number)


class MeasuredFact(models.Model):
    """A record that went into the final numbers of a period, as it was then: what restatements are told by.

    One row per KPI, period and record, whatever the number of scopes.
    """

    kpi = models.ForeignKey(KpiVersion, models.PROTECT, related_name="+")
    period_kind = models.CharField(max_length=7)
    period_start = models.DateField()
    period_end = models.DateField()
    record_kind = models.CharField(max_length=20)
    record_id = models.BigIntegerField()
    label = models.TextField()
    at = models.DateTimeField()
    counted = models.BooleanField()
    numerator = models.SmallIntegerField(null=True)
    value = models.FloatField(null=True)
    issue = models.CharField(max_length=40, null=True)
    fields = models.JSONField(default=dict)
    keys = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["kpi", "period_kind", "period_start", "period_end"], name="measured_fact_of_period"),
        ]

    def __str__(self) -> str:
        return f"{self.record_kind} {self.record_id}"
