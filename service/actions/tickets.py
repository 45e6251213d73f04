"""Everything that can be done with a ticket. What is said and how states change live beside it, named here too."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from crm.actions import journal, records
from crm.actions.notifications import notify
from crm.models import User
from customers.models import Contact, Customer
from service.actions import clock, history, states
from service.actions.conversation import NewerMessage, customer_replied, note, reply
from service.actions.importing import import_history, open_imported
from service.actions.states import change_state, close, pause, reopen, resolve, resume, unresolve
from service.models import Message, Priority, Queue, Ticket, TicketEvent, TicketState

__all__ = [
    "NewerMessage",
    "assign",
    "change",
    "change_state",
    "close",
    "customer_replied",
    "delete",
    "import_history",
    "move",
    "next_number",
    "note",
    "open",
    "open_imported",
    "pause",
    "prioritise",
    "release",
    "reopen",
    "reply",
    "resolve",
    "restore",
    "resume",
    "take",
    "unresolve",
]

Type = TicketEvent.Type


def next_number() -> str:
    """From a sequence: two tickets opened at once never get the same one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('service_ticket_number')")
        return f"T-{cursor.fetchone()[0]}"


@transaction.atomic
def open(
    *,
    subject: str,
    by: User | None,
    at: datetime,
    body: str = "",
    queue: Queue | None = None,
    customer: Customer | None = None,
    contact: Contact | None = None,
    owner: User | None = None,
    type: str = Ticket.Type.QUESTION,
    source: str = Ticket.Source.PHONE,
    priority: int = Priority.NORMAL,
    category: str = "",
    direction: str = Message.Direction.INBOUND,
    number: str | None = None,
    custom: dict[str, Any] | None = None,
) -> Ticket:
    """A customer asks something: it gets a number, a queue and its deadlines.

    With `direction` outbound we wrote first: then no first answer is owed.
    """
    queue = queue or default_queue()
    ticket = Ticket(
        number=number or next_number(),
        subject=subject,
        customer=customer or _customer_of(contact),
        contact=contact,
        queue=queue,
        owner=owner,
        team=queue.team or (owner.team if owner else None) or (by.team if by else None),
        type=type,
        source=source,
        priority=priority,
        category=category,
        state=states.default_state(TicketState.Category.OPEN),
        opened_at=at,
        custom=custom or {},
    )
    clock.apply_policy(ticket)
    if direction == Message.Direction.OUTBOUND:
        ticket.first_response_target = None
    else:
        ticket.waiting_since = at
    clock.set_deadlines(ticket, pauses=[])
    records.create(ticket, by=by, at=at, about=[ticket.customer, contact])
    if body.strip():
        author = by if direction == Message.Direction.OUTBOUND else None
        Message.objects.create(
            ticket=ticket, direction=direction, author=author, contact=contact, body=body.strip(), at=at
        )
    history.note_down(ticket, Type.OPENED, by=by, at=at, data={"direction": direction})
    _tell_owner(ticket, by=by, at=at)
    return ticket


@transaction.atomic
def assign(*, ticket: Ticket, owner: User | None, by: User | None, at: datetime) -> Ticket:
    """Give the ticket to somebody, or to nobody. It stays with its team, if it has one."""
    locked = history.lock(ticket)
    if locked.owner_id == (owner.pk if owner else None):
        return locked
    if owner is not None and not owner.is_active:
        raise ValidationError({"owner": _("This person no longer works here.")})
    before, was = locked.owner, journal.columns_of(locked)
    locked.owner = owner
    journal.note(locked, was, ["owner"])
    if owner is not None:
        locked.team = locked.team or owner.team
    history.note_down(locked, Type.ASSIGNED, by=by, at=at)
    history.store(locked, at=at)
    diff = {"owner": [records.as_json(before), records.as_json(owner)]}
    history.tell(locked, "assigned", by=by, at=at, data=diff)
    _tell_owner(locked, by=by, at=at)
    return locked


@transaction.atomic
def take(*, ticket: Ticket, by: User, at: datetime) -> Ticket:
    _at_work(ticket, besides=by)
    return assign(ticket=ticket, owner=by, by=by, at=at)


@transaction.atomic
def release(*, ticket: Ticket, by: User, at: datetime) -> Ticket:
    """Put the ticket back, so that somebody else can take it."""
    _at_work(ticket, besides=None)
    return assign(ticket=ticket, owner=None, by=by, at=at)


def _at_work(ticket: Ticket, *, besides: User | None) -> None:
    """What is resolved stays with whoever had it, until a manager assigns it: there is nothing left to take."""
    locked = history.lock(ticket)
    if locked.is_resolved and locked.owner != besides:
        raise ValidationError(_("This ticket is resolved. Reopen it first if there is more to do."))


@transaction.atomic
def move(*, ticket: Ticket, queue: Queue, by: User | None, at: datetime) -> Ticket:
    """Put the ticket into another queue: it belongs to that queue's team and is promised what that queue promises.

    Whoever had it keeps it only when they are of that team.
    """
    locked = history.lock(ticket)
    if locked.queue_id == queue.pk:
        return locked
    before = locked.queue
    locked.queue = queue
    if queue.team is not None:
        locked.team = queue.team
        if locked.owner is not None and locked.owner.team_id != queue.team_id:
            locked.owner = None
    clock.promise_again(locked)
    history.note_down(locked, Type.MOVED, by=by, at=at)
    history.store(locked, at=at, deadlines=True)
    diff = {"queue": [records.as_json(before), records.as_json(queue)]}
    history.tell(locked, "moved", by=by, at=at, data=diff)
    return locked


@transaction.atomic
def prioritise(*, ticket: Ticket, priority: int, by: User | None, at: datetime) -> Ticket:
    """Change the priority: the deadlines of the new one, counted from the opening, so that no waiting is lost."""
    locked = history.lock(ticket)
    if locked.priority == priority:
        return locked
    if priority not in Priority.values:
        raise ValidationError({"priority": _("There is no such priority.")})
    before, was = locked.priority, journal.columns_of(locked)
    locked.priority = priority
    journal.note(locked, was, ["priority"])
    clock.promise_again(locked)
    history.note_down(locked, Type.PRIORITISED, by=by, at=at, data={"priority": [before, priority]})
    history.store(locked, at=at, deadlines=True)
    history.tell(locked, "prioritised", by=by, at=at, data={"priority": [before, priority]})
    return locked


@transaction.atomic
def change(
    *,
    ticket: Ticket,
    changes: dict[str, Any],
    by: User,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Ticket:
    """Correct what the ticket says: subject, customer, contact, type, category, and the custom fields by code."""
    refused = set(changes) - {"subject", "customer", "contact", "type", "source", "category", "custom"}
    if refused:
        raise ValueError(f"Not to be changed like this: {', '.join(sorted(refused))}.")
    about = [changes.get("customer", ticket.customer), changes.get("contact", ticket.contact)]
    changed = records.update(ticket, changes, by=by, at=at, version=version, base=base, about=about)
    if changed.version != ticket.version:
        history.note_down(changed, Type.CHANGED, by=by, at=at, data={"fields": sorted(changes)})
    return changed


def delete(*, ticket: Ticket, by: User, at: datetime) -> Ticket:
    return records.delete(ticket, by=by, at=at, about=[ticket.customer, ticket.contact])


def restore(*, ticket: Ticket, by: User, at: datetime) -> Ticket:
    return records.restore(ticket, by=by, at=at, about=[ticket.customer, ticket.contact])


def default_queue() -> Queue:
    queue = Queue.objects.filter(is_active=True).order_by("pk").first()
    if queue is None:
        raise ValidationError({"queue": _("There is no queue: an administrator can add one.")})
    return queue


def _customer_of(contact: Contact | None) -> Customer | None:
    """The customer a contact speaks for first of all."""
    link = contact.customer_links.filter(ended_on=None).select_related("customer").first() if contact else None
    return link.customer if link else None


def _tell_owner(ticket: Ticket, *, by: User | None, at: datetime) -> None:
    if ticket.owner is None or ticket.owner == by:
        return
    notify(
        ticket.owner,
        gettext_noop("Ticket %(number)s is yours now: %(subject)s"),
        values={"number": ticket.number, "subject": ticket.subject},
        url=ticket.get_absolute_url(),
        key=f"ticket-assigned-{ticket.pk}-{ticket.version}",
        at=at,
    )
