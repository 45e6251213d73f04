"""An answer leaves the house as a mail, and only an answer does."""

import pytest
from django.core import mail

from crm.events import delivering
from service.actions import tickets
from service.actions.mail import answer
from tests.factories.service import a_contact, a_customer, a_ticket

pytestmark = pytest.mark.django_db


def test_an_answer_is_mailed_to_the_contact_within_one_thread(cast, now):
    ticket = a_ticket(cast.agent, now, contact=a_contact(a_customer()), subject="Fire\nBcc: x@y.example")
    first = tickets.reply(ticket=ticket, body="Which <one>?", by=cast.agent, at=now)
    tickets.note(ticket=ticket, body="Secret.", by=cast.agent, at=now)
    second = tickets.reply(ticket=ticket, body="Solved.", by=cast.agent, at=now)
    delivering.deliver_due(now)
    assert [(message.to, message.body) for message in mail.outbox] == [
        (["carla@acme.example"], "Which <one>?"),
        (["carla@acme.example"], "Solved."),
    ]
    assert mail.outbox[0].subject == f"[{ticket.number}] Fire Bcc: x@y.example"
    named = f"<ticket-{ticket.pk}-message-{first.pk}@localhost>"
    assert mail.outbox[0].message()["Message-ID"] == named
    assert mail.outbox[1].message()["In-Reply-To"] == named
    assert answer(second).message()["Message-ID"] == mail.outbox[1].message()["Message-ID"]


def test_without_an_address_nothing_is_mailed_and_nothing_fails(cast, now):
    ticket = a_ticket(cast.agent, now)
    tickets.reply(ticket=ticket, body="Hello?", by=cast.agent, at=now)
    delivering.deliver_due(now)
    assert mail.outbox == []


def test_a_note_and_what_the_customer_wrote_are_mailed_to_nobody(cast, now):
    ticket = a_ticket(cast.agent, now, contact=a_contact(a_customer()))
    tickets.note(ticket=ticket, body="Secret.", by=cast.agent, at=now)
    tickets.customer_replied(ticket=ticket, body="Hello?", at=now)
    delivering.deliver_due(now)
    assert mail.outbox == []
