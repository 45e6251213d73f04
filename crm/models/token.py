from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.access.permissions import VERB_CHOICES, Verb
from crm.joining import listed

PREFIX = "yard_"
USED_EVERY = timedelta(minutes=5)


def digest(secret: str) -> str:
    """What is stored of a 256-bit secret: nothing shorter can be guessed back, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: Any) -> Self:
        """A token is its owner's alone, whatever the role."""
        return self.filter(user=user)

    editable_by = visible_to

    def usable(self, now: datetime) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=now, user__is_active=True)


class ApiToken(models.Model):
    """Lets another program act for a person, with some of the person's permissions and until a date."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False)  # the first characters, to recognise it by
    verbs = ArrayField(
        models.CharField(max_length=10, choices=VERB_CHOICES), verbose_name=pgettext_lazy("what a token allows", "may")
    )
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("valid until"))
    used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="token_expires_after_it_is_made"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def fresh_secret(cls) -> str:
        return PREFIX + secrets.token_urlsafe(32)

    @property
    def rights(self) -> str:
        """What it may do, in words."""
        return listed(Verb(verb).label for verb in self.verbs)

    def may(self, verb: str) -> bool:
        return verb in self.verbs

    def revoke(self, at: datetime) -> None:
        self.revoked_at = self.revoked_at or at

    def is_usable(self, now: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > now

    def used(self, at: datetime) -> bool:
        """Note the use, coarsely: a write for each request would be the most expensive part of it."""
        if self.used_at and at - self.used_at < USED_EVERY:
            return False
        self.used_at = at
        return True
