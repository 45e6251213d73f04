from __future__ import annotations

from datetime import datetime

from django.db import transaction

from crm.models import User
from service.actions import clock, history
from service.models import SlaPolicy, Ticket, TicketEvent


def apply_to_open(policy: SlaPolicy, *, by: User, at: datetime) -> int:
    """Promise what the policy says now on its unresolved tickets too; returns how many. Resolved ones keep theirs."""
    found = Ticket.objects.alive().unresolved().filter(sla_policy=policy).order_by("pk")
    for ticket in found.only("pk"):
        _promise(ticket, by=by, at=at)
    return found.count()


@transaction.atomic
def _promise(ticket: Ticket, *, by: User, at: datetime) -> None:
    locked = history.lock(ticket)
    clock.promise_again(locked)
    history.note_down(locked, TicketEvent.Type.CHANGED, by=by, at=at, data={"field": "sla_policy"})
    history.store(locked, at=at, deadlines=True)
