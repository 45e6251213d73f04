from __future__ import annotations

from datetime import timedelta

import structlog
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.business_time import Calendar
from crm.models import BusinessCalendar

log = structlog.get_logger(__name__)


class Priority(models.IntegerChoices):
    LOW = 1, _("low")
    NORMAL = 2, _("normal")
    HIGH = 3, _("high")
    URGENT = 4, _("urgent")


class SlaPolicy(models.Model):
    """How quickly tickets are to be answered and resolved, in the hours of a calendar."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    calendar = models.ForeignKey(BusinessCalendar, models.PROTECT, related_name="+", verbose_name=_("calendar"))
    is_default = models.BooleanField(_("default"), default=False)

    class Meta:
        verbose_name = _("SLA policy")
        verbose_name_plural = _("SLA policies")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_sla_policy"),
        ]

    def __str__(self) -> str:
        return gettext(self.name)  # the shipped policy is named in English and shown in the reader's language

    @cached_property
    def hours(self) -> Calendar | None:
        """The hours it counts in. A calendar without hours promises nothing, but stops nobody from working."""
        try:
            return self.calendar.as_calendar()
        except ValueError as error:
            log.warning("calendar_unusable", calendar=self.calendar_id, error=str(error))
            return None

    def target_for(self, priority: int) -> SlaTarget | None:
        return next((target for target in self.targets.all() if target.priority == priority), None)


class SlaTarget(models.Model):
    """The two deadlines of one priority, as business time."""

    policy = models.ForeignKey(SlaPolicy, models.CASCADE, related_name="targets", verbose_name=_("SLA policy"))
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices)
    first_response = models.DurationField(_("first response within"))
    resolution = models.DurationField(_("resolution within"))

    class Meta:
        verbose_name = _("SLA target")
        verbose_name_plural = _("SLA targets")
        ordering = ["-priority"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "priority"], name="sla_target_once_per_priority"),
            models.CheckConstraint(
                condition=Q(first_response__gt=timedelta(0), resolution__gt=timedelta(0)),
                name="sla_target_is_longer_than_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy}: {self.get_priority_display()}"
