"""An answer leaves the house as a mail, and only an answer does."""

from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail

from crm.events import delivering
from customers.actions import contact_points
from customers.models.writing import may_write_to
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


def test_an_invalid_address_gets_no_answer_and_the_message_says_so(cast, now):
    carla = a_contact(a_customer(), do_not_contact=True)  # what she asked herself is answered all the same
    ticket = a_ticket(cast.agent, now, contact=carla)
    tickets.reply(ticket=ticket, body="Yes.", by=cast.agent, at=now)
    delivering.deliver_due(now)
    contact_points.mark_invalid(carla.email, by=None, at=now)
    tickets.reply(ticket=ticket, body="No.", by=cast.agent, at=now)
    delivering.deliver_due(now)
    assert [message.body for message in mail.outbox] == ["Yes."]
    written = ticket.messages.filter(direction="outbound").order_by("pk")
    assert list(written.values_list("body", "unsent")) == [("Yes.", ""), ("No.", "invalid")]


def test_an_address_that_the_mail_server_does_not_know_is_invalid_from_then_on(cast, now, monkeypatch):
    def refused(self, messages):
        raise SMTPRecipientsRefused({"carla@acme.example": (550, b"no such user")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refused)
    ticket = a_ticket(cast.agent, now, contact=a_contact(a_customer()))
    tickets.reply(ticket=ticket, body="Yes.", by=cast.agent, at=now)
    delivering.deliver_due(now)
    assert ticket.messages.get(direction="outbound").unsent == "invalid"
    assert not may_write_to(ticket.contact, "surveys")


def test_a_note_and_what_the_customer_wrote_are_mailed_to_nobody(cast, now):
    ticket = a_ticket(cast.agent, now, contact=a_contact(a_customer()))
    tickets.note(ticket=ticket, body="Secret.", by=cast.agent, at=now)
    tickets.customer_replied(ticket=ticket, body="Hello?", at=now)
    delivering.deliver_due(now)
    assert mail.outbox == []
