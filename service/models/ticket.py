from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import Record, Team, User
from crm.models.record import RecordQuerySet
from customers.models import Contact, Customer
from service.models.queue import Queue
from service.models.sla import Priority, SlaPolicy


class TicketState(models.Model):
    """A state by the name an organisation gives it, in one of three categories the clocks understand."""

    class Category(models.TextChoices):
        OPEN = "open", _("open")
        PAUSED = "paused", _("paused")  # waiting for the customer: the resolution clock stands still
        RESOLVED = "resolved", _("resolved")

    name = models.CharField(_("name"), max_length=60, unique=True)
    category = models.CharField(_("category"), max_length=8, choices=Category.choices)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_default = models.BooleanField(_("default of its category"), default=False)

    class Meta:
        verbose_name = _("ticket state")
        verbose_name_plural = _("ticket states")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["category"], condition=Q(is_default=True), name="one_default_state_per_category"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TicketQuerySet(RecordQuerySet):
    def unresolved(self) -> Self:
        return self.exclude(state__category=TicketState.Category.RESOLVED)

    def open(self) -> Self:
        return self.filter(state__category=TicketState.Category.OPEN)

    def paused(self) -> Self:
        return self.filter(state__category=TicketState.Category.PAUSED)

    def resolved(self) -> Self:
        return self.filter(state__category=TicketState.Category.RESOLVED)

    def unassigned(self) -> Self:
        return self.filter(owner__isnull=True)

    def overdue(self, now: datetime) -> Self:
        """Past a deadline that is still running."""
        late_answer = Q(first_response_at=None, first_response_due_at__lt=now)
        late_resolution = Q(state__category=TicketState.Category.OPEN, resolution_due_at__lt=now)
        return self.unresolved().filter(late_answer | late_resolution)


class Ticket(Record):
    """A request or complaint, in a queue, under an SLA policy. `owner` is the agent it is assigned to."""

    kind: ClassVar[str] = "ticket"
    follows: ClassVar[tuple[str, ...]] = ("customer",)

    class Type(models.TextChoices):
        QUESTION = "question", _("question")
        INCIDENT = "incident", _("incident")
        REQUEST = "request", _("request")
        COMPLAINT = "complaint", _("complaint")

    class Source(models.TextChoices):
        MAIL = "mail", _("mail")
        WEB = "web", _("web form")
        PHONE = "phone", _("phone")
        CHAT = "chat", _("chat")
        API = "api", _("API")
        OTHER = "other", _("other")

    number = models.CharField(_("number"), max_length=40, unique=True)
    subject = models.CharField(_("subject"), max_length=200)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("customer")
    )
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("contact")
    )
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="tickets", verbose_name=_("queue"))
    type = models.CharField(_("type"), max_length=10, choices=Type.choices, default=Type.QUESTION)
    source = models.CharField(_("source"), max_length=6, choices=Source.choices, default=Source.PHONE)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.NORMAL)
    category = models.CharField(_("category"), max_length=80, blank=True)
    state = models.ForeignKey(TicketState, models.PROTECT, related_name="tickets", verbose_name=_("state"))
    sla_policy = models.ForeignKey(
        SlaPolicy, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("SLA policy")
    )

    opened_at = models.DateTimeField(_("opened"))
    first_response_at = models.DateTimeField(_("first answered"), null=True, blank=True, editable=False)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    reopen_count = models.PositiveSmallIntegerField(_("reopened"), default=0, editable=False)
    first_response_due_at = models.DateTimeField(_("answer due"), null=True, blank=True, editable=False)
    resolution_due_at = models.DateTimeField(_("resolution due"), null=True, blank=True, editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["-opened_at", "-id"]
        indexes = [
            models.Index(fields=["-opened_at", "-id"], name="ticket_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["-updated_at", "-id"], name="ticket_changed", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-updated_at", "-id"], name="ticket_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-updated_at", "-id"], name="ticket_team", condition=Q(deleted_at=None)),
            models.Index(fields=["customer", "-opened_at"], name="ticket_customer", condition=Q(deleted_at=None)),
            models.Index(
                fields=["resolution_due_at", "id"],
                name="ticket_next_due",
                condition=Q(deleted_at=None, resolved_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"


class Message(models.Model):
    """What was said about a ticket: by the customer, to the customer, or among ourselves."""

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("from the customer")
        OUTBOUND = "outbound", _("to the customer")
        NOTE = "note", _("internal note")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages")
    direction = models.CharField(_("direction"), max_length=8, choices=Direction.choices)
    author = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="+")
    body = models.TextField(_("text"))
    at = models.DateTimeField(_("at"))
    is_automatic = models.BooleanField(default=False)  # an automatic receipt is no first response

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["ticket", "at", "id"], name="message_conversation")]

    def __str__(self) -> str:
        return self.body[:80]


class TicketEvent(models.Model):
    """One change of a ticket and what was true then. Rows are only ever added; the KPIs are read off them."""

    class Type(models.TextChoices):
        OPENED = "opened", _("opened")
        ASSIGNED = "assigned", _("assigned")
        MOVED = "moved", _("moved to another queue")
        ANSWERED = "answered", _("answered")
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("resumed")
        RESOLVED = "resolved", _("resolved")
        REOPENED = "reopened", _("reopened")
        CLOSED = "closed", _("closed")
        PRIORITISED = "prioritised", _("priority changed")
        CHANGED = "changed", _("changed")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="events")
    type = models.CharField(max_length=12, choices=Type.choices)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    state = models.ForeignKey(TicketState, models.PROTECT, related_name="+")
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
