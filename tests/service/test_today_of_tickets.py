"""Today tells whoever looks after a customer of its tickets, and the agent of their own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from customers.models import today
from customers.models.today import Asking
from service.actions import tickets
from tests.factories.service import a_contact, a_customer, a_ticket

pytestmark = pytest.mark.django_db


def rows(user, now):
    return [(item.kind, item.title, item.reasons) for item in today.gather(Asking(user, now))[0]]


def test_a_ticket_of_my_customer_is_on_my_day_while_the_customer_waits(cast, now):
    customer = a_customer(cast.rep)
    ticket = a_ticket(cast.agent, now, customer=customer, contact=a_contact(customer), subject="No heat")
    later = now + timedelta(minutes=30)
    waits = [("ticket", str(ticket), ("The customer has waited 30 min for an answer",))]

    assert rows(cast.rep, later) == waits
    assert rows(cast.outsider, later) == []
    tickets.delete(ticket=ticket, by=cast.agent, at=later)
    assert rows(cast.rep, later) == []


def test_a_missed_deadline_presses_more_and_is_on_the_agents_day_too(cast, now):
    customer = a_customer(cast.rep)
    ticket = a_ticket(cast.agent, now, customer=customer, contact=a_contact(customer), subject="No heat")
    tickets.assign(ticket=ticket, owner=cast.agent, by=cast.agent, at=now)
    ticket.refresh_from_db()
    late = ticket.next_due_at + timedelta(hours=2)

    for person in (cast.rep, cast.agent):
        assert rows(person, late) == [("ticket", str(ticket), ("Deadline missed 2 h ago",))]
