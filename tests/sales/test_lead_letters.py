"""One writes to a lead as to a customer: answers come back to it, and the conversion takes its letters along."""

from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.actions import mail_receiving
from crm.events import timeline
from crm.events.delivering import deliver_due
from crm.models import Event, IncomingMail, MailAccount, MailTemplate, Notification
from customers.actions import email_sending, emails
from customers.actions.emails import Draft
from customers.models import Activity, Contact, Customer, Email, Purpose
from customers.models.writing import may_write_to
from customers.sales.actions import lead_address, lead_conversion, leads
from customers.sales.models import LeadConsent
from tests.customers.test_emails import BOUNCE
from tests.factories.customers import make_contact, make_customer
from tests.factories.sales import make_lead

pytestmark = pytest.mark.django_db
MAIL = "lena@lead.example"


@pytest.fixture
def lead(cast, now):
    return make_lead(cast.rep, email=MAIL, language="zh-hans", city="Leeds", at=now)


@pytest.fixture
def later(now):
    return now + timedelta(hours=2)


def write(person, lead, at, **changes):
    values = {"to": [MAIL], "subject": "Two pumps", "text": "Here they are.", "cc": []}
    draft = Draft(**{**values, **{name: changes.pop(name) for name in list(changes) if name in values}})
    return emails.write(draft, customer=None, contact=None, about=lead, by=person, at=at, **changes)


def sent(person, lead, at, **changes):
    email = write(person, lead, at, **changes)
    assert email_sending.send_next(at)
    deliver_due(timezone.now() + timedelta(minutes=1))
    email.refresh_from_db()
    return email


def answer(email, at, *, owner=None, text="Two, please.", sender=f"Lena Lead <{MAIL}>"):
    account, _made = MailAccount.objects.get_or_create(
        owner=owner, defaults={"address": f"{'me' if owner else 'info'}@our.example", "imap_host": "mail.our.example"}
    )
    head = [f"From: {sender}", f"To: {account.address}", "Subject: Re: Two pumps", f"In-Reply-To: {email.message_id}"]
    count = IncomingMail.objects.count() + 1
    raw = "\r\n".join([*head, f"Message-ID: <{count}@lead.example>", "", text]).encode()
    letter = IncomingMail.objects.create(account=account, validity=1, uid=count, raw=raw, fetched_at=at)
    mail_receiving.file(letter.pk, at)
    deliver_due(timezone.now() + timedelta(minutes=1))
    letter.refresh_from_db()
    return letter.state


def lines(person, record):
    """The letters and activities of a timeline, as the person is told them."""
    found = timeline.page(person, record, only="activity")[0]
    return [entry.item.subject for entry in found]


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def test_the_form_of_a_lead_asks_for_no_customer_and_fills_templates_from_the_lead(cast, lead):
    template = MailTemplate.objects.create(
        name="Hello",
        language="zh-hans",
        subject="{customer.name}",
        body="{contact.name} {lead.organisation} {owner.name}",
    )  # fmt: skip
    MailTemplate.objects.create(name="A first", language="en", subject="x", body="x")
    client = signed_in(cast.rep)
    about = {"about_kind": "lead", "about_id": lead.pk}
    assert "about_kind=lead&amp;about_id=" in client.get(lead.get_absolute_url()).content.decode()
    form = client.get(reverse("email-new"), about).context["form"]
    assert "customer" not in form.fields
    assert (form["to"].value(), form.fields["template"].choices[1][0]) == (MAIL, str(template.pk))
    text = client.get(reverse("email-text"), {**about, "template": template.pk, "to": MAIL}).context["form"]
    assert (text.initial["subject"], text.initial["text"]) == ("Lead Ltd", "Lena Lead Lead Ltd Rosa Rep")

    posted = {**about, "to": MAIL, "subject": "Pumps", "text": "{contact.name}", "is_shared": "on", "submit_once": "a"}
    assert client.post(reverse("email-new"), posted).status_code == 302
    assert client.post(reverse("email-new"), posted).status_code == 302
    email = Email.objects.get()
    assert (email.customer, email.about_for(cast.rep), email.text, email.to) == (None, lead, "Lena Lead", [MAIL])
    assert client.get(email.get_absolute_url()).status_code == 200
    assert signed_in(cast.outsider).get(reverse("email-new"), about).status_code == 404


def test_a_letter_is_the_first_contact_and_is_read_by_whoever_sees_the_lead(cast, lead, later):
    waiting = write(cast.rep, lead, later)
    assert lines(cast.teammate, lead) == []
    email_sending.send_next(later)
    deliver_due(timezone.now() + timedelta(minutes=1))
    lead.refresh_from_db()
    assert (lead.state, lead.first_contact_at) == ("working", later)
    assert Event.objects.get(type="lead.contacted").data["type"] == "email"
    assert [mail.to for mail in django_mail.outbox] == [[MAIL]]
    assert lines(cast.teammate, lead) == ["Two pumps"]
    assert waiting in Email.objects.visible_to(cast.teammate)
    assert waiting not in Email.objects.visible_to(cast.outsider)
    assert waiting not in Email.objects.editable_by(cast.teammate)
    assert Activity.objects.count() == 0

    emails.keep_private(waiting, by=cast.rep, at=later)
    assert (lines(cast.teammate, lead), lines(cast.rep, lead)) == ([], ["Two pumps"])
    emails.share(waiting, by=cast.rep, at=later)
    emails.share(waiting, by=cast.rep, at=later)
    assert lines(cast.teammate, lead) == ["Two pumps"]
    assert Event.objects.filter(type="email.shared").count() == 1


def test_answers_are_filed_at_the_lead_and_what_a_private_one_says_is_told_nobody(cast, lead, later):
    email = sent(cast.rep, lead, later)
    assert answer(email, later, owner=cast.rep) == "filed"
    lead.refresh_from_db()
    assert lead.answered_at == later
    told = Notification.objects.get(receiver=cast.rep)
    assert told.message % told.values == "Lena Lead answered your mail."
    assert lines(cast.rep, lead) == ["Re: Two pumps", "Two pumps"]
    assert lines(cast.teammate, lead) == ["Two pumps"]
    page = signed_in(cast.teammate).get(lead.get_absolute_url()).content.decode()
    assert "Lena Lead answered a letter" in page
    assert "Re: Two pumps" not in page

    assert answer(email, later, sender="assistant@lead.example") == "filed"  # to the organisation's account
    assert lines(cast.teammate, lead).count("Re: Two pumps") == 1
    assert not Email.objects.visible_to(cast.outsider).exists()
    leads.delete(lead, by=cast.administrator, at=later)
    assert answer(email, later, owner=cast.rep) == "ignored"


def test_the_conversion_takes_letters_along_and_its_undoing_gives_them_back(cast, lead, later):
    email = sent(cast.rep, lead, later)
    private = sent(cast.rep, lead, later, subject="Between us", is_shared=False)
    assert answer(email, later, owner=cast.rep) == "filed"
    done = lead_conversion.convert(lead, by=cast.rep, at=later + timedelta(hours=1))
    email.refresh_from_db()
    assert (email.customer, email.contact, email.activity.at) == (done.customer, done.contact, later)
    assert lines(cast.teammate, done.customer) == ["Two pumps"]
    assert sorted(lines(cast.rep, done.customer)) == ["Between us", "Re: Two pumps", "Two pumps"]
    assert lines(cast.teammate, lead) == ["Two pumps"]

    undone = lead_conversion.undo_conversion(done, by=cast.administrator, at=later + timedelta(hours=2))
    assert [type(record) for record in undone.taken_back] == [Contact, Customer]
    assert undone.kept == []
    email.refresh_from_db()
    private.refresh_from_db()
    assert (email.customer, email.activity, private.contact) == (None, None, None)
    assert lines(cast.teammate, lead) == ["Two pumps"]
    assert Activity.objects.alive().count() == 0


def test_a_letter_written_since_the_conversion_keeps_the_customer(cast, lead, later):
    email = sent(cast.rep, lead, later)
    done = lead_conversion.convert(lead, by=cast.rep, at=later + timedelta(hours=1))
    newer = sent(cast.rep, done, later + timedelta(hours=3), subject="Newer")
    assert answer(email, later + timedelta(hours=4), owner=cast.rep) == "filed"
    assert newer.customer == done.customer
    assert lines(cast.rep, done.customer) == ["Re: Two pumps", "Newer", "Two pumps"]
    undone = lead_conversion.undo_conversion(done, by=cast.administrator, at=later + timedelta(hours=5))
    assert (undone.taken_back, len(undone.kept)) == ([], 2)
    assert sorted(lines(cast.rep, lead)) == ["Newer", "Re: Two pumps", "Two pumps"]
    assert lines(cast.rep, done.customer) == ["Re: Two pumps", "Newer"]


def test_a_letter_on_its_way_while_the_lead_becomes_a_customer_is_that_customers(cast, lead, later):
    email = write(cast.rep, lead, later)
    done = lead_conversion.convert(lead, by=cast.rep, at=later)
    Email.objects.update(customer=None, contact=None)  # as the sender had read it
    assert email_sending.send_next(later)
    email.refresh_from_db()
    assert (email.customer, email.activity.customer) == (done.customer, done.customer)


def test_who_is_not_to_be_written_to_gets_no_letter_at_the_lead_either(cast, lead, later):
    contact = make_contact(cast.rep, customer=make_customer(cast.rep), email=MAIL)
    Contact.objects.update(do_not_contact=True)
    with pytest.raises(ValidationError, match="does not want to be contacted"):
        write(cast.rep, lead, later)
    contact.delete()
    Purpose.objects.filter(code=Purpose.LETTERS).update(needs_consent=True)
    with pytest.raises(ValidationError, match="has not given consent"):
        write(cast.rep, lead, later)
    assert not Email.objects.exists()
    LeadConsent.objects.create(
        lead=lead, purpose=Purpose.objects.get(code=Purpose.LETTERS), basis="consent", words="Yes", form="Web", at=later
    )
    assert write(cast.rep, lead, later).state == "waiting"


def test_a_letter_without_customer_or_lead_is_refused_also_by_the_database(cast, later):
    with pytest.raises(ValidationError, match="which customer"):
        write(cast.rep, None, later)
    with pytest.raises(IntegrityError, match="email_of_a_customer_or_about_a_record"), transaction.atomic():
        Email.objects.create(direction="inbound", state="received", to=[MAIL], at=later)


def test_a_program_writes_to_a_lead(cast, lead):
    client = signed_in(cast.rep)
    url, letter = reverse("api:email-list"), {"to": [MAIL], "subject": "Pumps", "text": "Dear {contact.name}"}

    def post(**more):
        return client.post(url, {**letter, **more}, content_type="application/json")

    made = post(about_kind="lead", about_id=lead.pk)
    assert (made.status_code, made.json()["customer"], made.json()["text"]) == (201, None, "Dear Lena Lead")
    assert [row["id"] for row in client.get(url, {"about_kind": "lead"}).json()["results"]] == [made.json()["id"]]
    assert post().status_code == post(about_kind="lead", about_id=0).status_code == 400
    assert signed_in(cast.outsider).post(
        url, {**letter, "about_kind": "lead", "about_id": lead.pk}, content_type="application/json"
    ).status_code == 400  # fmt: skip
    assert Email.objects.count() == 1


def test_a_bounce_marks_the_address_of_the_lead_until_it_is_another_or_somebody_says_it_is_right(
    cast, lead, now, later, client
):
    email = sent(cast.rep, lead, now)
    assert bounce(email, later) == "filed"
    lead.refresh_from_db()
    assert lead.email_failed_at == later
    with pytest.raises(ValidationError, match="the address is invalid"):
        write(cast.rep, lead, later)
    told = Event.objects.filter(type="lead.address_failed").get()
    assert (told.subject_id, told.data["address"], told.by) == (lead.pk, MAIL, None)
    client.force_login(cast.rep)
    page = client.get(lead.get_absolute_url()).text
    assert "mail came back" in page
    assert "there is no such address" in page
    client.post(reverse("lead-address", args=[lead.pk]))
    lead.refresh_from_db()
    assert lead.email_failed_at is None
    assert write(cast.rep, lead, later).to == [MAIL]
    lead_address.mark_failed(MAIL, later)
    lead = leads.update(lead, {"email": "lena@right.example"}, by=cast.rep, at=later)
    assert lead.email_failed_at is None


def test_a_letter_that_comes_from_a_failed_address_takes_the_mark_off_leads_and_contacts(cast, lead, now, later):
    email = sent(cast.rep, lead, now)
    contact = make_contact(cast.teammate, "Same", email=MAIL)
    assert bounce(email, later) == "filed"
    assert (contact.points.get().validity, Event.objects.filter(type="lead.address_failed").count()) == ("invalid", 1)
    after, machine = later + timedelta(minutes=1), f"Lena Lead <{MAIL}>\r\nAuto-Submitted: auto-replied"
    answer(email, after, sender=machine)
    answer(email, later - timedelta(minutes=1))  # fetched now, written before
    lead.refresh_from_db()
    assert (lead.email_failed_at, contact.points.get().validity) == (later, "invalid")
    answer(email, after)
    lead.refresh_from_db()
    point = contact.points.get()
    assert (lead.email_failed_at, point.validity, point.invalid_since) == (None, "unknown", None)
    assert write(cast.rep, lead, after).to == [MAIL]
    told = Event.objects.get(type="lead.address_trusted")
    assert (told.subject_id, told.by) == (lead.pk, None)


def test_a_program_says_that_the_address_of_a_lead_is_right(cast, lead, now, client):
    lead_address.mark_failed(MAIL, now)
    url = f"/api/v1/leads/{lead.pk}/address/trusting/"
    client.force_login(cast.outsider)
    assert client.post(url, headers={"If-Match": "*"}).status_code == 404
    client.force_login(cast.rep)
    answer = client.post(url, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["email_failed_at"]) == (200, None)


def test_converting_a_lead_whose_mail_came_back_says_so_of_the_contact(cast, lead, later):
    lead_address.mark_failed(MAIL, later)
    lead.refresh_from_db()
    lead = lead_conversion.convert(lead, by=cast.rep, at=later)
    assert may_write_to(lead.contact, "letters").reason == "invalid"
    assert [gone.kind for gone in lead_conversion.consequences(lead, by=cast.rep).taken_back] == ["contact", "customer"]


def bounce(email, at):
    account, _made = MailAccount.objects.get_or_create(
        owner=None, defaults={"address": "info@our.example", "imap_host": "mail.our.example"}
    )
    raw = (
        BOUNCE.format(name="b", action="failed", returned=email.message_id).replace("carla@acme.example", MAIL).encode()
    )
    letter = IncomingMail.objects.create(account=account, validity=1, uid=99, raw=raw, fetched_at=at)
    mail_receiving.file(letter.pk, at)
    letter.refresh_from_db()
    return letter.state
