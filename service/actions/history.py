"""What every write to a ticket shares: the lock, the line in its history, the event, the version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm import events
from crm.models import User
from service.actions import clock
from service.models import Ticket, TicketEvent


def lock(ticket: Ticket) -> Ticket:
    """The ticket as it stands now; whoever else wants to change it waits."""
    related = ("state", "owner", "sla_policy__calendar", "customer", "contact")
    return Ticket.objects.select_for_update(of=("self",)).select_related(*related).get(pk=ticket.pk)


def note_down(
    ticket: Ticket, type: TicketEvent.Type, *, by: User | None, at: datetime, data: dict[str, Any] | None = None
) -> TicketEvent:
    """Add a line to the history with what is true of the ticket now."""
    return TicketEvent.objects.create(
        ticket=ticket,
        type=type,
        at=at,
        recorded_at=at,
        by=by,
        state=ticket.state,
        category=ticket.state.category,
        queue_id=ticket.queue_id,
        owner_id=ticket.owner_id,
        team_id=ticket.team_id,
        priority=ticket.priority,
        elapsed=clock.elapsed(ticket, at),
        data=data or {},
    )


def store(ticket: Ticket, *, at: datetime, deadlines: bool = False) -> None:
    """Save a changed ticket; with `deadlines`, after computing them anew from the history."""
    if deadlines:
        clock.set_deadlines(ticket)
    else:
        clock.set_next(ticket)
    ticket.version += 1
    ticket.updated_at = at
    ticket.save()


def tell(
    ticket: Ticket,
    what: str,
    *,
    by: User | None,
    at: datetime,
    data: dict[str, Any] | None = None,
    refresh_search: bool = True,
) -> None:
    """Record "ticket.<what>" on the timelines of the ticket, its customer and its contact."""
    about = [ticket.customer, ticket.contact]
    events.record(f"ticket.{what}", ticket, by=by, at=at, data=data, about=about, refresh_search=refresh_search)
