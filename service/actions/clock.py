"""The clocks of a ticket, derived from its history: nothing is counted down, so nothing can drift."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from crm import business_time
from crm.business_time import Calendar, Pause
from service.models import Message, SlaPolicy, Ticket, TicketEvent, TicketState

log = structlog.get_logger(__name__)


def policy_of(ticket: Ticket) -> SlaPolicy | None:
    """The policy of the ticket's queue, or the default one."""
    return ticket.queue.sla_policy or SlaPolicy.objects.filter(is_default=True).first()


def calendar_of(policy: SlaPolicy | None) -> Calendar | None:
    return policy.hours if policy is not None else None


def pauses_of(ticket: Ticket) -> list[Pause]:
    """When the resolution clock stood still: while waiting for the customer, and from resolved to reopened."""
    spans: list[Pause] = []
    since = None
    for at, category in ticket.events.order_by("at", "pk").values_list("at", "category"):
        if category == TicketState.Category.OPEN:
            if since is not None:
                spans.append((since, at))
            since = None
        elif since is None:
            since = at
    return [*spans, (since, None)] if since is not None else spans


def elapsed(ticket: Ticket, at: datetime, pauses: list[Pause] | None = None) -> timedelta | None:
    """Business time from opening to `at`, pauses taken out; None where no policy applies."""
    calendar = calendar_of(ticket.sla_policy)
    if calendar is None:
        return None
    stood = pauses_of(ticket) if pauses is None else pauses
    return business_time.elapsed(calendar, ticket.opened_at, max(at, ticket.opened_at), stood)


def apply_policy(ticket: Ticket) -> None:
    """Take over what the queue's policy promises for the priority; kept on the ticket from then on."""
    ticket.sla_policy = policy_of(ticket)
    target = ticket.sla_policy.target_for(ticket.priority) if ticket.sla_policy else None
    ticket.first_response_target = target.first_response if target else None
    ticket.resolution_target = target.resolution if target else None


def promise_again(ticket: Ticket) -> None:
    """The policy as it is now, for a ticket that exists: where we wrote first, still no first answer is owed."""
    apply_policy(ticket)
    if ticket.events.filter(type=TicketEvent.Type.OPENED, data__direction=Message.Direction.OUTBOUND).exists():
        ticket.first_response_target = None


def set_deadlines(ticket: Ticket, pauses: list[Pause] | None = None) -> None:
    """Compute both deadlines from the opening on, so that no change of state or priority loses time.

    A pause that still lasts is left out: the deadline shown meanwhile is the one that stood when it began, and
    it moves when the clock runs again. The first answer is owed however long the ticket is paused.
    """
    calendar = calendar_of(ticket.sla_policy)
    over = [pause for pause in (pauses_of(ticket) if pauses is None else pauses) if pause[1] is not None]
    ticket.first_response_due_at = _due(calendar, ticket, ticket.first_response_target, [])
    ticket.resolution_due_at = _due(calendar, ticket, ticket.resolution_target, over)
    set_next(ticket)


def set_next(ticket: Ticket) -> None:
    ticket.next_due_at = min(ticket.running_deadlines().values(), default=None)


def _due(calendar: Calendar | None, ticket: Ticket, target: timedelta | None, pauses: list[Pause]) -> datetime | None:
    if calendar is None or target is None:
        return None
    try:
        return business_time.due(calendar, ticket.opened_at, target, pauses)
    except ValueError as error:
        log.warning("deadline_impossible", ticket=ticket.pk, error=str(error))
        return None
