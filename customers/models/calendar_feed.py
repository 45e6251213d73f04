from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.models.token import digest

USED_EVERY = timedelta(minutes=5)


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def visible_to(self, user: Any) -> Self:
        """A link is its owner's alone, whatever the role."""
        return self.filter(user=user)

    def with_secret(self, secret: str) -> Self:
        """The one that is in force; of somebody who no longer works here there is none."""
        return self.filter(digest=digest(secret), revoked_at=None, user__is_active=True)


class CalendarFeed(models.Model):
    """A secret address under which a calendar program reads one person's plans. Only its hash is kept."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(_("made"))
    used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")

    def __str__(self) -> str:
        return str(self.user)

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None

    @staticmethod
    def fresh_secret() -> str:
        return secrets.token_urlsafe(32)

    def used(self, at: datetime) -> bool:
        """Note the use, coarsely; whether there is something to write."""
        if self.used_at and at - self.used_at < USED_EVERY:
            return False
        self.used_at = at
        return True
