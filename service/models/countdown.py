from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from crm import business_time
from service.models.ticket import Ticket


@dataclass(frozen=True)
class Countdown:
    """How one promise of a ticket stands. `time` is business time: left, late by, or so when it was paused."""

    clock: str  # first_response or resolution
    status: str  # running, soon, late, paused (the time unknown to lists), paused_late, met or missed
    due: datetime
    time: timedelta | None = None

    @property
    def is_running(self) -> bool:
        return self.status in ("running", "soon", "late")

    @property
    def is_paused(self) -> bool:
        return self.status in ("paused", "paused_late")


SOON = 0.25  # of the target: the countdown turns yellow


def countdowns(ticket: Ticket, now: datetime, paused_since: datetime | None = None) -> list[Countdown]:
    """The promises that apply: the nearest running one first, then one that waits, then what is settled."""
    found = [_first_response(ticket, now), _resolution(ticket, now, paused_since)]
    shown = [countdown for countdown in found if countdown is not None]
    return sorted(shown, key=lambda countdown: (not countdown.is_running, not countdown.is_paused, countdown.due))


def _first_response(ticket: Ticket, now: datetime) -> Countdown | None:
    due = ticket.first_response_due_at
    if due is None or (ticket.first_response_at is None and ticket.is_resolved):
        return None
    if ticket.first_response_at is not None:
        return Countdown("first_response", "met" if ticket.first_response_at <= due else "missed", due)
    return _running("first_response", ticket, due, now, ticket.first_response_target)


def _resolution(ticket: Ticket, now: datetime, paused_since: datetime | None) -> Countdown | None:
    due = ticket.resolution_due_at
    if due is None:
        return None
    if ticket.resolved_at is not None:
        return Countdown("resolution", "met" if ticket.resolved_at <= due else "missed", due)
    if ticket.is_paused:
        if paused_since and paused_since > due:
            return Countdown("resolution", "paused_late", due, _between(ticket, due, paused_since))
        left = _between(ticket, paused_since, due) if paused_since else None
        return Countdown("resolution", "paused", due, left)
    return _running("resolution", ticket, due, now, ticket.resolution_target)


def _running(clock: str, ticket: Ticket, due: datetime, now: datetime, target: timedelta | None) -> Countdown:
    if now > due:
        return Countdown(clock, "late", due, _between(ticket, due, now))
    left = _between(ticket, now, due)
    is_soon = left is not None and target is not None and left <= target * SOON
    return Countdown(clock, "soon" if is_soon else "running", due, left)


def _between(ticket: Ticket, start: datetime, end: datetime) -> timedelta | None:
    calendar = ticket.sla_policy.hours if ticket.sla_policy else None
    return business_time.elapsed(calendar, start, end) if calendar else None
