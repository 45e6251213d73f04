"""A missed deadline is noted once, and somebody is told."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from crm.actions.notifications import notify
from crm.models import User
from service.actions import history
from service.models import Ticket, TicketEvent

LATE = {
    "first_response": gettext_noop("Ticket %(number)s was not answered in time: %(subject)s"),
    "resolution": gettext_noop("Ticket %(number)s was not resolved in time: %(subject)s"),
}


def mark_due(now: datetime, limit: int = 500) -> int:
    """Note every deadline that has passed; returns how many. Safe to repeat and to run twice at once."""
    late = Ticket.objects.alive().filter(
        Q(pk__in=Ticket.objects.with_late_answer(now).values("pk"))
        | Q(pk__in=Ticket.objects.with_late_resolution(now).values("pk"))
    )
    return sum(_mark(ticket, now) for ticket in late.order_by("pk").only("pk")[:limit])


@transaction.atomic
def _mark(ticket: Ticket, now: datetime) -> int:
    locked = history.lock(ticket)
    noted = note_late(locked, now)
    if noted:
        history.store(locked, at=now)
    return noted


def note_late(ticket: Ticket, now: datetime) -> int:
    """Note the running deadlines of a locked ticket that lie before `now` and were not noted; the caller saves.

    Also called before an answer, a pause or a resolution stops a clock between two runs of the job.
    """
    noted = 0
    for which, due in ticket.running_deadlines().items():
        if due < now and getattr(ticket, f"{which}_breached_at") is None:
            setattr(ticket, f"{which}_breached_at", now)
            _tell(ticket, which, due, now)
            noted += 1
    return noted


def _tell(ticket: Ticket, which: str, due: datetime, now: datetime) -> None:
    data = {"clock": which, "due": due.isoformat()}
    history.note_down(ticket, TicketEvent.Type.BREACHED, by=None, at=now, data=data)
    # No word of it changes; and where an answer is late, what tells of the answer comes right after.
    history.tell(ticket, "sla_breached", by=None, at=now, data=data, refresh_search=False)
    receiver = ticket.owner or manager_of(ticket)
    if receiver is not None:
        notify(
            receiver,
            LATE[which],
            values={"number": ticket.number, "subject": ticket.subject},
            url=ticket.get_absolute_url(),
            key=f"ticket-late-{which}-{ticket.pk}",
            at=now,
        )


def manager_of(ticket: Ticket) -> User | None:
    """Who answers for the ticket when nobody has it: the manager of its team, or of the queue's."""
    for team in (ticket.team, ticket.queue.team):
        if team is not None and team.manager is not None:
            return team.manager
    return None
