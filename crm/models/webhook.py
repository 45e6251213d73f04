from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm import outgoing
from crm.access import kinds
from crm.joining import listed

ANYTHING = "*"
ATTEMPTS = 10
GIVE_UP_AFTER = timedelta(days=3)
# Events of these nouns are told to nobody outside, not even to who listens to everything; and why.
PRIVATE = {
    "settings": "What administrators configure: the audit trail of the admin site shows it to them.",
    "token": "Who made or revoked a token for a program is no other program's business.",
    "calendar_feed": "A private address of somebody's calendar was made or revoked.",
    "export": "Who took which records out is for the audit trail.",
    "tag": "A word was made; the records that bear it tell so themselves.",
    "person": "Somebody changed their own preferences.",
    "team": "Only that demonstration data was filled in.",
}


def is_private(event_type: str) -> bool:
    return event_type.partition(".")[0] in PRIVATE


def fresh_salt() -> str:
    return secrets.token_hex(16)


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def listening_to(self, event_type: str) -> WebhookQuerySet:
        noun = event_type.partition(".")[0]
        return self.filter(is_active=True, types__overlap=[event_type, f"{noun}.*", ANYTHING])


class Webhook(models.Model):
    """Another program's address that is told of events, with the eyes of one person."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    url = models.CharField(_("address"), max_length=500)
    types = ArrayField(
        models.CharField(max_length=80),
        verbose_name=_("events"),
        help_text=_("For example: opportunity.won, ticket.*, or * for everything; separated by commas."),
    )
    sees_as = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("sees as"),
        help_text=_("Only events of records that this person may see are sent."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    salt = models.CharField(max_length=32, default=fresh_salt, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    paused_until = models.DateTimeField(_("next attempt"), null=True, blank=True, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(failures=0, failing_since=None) | Q(failures__gt=0, failing_since__isnull=False),
                name="webhook_fails_since_its_first_failure",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            outgoing.checked(self.url)
        except outgoing.Unreachable as error:
            raise ValidationError({"url": str(error)}) from None
        self.types = sorted({given.strip() for given in self.types or []})
        known = {kind.code for kind in kinds.all_kinds()} - set(PRIVATE)
        wrong = [given for given in self.types if given != ANYTHING and given.partition(".")[0] not in known]
        wrong += [given for given in self.types if given != ANYTHING and not given.partition(".")[2]]
        if wrong:
            raise ValidationError({"types": _("There are no events %(types)s.") % {"types": listed(wrong)}})

    @property
    def secret(self) -> bytes:
        """Made of the installation's key each time, so that it is stored nowhere."""
        key = hashlib.sha256(b"crm.webhook:" + settings.SECRET_KEY.encode()).digest()
        return hmac.digest(key, f"{self.pk}:{self.salt}".encode(), "sha256")

    @property
    def shown_secret(self) -> str:
        """As libraries of the Standard Webhooks convention take it."""
        return "whsec_" + base64.b64encode(self.secret).decode()

    def signature(self, message_id: str, at: datetime, body: bytes) -> str:
        """Of the convention Standard Webhooks: "v1," and the HMAC of id, time and body."""
        signed = f"{message_id}.{int(at.timestamp())}.".encode() + body
        return "v1," + base64.b64encode(hmac.digest(self.secret, signed, "sha256")).decode()

    def worked(self) -> None:
        self.failing_since = self.paused_until = None
        self.failures = 0

    def failed(self, at: datetime, pause: timedelta) -> None:
        """Nothing is sent there until the pause is over; what has failed for days is sent nothing any more."""
        self.failing_since = self.failing_since or at
        self.failures += 1
        self.paused_until = at + pause
        if at - self.failing_since >= GIVE_UP_AFTER:
            self.is_active = False


class WebhookCallQuerySet(models.QuerySet["WebhookCall"]):
    def due(self, now: datetime) -> WebhookCallQuerySet:
        ready = Q(webhook__paused_until=None) | Q(webhook__paused_until__lte=now)
        return self.filter(ready, state=WebhookCall.State.PENDING, due_at__lte=now, webhook__is_active=True)

    def finished_before(self, moment: datetime) -> WebhookCallQuerySet:
        return self.exclude(state=WebhookCall.State.PENDING).filter(due_at__lt=moment)


class WebhookCall(models.Model):
    """That one webhook is to be told of one event, and what came of it."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        DONE = "done", _("done")
        HIDDEN = "hidden", _("not visible to them")
        DEAD = "dead", _("given up")

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="calls", verbose_name=_("webhook"))
    event = models.ForeignKey("crm.Event", models.CASCADE, related_name="+", verbose_name=_("event"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"))
    called_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    answer = models.TextField(_("answer"), blank=True)
    milliseconds = models.PositiveIntegerField(_("took"), null=True, blank=True)

    objects = WebhookCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook call")
        verbose_name_plural = _("webhook calls")
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event"], name="webhook_told_once"),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="webhook_call_due", condition=Q(state="pending")),
            models.Index(fields=["due_at"], name="webhook_call_old", condition=~Q(state="pending")),
        ]

    def __str__(self) -> str:
        return f"{self.webhook} ← {self.event_id}"

    def answered(self, at: datetime, *, status: int | None, text: str, seconds: float | None) -> None:
        self.called_at, self.status, self.answer = at, status, text
        self.milliseconds = round(seconds * 1000) if seconds is not None else None
        self.attempts += 1
