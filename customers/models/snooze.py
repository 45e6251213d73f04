from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

MOST = 500


class SnoozeQuerySet(models.QuerySet["Snooze"]):
    def of(self, user: Any) -> Self:
        return self.filter(user=user)

    def asleep(self, today: date) -> Self:
        return self.filter(until__gt=today)


class Snooze(models.Model):
    """Off one person's Today until a day. The record itself, and what is due, stay as they are."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    about_kind = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    until = models.DateField(_("until"))

    objects = SnoozeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "about_kind", "about_id"], name="snooze_once")]

    def __str__(self) -> str:
        return f"{self.about_kind} {self.about_id}: {self.until}"
