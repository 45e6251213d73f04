"""What is said on a ticket: to the customer, by the customer, and among ourselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from crm.actions import mentions
from crm.actions.notifications import notify
from crm.models import User
from customers.models import Contact
from service.actions import history, states
from service.actions.breaches import note_late
from service.models import Message, Ticket, TicketEvent, TicketState

Direction = Message.Direction
Type = TicketEvent.Type


TWICE = timedelta(seconds=10)  # between a click and its double, on a slow line


class NewerMessage(Exception):
    """Somebody wrote while the answer was being typed: `messages` are those its author has not seen."""

    def __init__(self, ticket: Ticket, messages: list[Message]) -> None:
        self.ticket, self.messages = ticket, messages
        super().__init__(f"{len(messages)} messages of {ticket.number} were not seen")


@transaction.atomic
def reply(
    *,
    ticket: Ticket,
    body: str,
    by: User | None,
    at: datetime,
    seen: int | None = None,
    state: TicketState | None = None,
    automatic: bool = False,
) -> Message:
    """Answer the customer. The first answer by a person sets `first_response_at`; the ticket is not new any more.

    `seen` is the newest message its author had read; a newer one refuses the answer with NewerMessage. `state`
    is entered in the same breath, after the answer has counted. An unassigned ticket becomes the answerer's.
    """
    locked = history.lock(ticket)
    if twin := said_already(locked, Direction.OUTBOUND, body, by, at):
        return twin
    refuse_unseen(locked, seen)
    message = _say(locked, Direction.OUTBOUND, body, author=by, contact=locked.contact, at=at, automatic=automatic)
    if by is not None and not automatic:
        note_late(locked, at)
        locked.first_response_at = locked.first_response_at or at
        locked.waiting_since = None
        if locked.owner_id is None:
            locked.owner, locked.team = by, locked.team or by.team
        if locked.is_new:
            locked.state = states.state_at_work()
        history.note_down(locked, Type.ANSWERED, by=by, at=at, data={"message": message.pk})
        history.store(locked, at=at)
        history.tell(locked, "answered", by=by, at=at, data={"message": message.pk})
    if state is not None:
        states.enter(locked, state, by=by, at=at)
    return message


@transaction.atomic
def note(*, ticket: Ticket, body: str, by: User, at: datetime) -> Message:
    """Write something only colleagues see. It moves no clock."""
    locked = history.lock(ticket)
    if twin := said_already(locked, Direction.NOTE, body, by, at):
        return twin
    message = _say(locked, Direction.NOTE, body, author=by, contact=None, at=at)
    history.note_down(locked, Type.NOTED, by=by, at=at, data={"message": message.pk})
    history.store(locked, at=at)
    history.tell(locked, "noted", by=by, at=at, data={"message": message.pk})
    place = f"{locked.get_absolute_url()}#message-{message.pk}"
    mentions.keep(message, message.body, seen=locked, url=place, by=by, at=at)
    return message


@transaction.atomic
def customer_replied(
    *,
    ticket: Ticket,
    body: str,
    at: datetime,
    contact: Contact | None = None,
    by: User | None = None,
    automatic: bool = False,
) -> Message:
    """The customer wrote, or said something that `by` wrote down: a paused ticket goes on, a resolved one reopens.

    An automatic receipt (an out-of-office note) is kept, and changes nothing.
    """
    locked = history.lock(ticket)
    if twin := said_already(locked, Direction.INBOUND, body, by, at):
        return twin
    message = _say(
        locked, Direction.INBOUND, body, author=by, contact=contact or locked.contact, at=at, automatic=automatic
    )
    if automatic:
        return message
    locked.waiting_since = locked.waiting_since or at
    history.note_down(locked, Type.WRITTEN, by=by, at=at, data={"message": message.pk})
    history.store(locked, at=at)
    history.tell(locked, "written", by=by, at=at, data={"message": message.pk})
    if not locked.is_open:
        states.enter(locked, states.state_at_work(), by=by, at=at)
    if locked.owner is not None and locked.owner != by:
        notify(
            locked.owner,
            gettext_noop("The customer wrote on ticket %(number)s: %(subject)s"),
            values={"number": locked.number, "subject": locked.subject},
            url=locked.get_absolute_url(),
            key=f"ticket-message-{message.pk}",
            at=at,
        )
    return message


def said_already(ticket: Ticket, direction: str, body: str, by: User | None, at: datetime) -> Message | None:
    """The same words of the same person a moment ago: a form that was sent twice is one message."""
    if by is None:
        return None
    twins = ticket.messages.filter(direction=direction, author=by, body=body.strip(), at__gt=at - TWICE)
    return twins.order_by("pk").last()


def refuse_unseen(ticket: Ticket, seen: int | None) -> None:
    """Two people never answer unknowingly: what was written since `seen` is shown first."""
    if seen is None:
        return
    newer = ticket.messages.after(seen)
    if newer.exists():
        raise NewerMessage(ticket, list(newer.select_related("author", "contact")))


def _say(
    ticket: Ticket,
    direction: str,
    body: str,
    *,
    author: User | None,
    contact: Contact | None,
    at: datetime,
    automatic: bool = False,
) -> Message:
    text = body.strip()
    if not text:
        raise ValidationError({"body": _("Write something first.")})
    return Message.objects.create(
        ticket=ticket, direction=direction, author=author, contact=contact, body=text, at=at, is_automatic=automatic
    )
