"""Tickets and histories that come from elsewhere: times in the past, safe to repeat, and nobody is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from crm.search import documents
from service.actions import clock, history, states
from service.models import Ticket, TicketEvent, TicketState

CARRIED = ("state", "queue", "owner", "team", "priority")
Type = TicketEvent.Type


@transaction.atomic
def open_imported(*, number: str, subject: str, opened_at: datetime, at: datetime, **fields: Any) -> Ticket:
    """The ticket with this number, made if it is not there yet, without an event: its history is imported next."""
    known = Ticket.objects.filter(number=number).first()
    if known is not None:
        return known
    fields.setdefault("state", states.default_state(TicketState.Category.OPEN))
    ticket = Ticket(number=number, subject=subject, opened_at=opened_at, created_at=opened_at, updated_at=at, **fields)
    clock.apply_policy(ticket)
    clock.set_deadlines(ticket, pauses=[])
    ticket.full_clean()
    ticket.save(force_insert=True)
    documents.refresh(ticket)
    return ticket


@transaction.atomic
def import_history(ticket: Ticket, *, events: Iterable[dict[str, Any]], at: datetime) -> int:
    """Add what happened to a ticket, and bring the ticket to where that leaves it; returns how many lines were new.

    Each event has `type` and `at`, and any of `state`, `queue`, `owner`, `team`, `priority`, `by`, `data`; what
    it does not say stays as it was before. A line that is there already is not added again. `recorded_at` is `at`.
    """
    locked = history.lock(ticket)
    known = list(locked.events.select_related("state", "queue", "owner", "team"))
    start = known[0] if known else locked
    current = {name: getattr(start, name) for name in CARRIED}
    new: list[TicketEvent] = []
    for given in sorted(events, key=lambda event: event["at"]):
        twin = next((event for event in [*known, *new] if _says_the_same(event, given)), None)
        earlier = next((event for event in reversed(known) if event.at < given["at"]), None)
        if earlier is not None and (not new or new[-1].at <= earlier.at):
            current = {name: getattr(earlier, name) for name in CARRIED}
        if twin is None:
            new.append(_line(locked, given, current, at))
        current = {name: getattr(twin or new[-1], name) for name in CARRIED}
    if new:
        _time(locked, new)
        TicketEvent.objects.bulk_create(new)
        _replay(locked, at)
    return len(new)


def _says_the_same(event: TicketEvent, given: dict[str, Any]) -> bool:
    if (event.type, event.at) != (given["type"], given["at"]):
        return False
    return all(getattr(event, name) == given[name] for name in CARRIED if name in given)


def _line(ticket: Ticket, given: dict[str, Any], current: dict[str, Any], at: datetime) -> TicketEvent:
    values = {name: given.get(name, current[name]) for name in CARRIED}
    return TicketEvent(
        ticket=ticket,
        type=given["type"],
        at=given["at"],
        recorded_at=at,
        by=given.get("by"),
        category=values["state"].category,
        data=given.get("data", {}),
        **values,
    )


def _time(ticket: Ticket, new: list[TicketEvent]) -> None:
    """How much business time had passed at each new line, by the whole history, old and new."""
    line = sorted([*ticket.events.all(), *new], key=lambda event: event.at)
    ticket.opened_at = min(ticket.opened_at, line[0].at)
    pauses = pauses_of(line)
    for event in new:
        event.elapsed = clock.elapsed(ticket, event.at, pauses)


def pauses_of(line: list[TicketEvent]) -> list[Any]:
    """When the clock stood still, by the whole history in the order of its times."""
    spans: list[Any] = []
    since = None
    for event in line:
        if event.category != TicketState.Category.OPEN:
            since = since or event.at
        elif since is not None:
            spans.append((since, event.at))
            since = None
    return [*spans, (since, None)] if since is not None else spans


def _replay(ticket: Ticket, at: datetime) -> None:
    """Set on the ticket what its history says."""
    line = list(ticket.events.select_related("state", "queue", "owner", "team"))
    last = line[-1]
    for name in CARRIED:
        setattr(ticket, name, getattr(last, name))
    clock.apply_policy(ticket)
    times = {kind: [event.at for event in line if event.type == kind] for kind in Type}
    ticket.first_response_at = min(times[Type.ANSWERED], default=None)
    ticket.reopen_count = len(times[Type.REOPENED])
    ticket.resolved_at = max(times[Type.RESOLVED], default=last.at) if ticket.is_resolved else None
    ticket.closed_at = max(times[Type.CLOSED], default=None) if ticket.is_resolved else None
    if ticket.is_resolved:
        ticket.waiting_since = None
    clock.set_deadlines(ticket)
    ticket.version += 1
    ticket.updated_at = at
    ticket.save()
    documents.refresh(ticket)
