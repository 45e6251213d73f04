from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import failure


class Event(models.Model):
    """Something that happened, written in the transaction that made it happen; never changed afterwards.

    The same rows are the timeline, the audit trail, and what subscribers (mail, surveys, webhooks) react to.
    """

    type = models.CharField(_("type"), max_length=80)  # "ticket.resolved"
    subject_kind = models.CharField(_("kind of record"), max_length=40)
    subject_id = models.BigIntegerField(_("record"))
    subject_label = models.CharField(_("called"), max_length=200, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"))
    data = models.JSONField(_("data"), default=dict, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "-at", "-id"], name="event_subject"),
            models.Index(fields=["type", "-at", "-id"], name="event_type"),
            models.Index(fields=["-at", "-id"], name="event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_label}"


class EventLink(models.Model):
    """Puts an event on the timeline of a record it is about: the customer of a ticket, say."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="links")
    kind = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "kind", "object_id"], name="event_linked_once"),
        ]
        indexes = [models.Index(fields=["kind", "object_id", "-at", "-event"], name="event_link_timeline")]


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, now: datetime) -> DeliveryQuerySet:
        return self.filter(state=Delivery.State.PENDING, due_at__lte=now)

    def dead(self) -> DeliveryQuerySet:
        return self.filter(state=Delivery.State.DEAD)


class Delivery(models.Model):
    """That one subscriber is to be told of one event. Done in the transaction of the subscriber's own writes."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        DONE = "done", _("done")
        DEAD = "dead", _("given up")

    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries", verbose_name=_("event"))
    subscriber = models.CharField(_("subscriber"), max_length=100)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    error = models.TextField(_("last error"), blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["event", "subscriber"], name="delivery_once_per_subscriber"),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | (~Q(state="done") & Q(done_at__isnull=True)),
                name="delivery_done_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="delivery_due", condition=Q(state="pending")),
            models.Index(fields=["-id"], name="delivery_dead", condition=Q(state="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} ← {self.event_id}"

    def finish(self, at: datetime) -> None:
        self.state, self.done_at, self.error = self.State.DONE, at, ""

    def put_off(self, error: str, due_at: datetime, limit: int) -> None:
        """After a failure: again at `due_at`, or given up after `limit` attempts."""
        self.attempts += 1
        self.error = failure.kept(error)
        self.due_at = due_at
        if self.attempts >= limit:
            self.state = self.State.DEAD
