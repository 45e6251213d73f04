"""Invitations and answers, made as they are made in life: by an event, a delivery and a link."""

from datetime import datetime

from crm.events import delivering
from crm.models import User
from customers.models import Contact
from service.actions import tickets
from service.models import Ticket
from surveys.actions import invitations, responses
from surveys.models import Invitation, Response, Survey
from tests.factories.service import a_contact, a_customer, a_queue


def the_survey(code: str = "csat") -> Survey:
    return Survey.objects.get(code=code)


def a_resolved_ticket(by: User, at: datetime, contact: Contact | None = None, **fields) -> Ticket:
    """Resolved by its owner; the invitation waits for its delivery."""
    if contact is None:
        contact = a_contact(a_customer(fields.pop("customer_owner", None)))
    fields.setdefault("queue", a_queue(by.team))
    ticket = tickets.open(subject="The printer is on fire", by=by, at=at, owner=by, contact=contact, **fields)
    return tickets.resolve(ticket=ticket, by=by, at=at)


def deliver(at: datetime) -> None:
    """Until nothing is due any more: a reaction may record an event of its own."""
    while delivering.deliver_due(at):
        pass


def an_invitation(contact: Contact, at: datetime, code: str = "nps", **fields) -> Invitation:
    """Asked by hand, and the mail is out."""
    made = invitations.invite(survey=the_survey(code), contact=contact, by=None, at=at, **fields)
    invitations.send(invitation_id=made.pk, at=at)
    made.refresh_from_db()
    return made


def a_response(contact: Contact, at: datetime, score: int, code: str = "nps", comment: str = "", **fields) -> Response:
    asked = an_invitation(contact, at, code, **fields)
    return responses.record(token=asked.token, score=score, comment=comment, at=at)
