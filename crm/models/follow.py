"""Who wants to be told what happens to a record, and when to remind whom of one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models.attachment import AboutQuerySet


class OwnQuerySet(AboutQuerySet):
    """Rows that are nobody's business but the person's."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(user=user)

    editable_by = visible_to


class Follow(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows")
    about_kind = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    at = models.DateTimeField(_("since"))

    objects = OwnQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "about_kind", "about_id"], name="follow_once")]
        indexes = [models.Index(fields=["about_kind", "about_id"], name="follow_about")]

    def __str__(self) -> str:
        return f"{self.user}: {self.about_kind} {self.about_id}"


class ReminderQuerySet(OwnQuerySet):
    def due(self, now: datetime) -> Self:
        return self.filter(sent_at=None, at__lte=now)


class Reminder(models.Model):
    """One for each person and record: another time takes the place of the one before."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reminders")
    about_kind = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    at = models.DateTimeField(_("remind me"))
    # So long before the record is due, where it was said so: then it moves with the day.
    before = models.DurationField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["user", "about_kind", "about_id"], name="reminder_once")]
        indexes = [
            models.Index(fields=["at"], name="reminder_due", condition=Q(sent_at=None)),
            models.Index(fields=["about_kind", "about_id"], name="reminder_about"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.about_kind} {self.about_id}"
