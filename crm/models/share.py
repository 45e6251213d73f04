"""One record that somebody may read, or read and edit, although their role alone would not let them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from crm.models.attachment import AboutQuerySet


class ShareQuerySet(AboutQuerySet):
    def running(self, now: datetime | Now) -> Self:
        return self.filter(Q(until=None) | Q(until__gt=now))


class Share(models.Model):
    """The kinds that can be shared are those of `access.together`; what it opens is in `access.querysets`."""

    about_kind = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    may_edit = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)  # from then on no longer; none: until it is taken back

    MOMENT: ClassVar[timedelta] = timedelta(seconds=1)  # it ends before the day after its last one

    objects = ShareQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "about_kind", "about_id"], name="share_once"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=models.F("at")), name="share_ends_later"),
        ]
        indexes = [models.Index(fields=["about_kind", "about_id"], name="share_about")]

    def __str__(self) -> str:
        return f"{self.user}: {self.about_kind} {self.about_id}"

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds, where the reader is."""
        return timezone.localtime(self.until - self.MOMENT).date() if self.until else None
