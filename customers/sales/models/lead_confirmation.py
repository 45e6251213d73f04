from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

from customers.sales.models.lead import Lead
from customers.sales.models.lead_form import LeadForm

LEASE = timedelta(minutes=5)
ATTEMPTS = 8
MAILS = 3  # for one address and form until it is confirmed: whoever fills in a form for others cannot flood them


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class LeadConfirmationQuerySet(models.QuerySet["LeadConfirmation"]):
    def open(self, now: datetime) -> Self:
        return self.filter(confirmed_at=None, expires_at__gt=now)

    def over(self, now: datetime) -> Self:
        """What nobody confirmed in time, and what was confirmed and may be forgotten."""
        return self.filter(expires_at__lte=now)

    def due(self, now: datetime) -> Self:
        return self.open(now).filter(due_at__lte=now)

    def with_token(self, token: str) -> Self:
        return self.filter(token_hash=hash_of(token))


class LeadConfirmation(models.Model):
    """What somebody sent with a form and has not confirmed yet: no lead, and nowhere to be seen until then."""

    form = models.ForeignKey(LeadForm, models.CASCADE, related_name="confirmations")
    email = models.EmailField()
    values = models.JSONField(default=dict)
    language = models.CharField(max_length=10)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # The token of the link is derived from the nonce and the installation's secret; only its hash is stored.
    nonce = models.CharField(max_length=60)
    token_hash = models.CharField(max_length=64, unique=True)
    confirmed_at = models.DateTimeField(null=True)
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, related_name="+")
    # The outbox of its mail.
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    mails = models.PositiveSmallIntegerField(default=0)

    objects = LeadConfirmationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["form", "email"], condition=Q(confirmed_at=None), name="lead_confirmation_waits_once"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, lead=None) | Q(confirmed_at__isnull=False, values={}, due_at=None),
                name="lead_confirmation_keeps_no_values",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="lead_confirmation_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["expires_at"], name="lead_confirmation_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.form_id}/{self.pk}"

    def draw(self) -> None:
        self.nonce = secrets.token_urlsafe(32)
        self.token_hash = hash_of(self.token)

    @property
    def token(self) -> str:
        """256 bits, the same each time it is asked for."""
        digest = salted_hmac("sales.lead-confirmation", self.nonce, algorithm="sha256").digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def claim(self, now: datetime) -> None:
        """It is being sent: nobody else tries until the lease is over."""
        self.attempts += 1
        self.due_at = now + LEASE

    def sent(self) -> None:
        self.due_at, self.attempts = None, 0
        self.mails += 1

    def failed(self, now: datetime, *, for_good: bool) -> None:
        given_up = for_good or self.attempts >= ATTEMPTS
        self.due_at = None if given_up else now + timedelta(minutes=4 ** (self.attempts - 1))
