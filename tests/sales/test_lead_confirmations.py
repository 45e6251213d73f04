"""Forms that are confirmed by mail: no lead before the link is opened and confirmed, once, and in time."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from crm.models import Event, Notification
from customers.models import Consent, Purpose
from customers.sales.actions import lead_confirmations, lead_conversion
from customers.sales.models import Lead, LeadConfirmation, LeadConsent, LeadForm, LeadRule
from tests.factories.sales import make_lead

pytestmark = pytest.mark.django_db
SENT = {"name": "Lena Lead", "email": "Lena@Example.com", "consent": "on"}


@pytest.fixture(autouse=True)
def no_limits():
    cache.clear()


@pytest.fixture
def form(cast):
    return LeadForm.objects.create(
        name="Website", key="ask-us", title="Ask us", team=cast.north, phone="hidden", confirms=True, keep_days=3,
        purpose=Purpose.objects.get(code="marketing"), consent="You may write to me.", thanks="We will call you.",
    )  # fmt: skip


def send(client, **values):
    return client.post(reverse("lead-form", args=["ask-us"]), SENT | values)


def link():
    lead_confirmations.send_next(timezone.now())
    return re.search(r"/f/confirmation/[\w-]{43}/", mail.outbox[-1].body)[0]


def test_the_lead_comes_in_when_the_link_is_confirmed_and_not_when_it_is_opened(client, cast, form):
    LeadRule.objects.create(name="All", person=cast.rep)
    answer = send(client)
    assert "Look into your mail" in answer.content.decode()
    assert not Lead.objects.exists()
    assert not Event.objects.filter(subject_kind="lead").exists()
    url = link()
    letter = mail.outbox[0]
    assert (letter.to, letter.subject) == (["lena@example.com"], "Please confirm: Ask us")
    assert not lead_confirmations.send_next(timezone.now())

    for _scanner in range(2):
        page = client.get(url)
        assert (page.status_code, page["Referrer-Policy"]) == (200, "no-referrer")
    assert (Lead.objects.count(), Notification.objects.count()) == (0, 0)
    assert "We will call you." in client.post(url).content.decode()
    client.post(url)

    lead = Lead.objects.get()
    assert (lead.name, lead.email, lead.owner, lead.form, lead.language) == (
        "Lena Lead", "lena@example.com", cast.rep, form, "en"
    )  # fmt: skip
    agreed = LeadConsent.objects.get()
    assert (agreed.words, agreed.basis, agreed.is_confirmed) == ("You may write to me.", "consent", True)
    kept = LeadConfirmation.objects.get()
    assert (kept.values, kept.lead, len(mail.outbox)) == ({}, lead, 1)
    assert "We will call you." in client.get(url).content.decode()


def test_what_nobody_confirms_in_time_is_forgotten(client, form):
    send(client)
    url, now = link(), timezone.now()
    token = url.split("/")[-2]

    assert lead_confirmations.forget(now + timedelta(days=2)) == 0
    with pytest.raises(lead_confirmations.LinkGone):
        lead_confirmations.confirm(token, at=now + timedelta(days=3, seconds=1))
    assert lead_confirmations.forget(now + timedelta(days=3, seconds=1)) == 1
    gone, wrong = client.post(url), client.post(reverse("lead-confirmation", args=["unknown"]))

    assert (gone.status_code, gone.content) == (404, wrong.content)
    assert "This link works no more" in gone.content.decode()
    assert not Lead.objects.exists()


def test_sending_again_is_the_newer_one_and_floods_nobody(form, now):
    ask = {"language": "en", "organisation": "", "email": "Lena@example.com"}
    for minute in (0, 1, 11, 12, 23, 40):
        lead_confirmations.ask(form, at=now + timedelta(minutes=minute), name=f"Lena {minute}", **ask)
        lead_confirmations.send_next(now + timedelta(minutes=minute))

    waiting = LeadConfirmation.objects.get()
    assert (waiting.values["name"], waiting.mails, len(mail.outbox)) == ("Lena 40", 3, 3)
    assert len({letter.body for letter in mail.outbox}) == 1
    assert lead_confirmations.confirm(waiting.token, at=now + timedelta(hours=1)).lead.name == "Lena 40"


def test_the_answer_is_the_same_whether_or_not_the_address_is_known(client, cast, form, now):
    make_lead(cast.rep, email="known@example.com", at=now)

    answers = [send(client, email=address).content for address in ("known@example.com", "new@example.com")]
    spam = send(client, homepage="https://spam.example").content

    assert answers[0] == answers[1] == spam
    assert LeadConfirmation.objects.count() == 2


def test_what_was_agreed_to_is_the_contacts_consent_after_the_conversion(client, cast, form, now):
    form.confirms = False
    form.save()
    send(client)
    lead = Lead.objects.get()
    done = lead_conversion.convert(lead, by=cast.manager, at=timezone.now())

    consent = Consent.objects.get()
    assert (consent.contact, consent.purpose.code, consent.basis) == (done.contact, "marketing", "consent")
    assert (consent.source, consent.at, consent.is_given) == ("Website", lead.created_at, True)
    assert [str(record) for record in lead_conversion.undo_conversion(done, by=cast.manager, at=now).kept] == []


@pytest.mark.parametrize(("field", "value"), [("email", "optional"), ("consent", " ")])
def test_a_form_that_could_not_be_confirmed_or_agreed_to_is_refused(form, field, value):
    setattr(form, field, value)
    with pytest.raises(ValidationError):
        form.full_clean()
