from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.dateparse import parse_date
from django.utils.formats import date_format, number_format

AMOUNT = re.compile(r"(-?[0-9]+\.[0-9]+) ([A-Z]{3})")


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: Any) -> NotificationQuerySet:
        """Notifications are nobody's business but the receiver's."""
        return self.filter(receiver=user)

    editable_by = visible_to

    def unread(self) -> NotificationQuerySet:
        return self.filter(read_at__isnull=True)


class Notification(models.Model):
    """A sentence for one person about something that concerns them."""

    receiver = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    # A message id and its values rather than finished text, so that it is read in the reader's language.
    message = models.CharField(max_length=300)
    values = models.JSONField(default=dict, blank=True)
    url = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    # The same notification is not written twice, however often its cause is delivered.
    key = models.CharField(max_length=120)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["receiver", "key"], name="notification_once")]
        indexes = [models.Index(fields=["receiver", "-at", "-id"], name="notification_newest")]

    def __str__(self) -> str:
        return self.message

    @property
    def text(self) -> str:
        from django.utils.translation import gettext

        return gettext(self.message) % self.said()

    def said(self) -> dict[str, Any]:
        """A day is kept as 2026-11-29, an amount as 5000.00 EUR; both are read as the reader writes them."""
        said = dict(self.values)
        if day := parse_date(str(said.get("day") or "")):
            said["day"] = date_format(day)
        if amount := AMOUNT.fullmatch(str(said.get("amount") or "")):
            said["amount"] = f"{number_format(amount[1], force_grouping=True)} {amount[2]}"
        return said

    def read(self, at: datetime) -> None:
        self.read_at = self.read_at or at
