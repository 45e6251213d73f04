"""How a ticket moves between the three categories of states."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.actions import journal
from crm.models import User
from service.actions import history
from service.actions.breaches import note_late
from service.models import Ticket, TicketEvent, TicketState

Type = TicketEvent.Type
Category = TicketState.Category


def default_state(category: str) -> TicketState:
    """The state a ticket enters when only the category is known."""
    state = TicketState.objects.filter(category=category).order_by("-is_default", "position", "pk").first()
    if state is None:
        raise ValidationError(_("There is no ticket state of this category: an administrator can add one."))
    return state


def state_at_work() -> TicketState:
    """Where an open ticket goes on that somebody has dealt with: the first open state that is not where they begin."""
    open_ones = TicketState.objects.filter(category=Category.OPEN, is_default=False)
    return open_ones.order_by("position", "pk").first() or default_state(Category.OPEN)


@transaction.atomic
def change_state(*, ticket: Ticket, state: TicketState, by: User | None, at: datetime) -> Ticket:
    """Enter a state, with everything its category means for the clocks."""
    return enter(history.lock(ticket), state, by=by, at=at)


@transaction.atomic
def pause(*, ticket: Ticket, by: User | None, at: datetime) -> Ticket:
    """Wait for the customer: the resolution clock stands still."""
    return _into(ticket, Category.PAUSED, unless="is_paused", by=by, at=at)


@transaction.atomic
def resume(*, ticket: Ticket, by: User | None, at: datetime) -> Ticket:
    """Go on after waiting: the resolution is due later by the business time that was waited."""
    locked = history.lock(ticket)
    return enter(locked, state_at_work(), by=by, at=at) if locked.is_paused else locked


@transaction.atomic
def resolve(*, ticket: Ticket, by: User | None, at: datetime) -> Ticket:
    return _into(ticket, Category.RESOLVED, unless="is_resolved", by=by, at=at)


@transaction.atomic
def reopen(*, ticket: Ticket, by: User | None, at: datetime) -> Ticket:
    """The matter was not settled after all. The time it lay resolved does not count."""
    locked = history.lock(ticket)
    return enter(locked, state_at_work(), by=by, at=at) if locked.is_resolved else locked


@transaction.atomic
def unresolve(*, ticket: Ticket, state: TicketState, waiting_since: datetime | None, by: User, at: datetime) -> Ticket:
    """It was resolved by mistake: reopened into the state it had. What it promises goes on as with any reopened one."""
    locked = history.lock(ticket)
    if locked.is_resolved:
        locked.waiting_since = waiting_since
        enter(locked, state, by=by, at=at)
    return locked


@transaction.atomic
def close(*, ticket: Ticket, by: User | None, at: datetime) -> Ticket:
    """Put a resolved ticket away for good."""
    locked = history.lock(ticket)
    if locked.is_closed:
        return locked
    if not locked.is_resolved:
        raise ValidationError(_("Only a resolved ticket can be closed."))
    closing = TicketState.objects.filter(closes=True).first()
    if closing is not None:
        return enter(locked, closing, by=by, at=at)
    _close(locked, by=by, at=at)
    return locked


def enter(ticket: Ticket, state: TicketState, *, by: User | None, at: datetime) -> Ticket:
    """Move a locked ticket into a state; entering the one it is in does nothing."""
    if ticket.state_id == state.pk:
        return ticket
    left, before, after = ticket.state, ticket.state.category, state.category
    was = journal.columns_of(ticket)
    # A clock that stops late is noted as late before it stops.
    note_late(ticket, at)
    ticket.state = state
    if before != after:
        _cross(ticket, before, after, by=by, at=at)
    elif not state.closes:
        ticket.closed_at = None
        history.note_down(ticket, Type.CHANGED, by=by, at=at, data={"field": "state"})
        history.tell(ticket, "changed", by=by, at=at, data={"state": [left.name, state.name]})
        history.store(ticket, at=at)
    if state.closes and not ticket.is_closed:
        _close(ticket, by=by, at=at)
    journal.note(ticket, was, ["state", "waiting_since", "resolved_at", "closed_at"])
    return ticket


def _cross(ticket: Ticket, before: str, after: str, *, by: User | None, at: datetime) -> None:
    """From one category into another: the history says which, and the clocks are set by it."""
    if before == Category.RESOLVED:
        ticket.resolved_at = ticket.closed_at = None
        ticket.reopen_count += 1
        what = Type.REOPENED
    elif after == Category.RESOLVED:
        ticket.resolved_at, ticket.waiting_since = at, None
        what = Type.RESOLVED
    else:
        what = Type.PAUSED if after == Category.PAUSED else Type.RESUMED
    history.note_down(ticket, what, by=by, at=at)
    history.store(ticket, at=at, deadlines=True)
    history.tell(ticket, what.value, by=by, at=at)


def _into(ticket: Ticket, category: str, *, unless: str, by: User | None, at: datetime) -> Ticket:
    locked = history.lock(ticket)
    return locked if getattr(locked, unless) else enter(locked, default_state(category), by=by, at=at)


def _close(ticket: Ticket, *, by: User | None, at: datetime) -> None:
    ticket.closed_at = at
    history.note_down(ticket, Type.CLOSED, by=by, at=at)
    history.store(ticket, at=at)
    history.tell(ticket, "closed", by=by, at=at)
