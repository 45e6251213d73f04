"""An answer on a ticket reaches the customer as a mail."""

from __future__ import annotations

from datetime import datetime
from smtplib import SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from customers.actions import contact_points
from customers.actions.contact_points import is_for_good
from customers.models import Purpose
from customers.models.writing import Refusal, may_write_to
from service.models import Message, Ticket


def send_answer(*, message_id: int, at: datetime) -> None:
    """Mail an answer to the contact it was written to; where it cannot arrive, the message says why.

    Called from a delivery: when that dies after the mail left, it is sent again with the same Message-ID.
    """
    message = Message.objects.public().select_related("ticket", "contact").filter(pk=message_id).first()
    if message is None or message.contact is None:
        return
    verdict = may_write_to(message.contact, Purpose.SERVICE, customer=message.ticket.customer)
    if not verdict:
        _keep(message, verdict.reason)
        return
    try:
        answer(message).send()
    except SMTPRecipientsRefused as refused:
        if not is_for_good(refused):
            raise
        contact_points.mark_invalid(message.contact.email, by=None, at=at)
        _keep(message, Refusal.INVALID)


def _keep(message: Message, reason: str) -> None:
    """Whoever reads the ticket sees that the customer never got it."""
    Message.objects.filter(pk=message.pk).update(unsent=reason)


def answer(message: Message) -> EmailMessage:
    """The mail of an answer, the same each time it is made; it continues the thread of the answers before it."""
    ticket = message.ticket
    earlier = ticket.messages.filter(direction=Message.Direction.OUTBOUND, pk__lt=message.pk).order_by("pk")
    references = [name_of(ticket, pk) for pk in earlier.values_list("pk", flat=True)]
    headers = {"Message-ID": name_of(ticket, message.pk)}
    if references:
        headers |= {"In-Reply-To": references[-1], "References": " ".join(references[-10:])}
    return EmailMessage(
        subject=" ".join(f"[{ticket.number}] {ticket.subject}".split()),
        body=message.body,
        to=[message.contact.email] if message.contact else [],
        headers=headers,
    )


def name_of(ticket: Ticket, message_id: int) -> str:
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"<ticket-{ticket.pk}-message-{message_id}@{host}>"
