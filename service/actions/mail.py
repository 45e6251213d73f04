"""An answer on a ticket reaches the customer as a mail."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from service.models import Message, Ticket


def send_answer(*, message_id: int) -> None:
    """Mail an answer to the contact it was written to.

    Called from a delivery: when that dies after the mail left, it is sent again with the same Message-ID.
    """
    message = Message.objects.public().select_related("ticket", "contact").filter(pk=message_id).first()
    if message is None or message.contact is None or not message.contact.email:
        return
    answer(message).send()


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
