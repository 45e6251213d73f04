from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.custom_fields.searching import texts_of
from crm.models import Record
from crm.models.custom_field import custom_values_field, custom_values_index
from crm.models.indexes import for_sorting
from crm.models.record import RecordQuerySet
from crm.search.documents import Words
from customers.models import Contact, Customer
from customers.models.tag import tags_field
from service.models.queue import Queue
from service.models.sla import Priority, SlaPolicy
from service.models.state import TicketState


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
        return self.filter(next_due_at__lt=now)

    def by_urgency(self) -> Self:
        """The next ticket to take first: nearest running deadline, then priority, then age."""
        return self.order_by(F("next_due_at").asc(nulls_last=True), "-priority", "opened_at", "pk")

    def with_late_answer(self, now: datetime) -> Self:
        """The first-response deadline was missed and nobody has noted it yet."""
        return self.unresolved().filter(
            first_response_at=None, first_response_due_at__lt=now, first_response_breached_at=None
        )

    def with_late_resolution(self, now: datetime) -> Self:
        """The resolution deadline was missed while the clock ran, and nobody has noted it yet."""
        return self.open().filter(resolution_due_at__lt=now, resolution_breached_at=None)


class Ticket(Record):
    """A request or complaint, in a queue, under an SLA policy. `owner` is the agent it is assigned to."""

    kind: ClassVar[str] = "ticket"
    follows: ClassVar[tuple[str, ...]] = ("customer",)
    follows_beside: ClassVar[tuple[str, ...]] = ("customer",)

    class Type(models.TextChoices):
        QUESTION = "question", pgettext_lazy("ticket", "question")
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
    # The targets that applied, so that a later change of the policy does not rewrite what was promised.
    first_response_target = models.DurationField(null=True, blank=True, editable=False)
    resolution_target = models.DurationField(null=True, blank=True, editable=False)
    # The nearest deadline whose clock runs; null while none does. What the queue is ordered by.
    next_due_at = models.DateTimeField(_("next deadline"), null=True, blank=True, editable=False)
    first_response_breached_at = models.DateTimeField(null=True, blank=True, editable=False)
    resolution_breached_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Since when the customer waits for an answer: their oldest message nobody has replied to.
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True, editable=False)
    tags = tags_field()
    custom = custom_values_field()

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["-opened_at", "-id"]
        indexes = [
            *for_sorting("ticket", "priority", sometimes=("waiting_since", "resolved_at")),
            models.Index(fields=["-opened_at", "-id"], name="ticket_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["-updated_at", "-id"], name="ticket_changed", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-updated_at", "-id"], name="ticket_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-updated_at", "-id"], name="ticket_team", condition=Q(deleted_at=None)),
            models.Index(fields=["customer", "-opened_at"], name="ticket_customer", condition=Q(deleted_at=None)),
            models.Index(fields=["next_due_at", "id"], name="ticket_next_due", condition=Q(deleted_at=None)),
            GinIndex(fields=["tags"], name="ticket_tags", condition=Q(deleted_at=None)),
            custom_values_index("ticket_custom"),
            models.Index(
                fields=["first_response_due_at"],
                name="ticket_answer_due",
                condition=Q(deleted_at=None, first_response_at=None, first_response_breached_at=None),
            ),
            models.Index(
                fields=["resolution_due_at"],
                name="ticket_resolution_due",
                condition=Q(deleted_at=None, resolved_at=None, resolution_breached_at=None),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(resolved_at__isnull=False), name="ticket_closed_only_when_resolved"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"

    @property
    def is_open(self) -> bool:
        return self.state.category == TicketState.Category.OPEN

    @property
    def is_new(self) -> bool:
        """In the state where tickets begin: nobody has dealt with it."""
        return self.is_open and self.state.is_default

    @property
    def is_paused(self) -> bool:
        return self.state.category == TicketState.Category.PAUSED

    @property
    def is_resolved(self) -> bool:
        return self.state.category == TicketState.Category.RESOLVED

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    def running_deadlines(self) -> dict[str, datetime]:
        """The deadlines whose clocks run now, by the name of the clock."""
        due = {}
        if not self.is_resolved and self.first_response_at is None and self.first_response_due_at:
            due["first_response"] = self.first_response_due_at
        if self.is_open and self.resolution_due_at:
            due["resolution"] = self.resolution_due_at
        return due

    def clean(self) -> None:
        self.subject = " ".join(self.subject.split())

    def words(self) -> Words:
        """What finds the ticket: its number, its subject, who asked."""
        contact, customer = self.contact, self.customer
        asked = [contact.name if contact else "", customer.name if customer else ""]
        return Words(
            title=f"{self.number} {self.subject}",
            subtitle=customer.name if customer else (contact.name if contact else ""),
            texts=[self.number, self.subject, *asked, *texts_of(self)],
            emails=[contact.email] if contact and contact.email else [],
            reached_by="contact",
        )
