from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.models import Team, User
from service.models.queue import Queue
from service.models.sla import Priority
from service.models.state import TicketState
from service.models.ticket import Ticket


class TicketEvent(models.Model):
    """One change of a ticket and what was true then. Rows are only ever added; the KPIs are read off them.

    A trigger of the database refuses every change, and every deletion outside an announced purge.
    """

    class Type(models.TextChoices):
        OPENED = "opened", _("opened")
        ASSIGNED = "assigned", _("assigned")
        MOVED = "moved", _("moved to another queue")
        ANSWERED = "answered", _("answered")
        WRITTEN = "written", _("the customer wrote")
        NOTED = "noted", _("internal note")
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("resumed")
        RESOLVED = "resolved", _("resolved")
        REOPENED = "reopened", _("reopened")
        CLOSED = "closed", _("closed")
        PRIORITISED = "prioritised", _("priority changed")
        CHANGED = "changed", _("changed")
        BREACHED = "breached", _("deadline missed")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="events")
    type = models.CharField(max_length=12, choices=Type.choices)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    state = models.ForeignKey(TicketState, models.PROTECT, related_name="ticket_events")
    category = models.CharField(max_length=8, choices=TicketState.Category.choices)
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="+")
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    priority = models.PositiveSmallIntegerField(choices=Priority.choices)
    # Business seconds from opening, pauses taken out, as the SLA clock stood; null where there is no policy.
    elapsed = models.DurationField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["ticket", "at", "id"], name="ticket_event_history"),
            models.Index(fields=["type", "at"], name="ticket_event_type"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.type}"
