"""Letters leave through a real server once, come in through a real one once, and are filed where they belong."""

from __future__ import annotations

from datetime import timedelta
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from django.core import mail as django_mail
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from crm.actions import mail_accounts, mail_receiving, mail_sending
from crm.events import timeline
from crm.mail import naming
from crm.models import Event, IncomingMail, MailAccount, MailTemplate, Notification
from customers.actions import email_sending, emails
from customers.actions.emails import Draft
from customers.models import Activity, Email
from tests import loopback
from tests.crm.mail_servers import PASSWORD, imap_server, smtp_server
from tests.factories.customers import make_contact, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def inside(settings):
    """Servers of this machine may be asked."""
    settings.OUTGOING_NETWORKS = loopback.NETWORKS


@pytest.fixture
def acme(cast):
    customer = make_customer(cast.rep, "Acme Ltd")
    contact = make_contact(cast.rep, "Carla Contact", customer=customer, email="carla@acme.example")
    return customer, contact


def account_for(person, now, *, smtp=0, imap=0, address="rosa@ours.example", **more):
    values = {
        "address": address, "user": address, "smtp_host": "127.0.0.1" if smtp else "", "smtp_port": smtp or 465,
        "smtp_security": "plain", "imap_host": "127.0.0.1" if imap else "", "imap_port": imap or 993,
        "imap_security": "plain", **more,
    }  # fmt: skip
    by = person or more.pop("by", None)
    return mail_accounts.keep(MailAccount(owner=person), values, password=PASSWORD, by=by, at=now)


def write(cast, acme, now, **changes):
    customer, contact = acme
    values = {"to": ["carla@acme.example"], "subject": "Offer", "text": "Here it is.", "cc": []}
    draft = Draft(**{**values, **{name: changes.pop(name) for name in list(changes) if name in values}})
    return emails.write(draft, customer=customer, contact=contact, by=cast.rep, at=now, **changes)


def letter(**headers):
    text = headers.pop("text", "Thank you.")
    given = {"From": "Carla <carla@acme.example>", "To": "rosa@ours.example", "Subject": "Re: Offer", **headers}
    return "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in given.items()) + f"\n{text}\n"


def test_a_letter_leaves_once_through_ones_own_account_and_is_an_activity_when_it_has(cast, acme, now, inside):
    with smtp_server() as (post, port):
        account_for(cast.rep, now, smtp=port)
        email = write(cast, acme, now, cc=["boss@acme.example"], submission="form-1")
        assert write(cast, acme, now, submission="form-1") == email
        assert Activity.objects.count() == 0
        assert [email_sending.send_next(now), email_sending.send_next(now + timedelta(days=1))] == [True, False]
    (sent,) = post.letters
    email.refresh_from_db()
    assert (sent["From"], sent["To"], sent["Cc"]) == (
        "Rosa Rep <rosa@ours.example>", "carla@acme.example", "boss@acme.example",
    )  # fmt: skip
    assert sent["X-Envelope-To"] == "carla@acme.example, boss@acme.example"
    assert sent["Message-ID"] == email.message_id
    assert naming.nonces_in(sent["Message-ID"]) == [email.nonce]
    assert (email.state, email.attempts) == ("sent", 1)
    activity = Activity.objects.get()
    assert (activity.type, activity.direction, activity.subject, activity.owner) == (
        "email", "outbound", "Offer", cast.rep,
    )  # fmt: skip
    assert list(activity.contacts.all()) == [acme[1]]
    assert PASSWORD not in MailAccount.objects.get().locked_password
    assert not [event for event in Event.objects.all() if PASSWORD in str(event.data)]


def test_what_cannot_be_sent_says_why_and_can_be_tried_again(cast, acme, now, inside):
    with smtp_server() as (post, port):
        account = account_for(cast.rep, now, smtp=port)
        never, later = write(cast, acme, now, to=["x@refused.example"]), write(cast, acme, now, to=["x@busy.example"])
        assert email_sending.send_next(now)
        assert email_sending.send_next(now)
        never.refresh_from_db()
        later.refresh_from_db()
        said = "The server does not take mail for x@refused.example: No such user here."
        assert (never.state, never.problem, never.due_at) == ("failed", said, None)
        assert (later.state, later.due_at) == ("waiting", now + timedelta(minutes=1))
        assert "Come back later" in later.problem
        assert Notification.objects.get(receiver=cast.rep).values["reason"] == said
        assert Activity.objects.count() == 0
        Email.objects.update(to=["carla@acme.example"])
        emails.try_again(never, by=cast.rep, at=now + timedelta(minutes=1))
        while email_sending.send_next(now + timedelta(minutes=1)):
            pass
        assert len(post.letters) == 2
        mail_accounts.keep(account, {"user": "rosa@ours.example"}, password="wrong", by=cast.rep, at=now)
        tried = mail_accounts.try_out(account)
        assert (tried.sending, tried.reading) == ("The server refused the user name or the password.", None)


def test_a_worker_that_died_after_sending_sends_the_same_letter_again_and_no_other(cast, acme, now):
    email = write(cast, acme, now)
    claimed = email_sending._claim(now)
    assert email_sending.send_next(now) is False  # somebody is at it
    email_sending.mail_sending.send(claimed)  # and dies before it says so
    assert email_sending.send_next(now + email_sending.LEASE)
    first, second = django_mail.outbox
    assert first.message()["Message-ID"] == second.message()["Message-ID"] == email.message_id
    assert first.message()["Date"] == second.message()["Date"]
    assert (first.from_email, first.reply_to) == ("Rosa Rep <crm@localhost>", ["Rosa Rep <rosa.rep@example.com>"])
    assert email_sending.send_next(now + timedelta(days=3)) is False


def test_private_servers_are_not_asked_and_who_wants_no_mail_gets_none(cast, acme, now, client):
    account = account_for(cast.rep, now, smtp=25, smtp_security="tls")
    assert mail_accounts.try_out(account).sending == "127.0.0.1 is not on the public internet."
    acme[1].do_not_contact = True
    acme[1].save()
    with pytest.raises(ValidationError, match="does not want to be contacted") as refused:
        write(cast, acme, now)
    assert list(refused.value.message_dict) == ["to"]
    assert Email.objects.count() == 0
    client.force_login(cast.rep)
    begun = client.get(reverse("email-new"), {"contact": acme[1].pk}).content.decode()
    assert "does not want to be contacted" in begun  # before anything is written
    # A kept password never goes to another server than the one it was given for.
    mail_accounts.keep(account, {"smtp_host": "mail.elsewhere.example"}, password="", by=cast.rep, at=now)
    assert account.locked_password == ""


def test_answers_are_filed_where_the_letter_was_and_seen_by_their_owner_alone(cast, acme, now, inside):
    customer, contact = acme
    with imap_server() as (mailbox, port):
        mailbox.put(letter(Message_ID="<old@acme>"))
        account = account_for(cast.rep, now, imap=port)
        mail_receiving.receive(account, now)  # from now on: what was there before stays there
        assert (account.problem, IncomingMail.objects.count()) == ("", 0)
        email = write(cast, acme, now)
        email_sending.send_next(now)
        for number in range(3):
            mailbox.put(
                letter(From="assistant@other.example", Message_ID=f"<{number}@acme>", In_Reply_To=email.message_id)
            )
        mailbox.put(letter(From="friend@home.example", Subject="Dinner", Message_ID="<private@home>"))
        mailbox.cut_after = 2
        mail_receiving.receive(account, now)
        assert "failed" in account.problem or "answered" in account.problem
        assert IncomingMail.objects.count() == 2
        mail_receiving.receive(account, now)
        del mailbox.letters[1]
        mailbox.number_anew()
        mail_receiving.receive(account, now)
    answers = Email.objects.filter(direction="inbound")
    assert [(each.owner, each.customer, each.contact, each.answers) for each in answers] == [
        (cast.rep, customer, contact, email)
    ] * 3
    assert list(IncomingMail.objects.order_by("pk").values_list("state", flat=True)) == ["filed"] * 3 + ["ignored"]
    assert not any(bytes(mail.raw) for mail in IncomingMail.objects.all())
    assert Activity.objects.count() == 1  # ours
    assert set(mailbox.seen) == {"CAPABILITY", "LOGIN", "EXAMINE", "UID", "LOGOUT"}  # nothing is marked there
    told = Notification.objects.filter(receiver=cast.rep).first()
    assert told.message % told.values == "Carla Contact answered your mail."

    for person in (cast.teammate, cast.manager, cast.administrator):
        assert customer in type(customer).objects.visible_to(person)
        assert not Email.objects.visible_to(person).filter(direction="inbound").exists()
        assert "Re: Offer" not in shown_to(person, customer)
    assert shown_to(cast.rep, customer).count("Re: Offer") == 3
    emails.share(answers[0], by=cast.rep, at=now)
    assert shown_to(cast.teammate, customer).count("Re: Offer") == 1
    assert shown_to(cast.rep, customer).count("Re: Offer") == 3
    assert Email.objects.visible_to(cast.teammate).filter(direction="inbound").count() == 1
    assert not Email.objects.editable_by(cast.teammate).exists()
    emails.keep_private(answers[0], by=cast.rep, at=now)
    assert "Re: Offer" not in shown_to(cast.teammate, customer)


def shown_to(person, customer):
    client = Client()
    client.force_login(person)
    page = client.get(reverse("customer-timeline", args=[customer.pk])).content.decode()
    assert len(timeline.page(person, customer)[0]) < 20
    return page


BOUNCE = """From: MAILER-DAEMON@relay.example
To: rosa@ours.example
Subject: Undelivered
Message-ID: <{name}@relay.example>
Return-Path: <>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; carla@acme.example
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 unknown user
--b
Content-Type: text/rfc822-headers

Message-ID: {returned}
Subject: Offer
--b--
"""


def test_bounces_absence_notes_loops_and_hostile_letters(cast, acme, now, inside):
    with imap_server() as (mailbox, port):
        account = account_for(None, now, imap=port, by=cast.administrator, address="crm@ours.example", takes_tags=True)
        mail_receiving.receive(account, now)
        email = write(cast, acme, now)
        email_sending.send_next(now)
        tagged = naming.reply_address("crm@ours.example", email.nonce)
        assert django_mail.outbox[0].reply_to == [f"Rosa Rep <{tagged}>"]
        forged = email.message_id.replace(email.nonce, "0" * 20)
        mailbox.put(BOUNCE.format(name="late", action="delayed", returned=email.message_id))
        mailbox.put(BOUNCE.format(name="forged", action="failed", returned=forged))
        mailbox.put(letter(Message_ID="<away@acme>", To=tagged, Auto_Submitted="auto-replied", Subject="Away"))
        mailbox.put(letter(Message_ID=email.message_id))  # ours, come back
        mailbox.put(letter(Message_ID="<loop@acme>", X_Loop=naming.host()))
        mailbox.put(b"\x00\xff\xfe no mail at all")
        mailbox.put(b"Subject: nobody sent this\n\nhello")
        mailbox.put(
            b"From: =?x-unknown?B?////?= <carla@acme.example>\nDate: the day before\nSubject: =?gb2312?B?xPq6ww==?=\n"
            b"Message-ID: <bad@acme>\nContent-Type: multipart/alternative; boundary=q\n\n--q\n"
            b"Content-Type: text/calendar\n\n"
            b"BEGIN:VCALENDAR\n--q\nContent-Type: text/html; charset=nonsense\n\n<p onclick='x()'>Hi <b>you</b>"
            b"<script>alert(1)</script> <a href='https://evil.example/'>bank</a></p>"
        )
        mail_receiving.receive(account, now)
        email.refresh_from_db()
        assert email.state == "sent"
        mailbox.put(BOUNCE.format(name="final", action="failed", returned=email.message_id))
        mail_receiving.receive(account, now)
    email.refresh_from_db()
    assert (email.state, email.problem) == ("bounced", "5.1.1; smtp; 550 unknown user")
    assert email.activity.outcome == "not_reached"
    with pytest.raises(ValidationError, match="the address is invalid"):
        write(cast, acme, now)
    bad, away = Email.objects.filter(direction="inbound").order_by("-pk")
    assert (away.subject, away.is_automatic, away.is_shared, away.owner, away.answers) == (
        "Away", True, False, cast.rep, email,
    )  # fmt: skip
    assert (bad.subject, bad.text, bad.at, bad.is_shared, bad.owner) == (
        "您好", "Hi you bank <https://evil.example/>", now, True, cast.rep,
    )  # fmt: skip
    unreadable = IncomingMail.objects.unreadable().order_by("pk")
    assert [mail.reason for mail in unreadable] == ["It does not say who sent it."] * 2
    assert unreadable[1].heading == "Subject: nobody sent this"
    assert Activity.objects.count() == 2  # ours, and the one with the broken date


def test_a_blind_copy_to_the_organisations_account_is_filed_for_whoever_wrote_it(cast, acme, now, inside):
    with imap_server() as (mailbox, port):
        account = account_for(None, now, imap=port, by=cast.administrator, address="crm@ours.example")
        mail_receiving.receive(account, now)
        ours = {"From": "rosa.rep@example.com", "To": "carla@acme.example", "Message-ID": "<bcc@ours>"}
        mailbox.put(letter(**ours))
        mailbox.put(letter(**{**ours, "From": "olaf.outsider@example.com", "Message-ID": "<not-his@ours>"}))
        make_customer(cast.outsider)
        mail_receiving.receive(account, now)
    filed = Email.objects.get()
    assert (filed.owner, filed.direction, filed.state, filed.contact, filed.is_shared) == (
        cast.rep, "outbound", "sent", acme[1], False,
    )  # fmt: skip


def test_the_name_of_the_sender_is_readable_on_the_page_and_encoded_in_the_letter(settings):
    settings.DEFAULT_FROM_EMAIL = "Yardstick <crm@ours.example>"
    sender = mail_sending.sender_of(None, "李娜, Sales")
    assert sender == '"李娜, Sales" <crm@ours.example>'
    header = EmailMessage(from_email=sender, to=["a@b.example"]).message()["From"]
    assert (header.isascii(), header.endswith("<crm@ours.example>")) == (True, True)
    assert str(make_header(decode_header(parseaddr(header)[0]))) == "李娜, Sales"


def test_who_writes_for_a_colleague_signs_with_their_own_name(cast, acme):
    client = Client()
    client.force_login(cast.manager)
    template = MailTemplate.objects.create(name="Hello", subject="Hi", body="{writer.name}, also for {owner.name}")
    page = client.get(reverse("email-text"), {"template": template.pk, "customer": acme[0].pk}).content.decode()
    assert f"{cast.manager.name}, also for Rosa Rep" in page


def test_fields_are_filled_in_once_and_what_is_missing_is_named_and_not_sent(cast, acme):
    customer, contact = acme
    contact.name = "{owner.name} {{ settings.SECRET_KEY }}"
    contact.save()
    template = MailTemplate.objects.create(
        name="Hello", subject="For {customer.name}", body="Dear {contact.name}, in {customer.city}? {owner.name}"
    )
    client = Client()
    client.force_login(cast.rep)
    page = client.get(reverse("email-text"), {"template": template.pk, "customer": customer.pk}).content.decode()
    assert "Nothing is known for {customer.city}." in page
    assert "Dear {owner.name} {{ settings.SECRET_KEY }}, in {customer.city}? Rosa Rep" in page
    sent = {"customer": customer.pk, "to": "Carla@acme.example", "subject": "Hi {contact.name}", "submit_once": "1"}
    refused = client.post(reverse("email-new"), {**sent, "text": "{customer.city} {contact.password} {nobody}"})
    assert refused.status_code == 422
    assert "There are no fields {contact.password}, {nobody}." in refused.content.decode()
    assert "Nothing is known for {customer.city}." in refused.content.decode()
    assert Email.objects.count() == 0
    assert client.post(reverse("email-new"), {**sent, "text": "For {customer.name}"}).status_code == 302
    assert client.post(reverse("email-new"), {**sent, "text": "For {customer.name}"}).status_code == 302
    email = Email.objects.get()
    assert (email.to, email.text, email.contact, email.is_shared) == (
        ["carla@acme.example"],
        "For Acme Ltd",
        contact,
        False,
    )
    with pytest.raises(ValidationError, match=r"There are no fields \{contact.nme\}"):
        MailTemplate(name="X", subject="{contact.nme}", body="x").full_clean()


def test_what_a_stranger_wrote_in_braces_is_never_filled_in(cast, acme):
    asked = Email.objects.create(
        owner=cast.rep, customer=acme[0], contact=acme[1], direction="inbound", state="received", at=acme[0].created_at,
        sender="carla@acme.example", to=["rosa@ours.example"], subject="{owner.email}", text="{owner.email} {x}",
    )  # fmt: skip
    client = Client()
    client.force_login(cast.rep)
    page = client.get(reverse("email-new"), {"answers": asked.pk}).content.decode()
    assert "&gt; {owner.email} {x}" in page
    sent = {"customer": acme[0].pk, "to": "carla@acme.example", "subject": "Re: {owner.email}", "answers": asked.pk}
    answer = client.post(reverse("email-new"), {**sent, "text": "{owner.name}\n> {owner.email} {x}"})
    assert answer.status_code == 302
    written = Email.objects.get(direction="outbound")
    assert (written.subject, written.text) == ("Re: {owner.email}", "Rosa Rep\n> {owner.email} {x}")


def test_the_account_page_tells_in_words_and_never_shows_the_password(cast, now, inside):
    client = Client()
    client.force_login(cast.rep)
    with smtp_server() as (_post, port):
        form = {
            "address": "rosa@ours.example", "user": "rosa", "password": PASSWORD, "smtp_host": "127.0.0.1",
            "smtp_port": port, "smtp_security": "plain", "imap_port": 993, "imap_security": "tls", "folder": "INBOX",
            "is_active": "on",
        }  # fmt: skip
        assert client.post(reverse("mail-account"), {**form, "smtp_host": ""}).status_code == 422
        assert client.post(reverse("mail-account"), form).status_code == 302
        tested = client.post(reverse("mail-account-test"), follow=True)
    assert "Sending works." in tested.content.decode()
    assert PASSWORD not in tested.content.decode()
    other = Client()
    other.force_login(cast.administrator)
    assert "rosa@ours.example" not in other.get(reverse("mail-account")).content.decode()
    assert "rosa@ours.example" not in other.get("/admin/crm/mailaccount/").content.decode()
    client.post(reverse("mail-account-removal"))
    assert MailAccount.objects.count() == 0


def test_an_administrator_looks_at_a_template_with_a_real_record(cast, acme):
    client = Client()
    client.force_login(cast.administrator)
    template = MailTemplate.objects.create(name="Hello", subject="For {customer.name}", body="In {customer.city}")
    url = reverse("admin:crm_mailtemplate_preview", args=[template.pk])
    assert client.get(reverse("admin:crm_mailtemplate_change", args=[template.pk])).status_code == 200
    page = client.get(url, {"record": f"contact:{acme[1].pk}"}).content.decode()
    assert "For Acme Ltd" in page
    assert "{customer.city}" in page
    account = {
        "address": "crm@ours.example", "user": "crm", "password": PASSWORD, "smtp_port": 465, "smtp_security": "tls",
        "imap_host": "imap.ours.example", "imap_port": 993, "imap_security": "tls", "folder": "INBOX",
    }  # fmt: skip
    client.post("/admin/crm/mailaccount/add/", account)
    kept = MailAccount.objects.get()
    assert (kept.owner, kept.password) == (None, PASSWORD)
    assert not [event for event in Event.objects.all() if PASSWORD in str(event.data)]
    assert client.get("/admin/crm/incomingmail/").status_code == 200
