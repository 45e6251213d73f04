"""Tickets are made as people make them: through the actions."""

from datetime import datetime
from itertools import count

from crm.models import Team, User
from customers.models import Contact, Customer, CustomerContact
from service.actions import tickets
from service.models import Queue, Ticket, TicketState

_number = count(1)


def a_queue(team: Team | None = None, name: str = "", **fields) -> Queue:
    return Queue.objects.create(name=name or f"Queue {next(_number)}", team=team, **fields)


def a_customer(owner: User | None = None, name: str = "Acme", **fields) -> Customer:
    team = fields.pop("team", owner.team if owner else None)
    return Customer.objects.create(name=name, owner=owner, team=team, **fields)


def a_contact(customer: Customer | None = None, name: str = "Carla Contact", **fields) -> Contact:
    fields.setdefault("email", "carla@acme.example")
    contact = Contact.objects.create(name=name, **fields)
    if customer is not None:
        CustomerContact.objects.create(customer=customer, contact=contact)
    return contact


def a_ticket(by: User, at: datetime, **fields) -> Ticket:
    fields.setdefault("subject", "The printer is on fire")
    fields.setdefault("body", "Please help.")
    if "queue" not in fields:
        fields["queue"] = a_queue(by.team)
    return tickets.open(by=by, at=at, **fields)


def state(name: str) -> TicketState:
    return TicketState.objects.get(name=name)
