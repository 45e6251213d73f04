"""Letters of strangers to the organisation's account become leads; answers of machines and of those we know do not."""

from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.urls import reverse
from django.utils import timezone

from crm.actions import mail_receiving
from crm.models import IncomingMail, MailAccount, Notification
from customers.actions import contact_points, email_sending
from customers.models import Email
from customers.sales.actions import lead_mail, leads
from customers.sales.models import Lead, LeadLetter, LeadSettings
from tests.factories.customers import make_contact, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db):
    return MailAccount.objects.create(address="info@our.example", imap_host="mail.our.example")


@pytest.fixture
def settings_row(cast):
    cast.north.manager = cast.manager
    cast.north.save()
    return LeadSettings.objects.create(team=cast.north, takes_mail=True)


def arrive(
    account, now, *headers, name="<1@stranger.example>", sender="Lena Lead <lena@stranger.example>", text="Hello"
):
    head = [f"From: {sender}", "To: info@our.example", f"Message-ID: {name}", "Subject: Two pumps", *headers]
    raw = ("\r\n".join(head) + "\r\n\r\n" + text).encode()
    uid = IncomingMail.objects.count() + 1
    letter = IncomingMail.objects.create(account=account, validity=1, uid=uid, raw=raw, fetched_at=now)
    mail_receiving.file(letter.pk, now)
    letter.refresh_from_db()
    return letter.state


def test_a_strangers_letter_becomes_a_lead_and_the_next_one_is_filed_with_it(cast, client, account, settings_row, now):
    assert arrive(account, now, text="We need two pumps.") == "filed"
    lead = Lead.objects.get()
    assert (lead.name, lead.email, lead.team, lead.owner) == ("Lena Lead", "lena@stranger.example", cast.north, None)
    assert (lead.note, lead.answered_at) == ("Two pumps\n\nWe need two pumps.", None)
    assert Notification.objects.get().receiver == cast.manager

    leads.take(lead, by=cast.rep, at=now)
    assert arrive(account, now, "In-Reply-To: <x@rep.example>", name="<2@stranger.example>", text="Or three") == "filed"
    lead = Lead.objects.get()
    assert (lead.answered_at, lead.letters.count()) == (now, 2)
    assert Notification.objects.get(receiver=cast.rep).message == "The lead %(lead)s wrote to us."
    client.force_login(cast.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("lead-detail", args=[lead.pk])).content.decode()
    assert "Or three" in page
    assert "Lena Lead wrote to us: Two pumps" in page


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Precedence: bulk",
        "List-Id: <news.stranger.example>",
        "Return-Path: <>",
        "In-Reply-To: <somebody@rep.example>",
        "References: <somebody@rep.example>",
    ],
)
def test_answers_and_machines_make_no_lead(account, settings_row, now, header):
    assert arrive(account, now, header) == "ignored"
    assert not Lead.objects.exists()


def test_whoever_is_known_is_no_lead(cast, account, settings_row, now):
    customer = make_customer(cast.rep, at=now)
    make_contact(cast.rep, customer=customer, email="known@stranger.example", at=now)

    states = [
        arrive(account, now, sender="known@stranger.example"),
        arrive(account, now, sender=cast.rep.email, name="<2@a.example>"),
        arrive(account, now, sender="MAILER-DAEMON@stranger.example", name="<3@a.example>"),
    ]
    assert states[:2] == ["filed", "ignored"]
    assert Email.objects.count() == 1
    assert Lead.objects.filter(email="known@stranger.example").count() == 0
    assert not Lead.objects.filter(email=cast.rep.email).exists()


def test_spam_does_not_come_back_and_letters_are_no_leads_where_nobody_wants_them(cast, account, settings_row, now):
    arrive(account, now)
    leads.discard(Lead.objects.get(), reason="spam", by=cast.manager, at=now)
    assert arrive(account, now, name="<2@stranger.example>") == "ignored"

    LeadSettings.objects.update(takes_mail=False)
    own = MailAccount.objects.create(address="rep@our.example", imap_host="mail.our.example", owner=cast.rep)
    assert arrive(account, now, sender="a@b.example", name="<3@b.example>") == "ignored"
    LeadSettings.objects.update(takes_mail=True)
    assert arrive(own, now, sender="a@b.example", name="<4@b.example>") == "ignored"
    assert (Lead.objects.count(), LeadLetter.objects.count()) == (1, 1)


def test_whoever_writes_without_end_is_left_in_the_mailbox_until_an_hour_has_passed(
    account, settings_row, now, monkeypatch
):
    monkeypatch.setattr(lead_mail, "PER_HOUR", 3)
    old = "Date: Mon, 5 Jan 2026 10:00:00 +0000"
    states = [arrive(account, now, old, name=f"<{number}@a.example>") for number in range(5)]
    assert states == ["filed"] * 3 + ["ignored"] * 2
    leads.discard(Lead.objects.get(), reason="no_fit", by=None, at=now)
    assert arrive(account, now, name="<9@a.example>") == "ignored"
    assert arrive(account, now, name="<10@a.example>", sender="Bob <bob@stranger.example>") == "filed"
    assert arrive(account, now + timedelta(hours=1, seconds=1), name="<11@a.example>") == "filed"
    assert (Lead.objects.count(), LeadLetter.objects.count()) == (3, 5)


def test_a_strangers_letter_is_answered_from_the_leads_page_with_its_text_quoted(
    cast, client, account, settings_row, now
):
    arrive(account, now, text="We need {lead.name} pumps.\nSoon.")
    lead = leads.take(Lead.objects.get(), by=cast.rep, at=now)
    letter, other = lead.letters.get(), leads.create(name="Other", by=cast.outsider, owner=cast.outsider, at=now)
    foreign = LeadLetter.objects.create(lead=other, sender="o@else.example", subject="No", at=now)
    client.force_login(cast.rep)
    about = {"about_kind": "lead", "about_id": lead.pk}
    assert f"&amp;letter={letter.pk}" in client.get(lead.get_absolute_url()).content.decode()
    form = client.get(reverse("email-new"), {**about, "letter": letter.pk}).context["form"]
    assert {name: form[name].value() for name in ("to", "subject", "text", "is_shared", "letter")} == {
        "to": "lena@stranger.example", "subject": "Re: Two pumps", "is_shared": True, "letter": letter.pk,
        "text": "\n\n> We need {lead.name} pumps.\n> Soon.",
    }  # fmt: skip
    empty = client.get(reverse("email-new"), {**about, "letter": foreign.pk}).context["form"]
    assert (empty["subject"].value(), empty["letter"].value()) == (None, None)
    values = {name: form[name].value() for name in ("to", "subject", "text", "letter")}
    sent = {**about, **values, "text": "Dear {contact.name}" + values["text"], "is_shared": "on"}
    assert client.post(reverse("email-new"), sent).status_code == 302
    email = Email.objects.get()
    assert email.text == "Dear Lena Lead\n\n> We need {lead.name} pumps.\n> Soon."
    assert email_sending.send_next(timezone.now())
    assert django_mail.outbox[0].extra_headers["In-Reply-To"] == "<1@stranger.example>"
    client.force_login(cast.teammate)  # who sees the lead sees that it is answered
    assert "answered by Rosa Rep" in client.get(lead.get_absolute_url()).content.decode()
    mine = client.get(f"/api/v1/leads/{lead.pk}/letters/").json()[0]
    assert (mine["answered_by"], mine["answered_at"][:10]) == (cast.rep.pk, email.at.date().isoformat())


def test_who_wrote_by_themselves_is_answered_whatever_else_they_want_no_mail_of(
    cast, client, account, settings_row, now
):
    arrive(account, now)
    lead = leads.take(Lead.objects.get(), by=cast.rep, at=now)
    contact_points.add(
        make_contact(cast.manager, "Lena", email="lena@stranger.example"), type="email",
        value="lena@stranger.example", opted_out=True, by=cast.manager, at=now,
    )  # fmt: skip
    client.force_login(cast.rep)
    mine, letter = f"/api/v1/leads/{lead.pk}/letters/", lead.letters.get()
    assert [(row["id"], row["sender"]) for row in client.get(mine).json()] == [
        (letter.pk, "Lena Lead <lena@stranger.example>")
    ]

    def post(**more):
        body = {"about_kind": "lead", "about_id": lead.pk, "subject": "Re: Two pumps", "text": "Yes", **more}
        return client.post("/api/v1/emails/", body, content_type="application/json")

    assert [post().status_code, post(letter=0).status_code, Email.objects.count()] == [400, 400, 0]
    assert post(letter=0).json()["errors"][0]["field"] == "letter"
    assert post(letter=letter.pk).status_code == 201
    assert (Email.objects.get().to, email_sending.send_next(timezone.now())) == (["lena@stranger.example"], True)
    assert Email.objects.get().state == "sent"
