from __future__ import annotations

from datetime import date
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import recurrence


class TaskSeriesQuerySet(models.QuerySet["TaskSeries"]):
    def come(self, today: date) -> Self:
        """Whose next day is here."""
        return self.filter(next_on__lte=today)


class TaskSeries(models.Model):
    """A task that comes again. Each new one is a copy of the last, so what is changed there goes on."""

    rule = models.CharField(_("rule"), max_length=200)  # RFC 5545, see recurrence.py
    starts_on = models.DateField(_("first day"))
    next_on = models.DateField(_("next day"), null=True, blank=True)  # None: it has ended, or was stopped
    created_at = models.DateTimeField()

    objects = TaskSeriesQuerySet.as_manager()

    class Meta:
        verbose_name = _("repetition of a task")
        verbose_name_plural = _("repetitions of tasks")
        indexes = [models.Index(fields=["next_on"], name="series_next", condition=Q(next_on__isnull=False))]

    def __str__(self) -> str:
        return self.rule

    def clean(self) -> None:
        try:
            recurrence.parse(self.rule)
        except recurrence.Unusable:
            raise ValidationError({"rule": _("This is not a rule that can be repeated.")}) from None

    @property
    def has_ended(self) -> bool:
        return self.next_on is None
