"""A person who comes in by every door there is, with a word of their own in all that is written down."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.actions import attachments, mail_accounts, mail_receiving, saved_views, tokens
from crm.exchange import batches
from crm.models import IncomingMail, MailAccount
from customers.actions import activities, consents, contact_points, contacts, customers, merging, tasks
from customers.models import Contact, Customer, Email, Purpose, duplicate
from customers.sales.actions import leads, quote_answers, received_leads
from customers.sales.models import LeadForm, LeadSource, ReceivedLead
from service.actions import conversation, states, tickets
from surveys.actions import responses
from surveys.models import Invitation
from tests.crm.test_import_runs import run
from tests.factories.sales import make_opportunity, make_quote
from tests.factories.service import a_queue
from tests.factories.surveys import deliver

WORD = "Kanarienvogel"
NAME, EMAIL, PHONE = f"Wilma {WORD}", f"wilma@{WORD.lower()}.example", "+49 171 2345678"
DIGITS = "2345678"  # what is left of the number however it is written
LETTER = f"""From: {NAME} <{EMAIL}>
To: office@ours.example
Subject: Question of {WORD}
Message-ID: <1@{WORD.lower()}.example>

I am {WORD}, call 0171 {DIGITS}.
"""


def a_person_everywhere(cast: Any, at: datetime) -> tuple[Contact, Customer]:
    """Wilma, who works at Harbour Ltd and is a customer herself."""
    admin = cast.administrator
    harbour = customers.create(name="Harbour Ltd", by=cast.rep, at=at, notes=f"Ask {NAME} first")
    wilma = contacts.create(
        name=f"Wilma Vorher-{WORD}", customer=harbour, role=f"{WORD} in chief", by=cast.rep, at=at, email=EMAIL,
        phone=PHONE, birthday=date(1980, 4, 1), notes=f"Likes {WORD}",
    )  # fmt: skip
    wilma = contacts.update(wilma, {"name": NAME}, by=cast.rep, at=at)
    contact_points.add(wilma, type="address", value=f"{WORD}weg 5", city="Kiel", by=cast.rep, at=at)
    contact_points.add(wilma, type="handle", network="wechat", value=f"{WORD}_88", by=cast.rep, at=at)
    contact_points.add(wilma, type="email", value=f"home@{WORD.lower()}.example", by=cast.rep, at=at)
    marketing = Purpose.objects.get(code="marketing")
    consents.give(wilma, purpose=marketing, source=f"told by {WORD}", by=cast.rep, at=at)
    consents.withdraw(wilma, purpose=marketing, source=f"letter of {WORD}", by=cast.rep, at=at + timedelta(hours=1))
    _what_is_done(cast, wilma, harbour, at)
    _what_is_asked(cast, wilma, harbour, at)
    _what_is_sold(cast, wilma, harbour, at)
    _what_comes_in(cast, wilma, admin, at)
    return wilma, harbour


def _what_is_done(cast: Any, wilma: Contact, harbour: Customer, at: datetime) -> None:
    rep = cast.rep
    activities.log(
        customer=harbour,
        type="call",
        subject=f"Called {WORD}",
        body=f"{WORD} said yes",
        contacts=[wilma],
        by=rep,
        at=at,
    )
    bob = contacts.create(name="Bob Builder", customer=harbour, by=rep, at=at)
    activities.log(
        customer=harbour, type="meeting", subject=f"Met {NAME} and Bob", body=f"Write to {EMAIL}, Bob agrees",
        contacts=[wilma, bob], by=rep, at=at,
    )  # fmt: skip
    activities.log(customer=harbour, type="note", subject="Plans", body=f"{NAME} decides, 0171/{DIGITS}", by=rep, at=at)
    task = tasks.create(title=f"Call {WORD} back", notes=WORD, customer=harbour, contact=wilma, by=rep, at=at)
    tasks.complete(task, by=rep, at=at)
    attachments.add(wilma, [SimpleUploadedFile(f"{WORD}.txt", f"All about {WORD}".encode())], by=rep, at=at)
    saved_views.save(
        list_code="contact-list", name=f"Only {NAME}", query=f"q={EMAIL.replace('@', '%40')}", audience="personal",
        by=rep, at=at,
    )  # fmt: skip


def _what_is_asked(cast: Any, wilma: Contact, harbour: Customer, at: datetime) -> None:
    ticket = tickets.open(
        subject=f"{WORD} cannot sign in", body=f"I am {WORD}", by=None, at=at, contact=wilma, customer=harbour,
        queue=a_queue(cast.agent.team),
    )  # fmt: skip
    tickets.assign(ticket=ticket, owner=cast.agent, by=cast.agent, at=at)
    conversation.reply(ticket=ticket, body=f"Dear {WORD}", by=cast.agent, at=at)
    conversation.note(ticket=ticket, body=f"{WORD} is upset", by=cast.agent, at=at)
    tickets.change(ticket=ticket, changes={"subject": f"{WORD} is locked out"}, by=cast.agent, at=at)
    ticket.refresh_from_db()
    states.resolve(ticket=ticket, by=cast.agent, at=at)
    deliver(at + timedelta(hours=1))
    asked = Invitation.objects.get(ticket=ticket)
    responses.record(token=asked.token, score=2, comment=f"Bad, says {WORD}", at=at + timedelta(hours=2))
    deliver(at + timedelta(hours=3))


def _what_is_sold(cast: Any, wilma: Contact, harbour: Customer, at: datetime) -> None:
    lead = leads.create(
        name=NAME, organisation="Harbour Ltd", email=EMAIL, phone=PHONE, note=f"Wants to see {WORD}", owner=cast.rep,
        by=cast.rep, at=at,
    )  # fmt: skip
    leads.note_contact(lead, type="call", note=f"{WORD} hung up", by=cast.rep, at=at)
    make_opportunity(cast.rep, name=f"{NAME}: twenty pumps", customer=harbour, contact=wilma, at=at)
    quote = make_quote(cast.rep, customer=harbour, contact=wilma, title=f"For {NAME}", sent=True, at=at)
    quote_answers.accept(quote, name=NAME, at=at)


def _what_comes_in(cast: Any, wilma: Contact, admin: Any, at: datetime) -> None:
    text = f"name,email,mobile,notes\n{NAME},{EMAIL.upper()},0171/{DIGITS},{WORD} again\n"
    batch = batches.stage(io.BytesIO(text.encode()), target="contact", file_name=f"{NAME}.csv", by=admin, at=at)
    fields = {"name": "name", "email": "email", "phone": "mobile", "notes": "notes"}
    batches.choose(batch, {"fields": fields, "identity": ["email"]}, at=at)
    run(batch)
    account = mail_accounts.keep(
        MailAccount(owner=None), {"address": "office@ours.example"}, password="", by=admin, at=at
    )
    for uid, raw in enumerate((LETTER.encode(), f"From: {EMAIL}\n".encode() + b"\xff" * 10), start=1):
        mail = IncomingMail.objects.create(account=account, validity=1, uid=uid, raw=raw, fetched_at=at)
        mail_receiving.file(mail.pk, at)
    assert Email.objects.filter(contact=wilma).exists()
    _by_a_lead_ad(cast, at)
    _by_a_program(wilma, admin, at)
    # As a customer herself, twice, until somebody sees it.
    twice = [
        customers.create(
            name=NAME, form="person", email=EMAIL, number=f"{WORD} 7", notes=WORD, city="Kiel", by=admin, at=at
        )
        for _ in range(2)
    ]
    contacts.link(wilma, customer=twice[0], by=admin, at=at)
    duplicate.scan(at)
    merging.merge(*twice, chosen={"notes": f"{WORD}!"}, by=admin, at=at)


def _by_a_lead_ad(cast: Any, at: datetime) -> None:
    """Once as it should be, once so that nothing can come of it."""
    form = LeadForm.objects.create(name="Ads", title="Ads", team=cast.north)
    source = LeadSource.objects.create(name="Ads", account="1", remote_form="2", form=form)
    for number, said in enumerate(({"full_name": NAME, "email": EMAIL}, {"call me": f"0171 {DIGITS}"})):
        answers = [{"name": name, "values": [value]} for name, value in said.items()]
        raw = {"id": f"{number}", "field_data": answers}
        received = ReceivedLead.objects.create(source=source, remote_id=number, raw=raw, sent_at=at, fetched_at=at)
        received_leads.make(received.pk, at)
    assert list(source.received.order_by("pk").values_list("state", flat=True)) == ["made", "failed"]


def _by_a_program(wilma: Contact, admin: Any, at: datetime) -> None:
    made = timezone.now()
    _token, secret = tokens.issue(
        user=admin, name="Program", verbs=["view", "create"], expires_at=made + timedelta(days=1), at=made
    )
    said = {"customer": wilma.customers.get().pk, "type": "call", "subject": f"{WORD} by API", "contacts": [wilma.pk]}
    answer = Client().post(
        reverse("api:activity-list"),
        {**said, "at": at.isoformat()},
        content_type="application/json", headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "once"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.content
