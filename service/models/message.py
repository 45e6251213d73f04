from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.models import User
from customers.models import Contact
from customers.models.writing import Refusal
from service.models.ticket import Ticket


class MessageQuerySet(models.QuerySet["Message"]):
    def public(self) -> Self:
        """What the customer has seen."""
        return self.exclude(direction=Message.Direction.NOTE)

    def after(self, message_id: int) -> Self:
        """What was written since somebody last looked."""
        return self.filter(pk__gt=message_id)


class Message(models.Model):
    """What was said about a ticket: by the customer, to the customer, or among ourselves."""

    kind: ClassVar[str] = "message"

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
    # Why the mail with it did not go out, as customers.models.writing says it.
    unsent = models.CharField(
        _("why not sent"), max_length=20, choices=Refusal.choices, blank=True, default="", db_default="", editable=False
    )
    is_automatic = models.BooleanField(default=False)  # an automatic receipt is no first response

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["ticket", "at", "id"], name="message_conversation")]

    def __str__(self) -> str:
        return self.body[:80]
