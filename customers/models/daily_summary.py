from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

ATTEMPTS = 6


class DailySummaryQuerySet(models.QuerySet["DailySummary"]):
    def due(self, now: datetime) -> Self:
        return self.filter(due_at__lte=now)


class DailySummary(models.Model):
    """The mail that tells a person in the morning what is to be done: made once for each day, and sent once.

    Where there was nothing to tell the row says only that this day is dealt with.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    day = models.DateField()  # where the person is
    made_at = models.DateTimeField()
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)  # until it is sent
    due_at = models.DateTimeField(null=True, blank=True)  # when it is to be sent, or tried again
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = DailySummaryQuerySet.as_manager()

    class Meta:
        ordering = ["-day", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "day"], name="daily_summary_once"),
            models.CheckConstraint(
                condition=Q(due_at=None) | (Q(sent_at=None) & ~Q(text="")), name="daily_summary_due_has_a_text"
            ),
        ]
        indexes = [models.Index(fields=["due_at", "id"], name="daily_summary_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.day}"

    def claim(self, now: datetime, lease: timedelta) -> None:
        """It is being sent; if whoever does that dies, it is sent again with the same Message-ID."""
        self.attempts += 1
        self.due_at = now + lease

    def sent(self, now: datetime) -> None:
        self.sent_at, self.due_at, self.text = now, None, ""

    def failed(self, now: datetime) -> None:
        """Tried again after 1, 4, 16 minutes …; a day's summary is of no use on the next, and then forgotten."""
        if self.attempts >= ATTEMPTS:
            self.due_at, self.text = None, ""
        else:
            self.due_at = now + timedelta(minutes=4 ** (self.attempts - 1))
