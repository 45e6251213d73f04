from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, Value
from django.utils.translation import gettext_lazy as _

from customers.sales.models.lead import Lead
from customers.sales.models.lead_source import LeadSource


class ReceivedLeadQuerySet(models.QuerySet["ReceivedLead"]):
    def waiting(self) -> Self:
        return self.filter(state=ReceivedLead.State.WAITING)

    def failed(self) -> Self:
        return self.filter(state=ReceivedLead.State.FAILED)

    def over(self, now: datetime) -> Self:
        """Of which nothing but the lead is to be left."""
        kept = ExpressionWrapper(F("source__keep_days") * Value(timedelta(days=1)), DurationField())
        until = ExpressionWrapper(F("fetched_at") + kept, DateTimeField())
        return self.exclude(raw={}).alias(until=until).filter(until__lte=now)


class ReceivedLead(models.Model):
    """A lead as it came from elsewhere, stored before anybody looks at it; its number there makes it come once."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        MADE = "made", _("became a lead")
        FAILED = "failed", _("could not become a lead")
        IGNORED = "ignored", _("left out")

    source = models.ForeignKey(LeadSource, models.PROTECT, related_name="received", verbose_name=_("lead source"))
    remote_id = models.CharField(_("number there"), max_length=80)
    raw = models.JSONField(default=dict, blank=True)
    sent_at = models.DateTimeField(_("sent"))
    fetched_at = models.DateTimeField(_("fetched"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    reason = models.TextField(_("reason"), blank=True)  # an English message id, or what a field had to say
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("lead"))

    objects = ReceivedLeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("fetched lead")
        verbose_name_plural = _("fetched leads")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "remote_id"], name="received_lead_once"),
            models.CheckConstraint(
                condition=Q(state="made") | Q(lead=None), name="received_lead_became_the_lead_it_names"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="received_lead_open", condition=Q(state="waiting")),
            models.Index(fields=["-id"], name="received_lead_bad", condition=Q(state="failed")),
            models.Index(fields=["fetched_at"], name="received_lead_whole", condition=~Q(raw={})),
        ]

    def __str__(self) -> str:
        return self.remote_id

    def conclude(self, state: str, *, reason: str = "", lead: Any = None) -> None:
        self.state, self.reason, self.lead = state, reason[:1000], lead
