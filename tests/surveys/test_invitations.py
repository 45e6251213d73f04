"""Who is asked, who is not and why, and what the mail says."""

import hashlib
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from threading import Barrier, Thread

import pytest
from django.core import mail
from django.db import connection

from crm.events import delivering
from crm.models import Delivery, EventLink
from customers.actions import consents
from customers.models import Purpose
from service.actions import tickets
from surveys.actions import invitations
from surveys.actions import mail as survey_mail
from surveys.models import Invitation, Survey
from tests.factories.service import a_contact, a_customer
from tests.factories.surveys import a_resolved_ticket, an_invitation, deliver, the_survey

DAY = timedelta(days=1)


def outcome() -> tuple[str, str]:
    invitation = Invitation.objects.get()
    return invitation.state, invitation.reason


@pytest.mark.django_db
class TestWhoIsAsked:
    def test_the_contact_of_a_resolved_ticket_is_asked_by_mail(self, cast, now):
        ticket = a_resolved_ticket(cast.agent, now)
        deliver(now)
        invitation = Invitation.objects.get()
        assert (invitation.state, invitation.ticket, invitation.customer) == ("sent", ticket, ticket.customer)
        assert invitation.survey.code == "csat"
        assert invitation.invited_at == now
        assert invitation.expires_at == invitation.sent_at + 30 * DAY
        assert [message.to for message in mail.outbox] == [["carla@acme.example"]]

    def test_it_stands_on_the_timelines_of_ticket_contact_and_customer(self, cast, now):
        ticket = a_resolved_ticket(cast.agent, now)
        deliver(now)
        links = EventLink.objects.filter(event__type="invitation.sent").values_list("kind", "object_id")
        assert {("ticket", ticket.pk), ("contact", ticket.contact_id), ("customer", ticket.customer_id)} < set(links)

    def test_credited_is_whoever_had_the_ticket_when_it_was_resolved(self, cast, now):
        ticket = a_resolved_ticket(cast.agent, now)
        tickets.assign(ticket=ticket, owner=cast.outsider, by=cast.agent, at=now + timedelta(minutes=1))
        deliver(now + timedelta(minutes=2))
        invitation = Invitation.objects.get()
        assert (invitation.owner, invitation.team) == (cast.agent, cast.north)

    def test_somebody_without_an_email_is_not_asked_and_the_reason_is_kept(self, cast, now):
        a_resolved_ticket(cast.agent, now, a_contact(a_customer(), email=""))
        deliver(now)
        assert outcome() == ("suppressed", "no_email")
        assert Invitation.objects.get().token_hash is None
        assert mail.outbox == []

    def test_somebody_who_wants_no_contact_is_not_asked(self, cast, now):
        a_resolved_ticket(cast.agent, now, a_contact(a_customer(), do_not_contact=True))
        deliver(now)
        assert outcome() == ("suppressed", "do_not_contact")

    def test_somebody_who_asked_for_no_contact_before_the_mail_left_gets_none(self, cast, now):
        contact = a_contact()
        invitations.invite(survey=the_survey(), contact=contact, by=None, at=now)
        type(contact).objects.update(do_not_contact=True)
        deliver(now)
        assert outcome() == ("suppressed", "do_not_contact")
        assert mail.outbox == []

    def test_nobody_is_asked_twice_in_30_days_whatever_the_survey(self, cast, now):
        contact = a_contact(a_customer())
        an_invitation(contact, now, "nps")
        for later, state in ((29 * DAY, "suppressed"), (30 * DAY, "queued")):
            made = invitations.invite(survey=the_survey("csat"), contact=contact, by=None, at=now + later)
            assert made.state == state

    def test_what_was_not_sent_does_not_count_against_the_next(self, cast, now):
        contact = a_contact(a_customer())
        an_invitation(contact, now)
        invitations.invite(survey=the_survey(), contact=contact, by=None, at=now + 20 * DAY)  # suppressed
        assert invitations.invite(survey=the_survey(), contact=contact, by=None, at=now + 31 * DAY).state == "queued"

    def test_a_second_resolution_of_the_same_ticket_asks_nobody_again(self, cast, now):
        ticket = a_resolved_ticket(cast.agent, now)
        deliver(now)
        tickets.reopen(ticket=ticket, by=cast.agent, at=now + DAY)
        tickets.resolve(ticket=ticket, by=cast.agent, at=now + 40 * DAY)
        deliver(now + 40 * DAY)
        assert Invitation.objects.count() == len(mail.outbox) == 1

    def test_nobody_is_asked_about_a_ticket_that_was_reopened_before_the_delivery(self, cast, now):
        ticket = a_resolved_ticket(cast.agent, now)
        tickets.reopen(ticket=ticket, by=cast.agent, at=now)
        deliver(now)
        assert not Invitation.objects.exists()

    def test_nobody_is_asked_when_no_survey_is_active(self, cast, now):
        Survey.objects.update(is_active=False)
        a_resolved_ticket(cast.agent, now)
        deliver(now)
        assert not Invitation.objects.exists()
        assert not Delivery.objects.dead().exists()

    def test_who_sees_which_invitations(self, cast, now):
        north = an_invitation(a_contact(a_customer(name="A")), now, owner=cast.agent)
        south = an_invitation(a_contact(a_customer(name="B")), now, owner=cast.outsider)

        def seen(user):
            return set(Invitation.objects.visible_to(user))

        assert seen(cast.agent) == seen(cast.service_manager) == {north}
        assert seen(cast.outsider) == {south}
        assert seen(cast.analyst) == {north, south}
        assert seen(cast.nobody) == set()


@pytest.mark.django_db
def test_a_withdrawn_consent_and_a_closed_customer_ask_nobody_and_the_reason_is_kept(cast, now):
    closed = a_customer(do_not_contact=True)
    carla = a_contact(a_customer())
    consents.withdraw(carla, purpose=Purpose.objects.get(code="surveys"), by=cast.rep, at=now)
    for contact in (carla, a_contact(closed, name="Dora", email="dora@closed.example")):
        invitations.invite(survey=the_survey(), contact=contact, by=None, at=now)
    deliver(now)
    asked = Invitation.objects.order_by("pk").values_list("state", "reason")
    assert list(asked) == [("suppressed", "withdrawn"), ("suppressed", "customer")]
    assert mail.outbox == []


@pytest.mark.django_db
class TestTheMail:
    def test_it_offers_every_score_as_a_link_in_english(self, cast, now):
        ticket = a_resolved_ticket(cast.agent, now)
        deliver(now)
        message = mail.outbox[0]
        token = Invitation.objects.get().token
        assert message.subject == "How did we do?"
        assert "Dear Carla Contact," in message.body
        assert f"It is about your request {ticket.number}: The printer is on fire" in message.body
        assert "How satisfied are you with the way we handled your request?" in message.body
        for score in range(1, 6):
            assert f"http://localhost:8000/s/{token}/?score={score}" in message.body

    def test_it_is_in_the_contacts_language(self, cast, now):
        contact = a_contact(a_customer(), name="张伟", language="zh-hans")
        a_resolved_ticket(cast.agent, now, contact)
        deliver(now)
        message = mail.outbox[0]
        html = message.alternatives[0].content
        assert message.subject == "您对我们的服务满意吗？"
        for text in (message.body, html):
            assert "您的请求已处理完毕" in text
            assert "您对我们处理此次请求的方式满意吗？" in text
        assert '<html lang="zh-hans">' in html

    def test_what_customers_typed_cannot_become_markup_or_headers(self, cast, now):
        contact = a_contact(a_customer(), name="<b>Bob</b>")
        Survey.objects.filter(code="csat").update(subject_en="Hello\nBcc: x@y.example")
        a_resolved_ticket(cast.agent, now, contact)
        deliver(now)
        message = mail.outbox[0]
        assert message.subject == "Hello Bcc: x@y.example"
        assert "&lt;b&gt;Bob&lt;/b&gt;" in message.alternatives[0].content
        assert "<b>Bob" not in message.alternatives[0].content

    def test_only_the_hash_of_the_link_is_stored(self, cast, now):
        invitation = an_invitation(a_contact(), now)
        token = invitation.token
        assert len(token) == 43  # 256 bits
        assert invitation.token_hash == hashlib.sha256(token.encode()).hexdigest()
        with connection.cursor() as cursor:
            cursor.execute("SELECT row_to_json(i)::text FROM surveys_invitation i")
            assert token not in cursor.fetchone()[0]

    def test_another_secret_key_makes_other_links(self, cast, now, settings):
        invitation = an_invitation(a_contact(), now)
        before = invitation.token
        settings.SECRET_KEY = "another-" + "y" * 50
        assert invitation.token != before

    def test_a_mail_server_that_dies_gets_the_same_mail_again(self, cast, now, monkeypatch):
        """The mail left, and the transaction was lost: same Message-ID and same link on the next attempt."""
        a_resolved_ticket(cast.agent, now)
        whole = survey_mail.EmailMultiAlternatives.send

        def send_and_die(message, *args, **kwargs):
            whole(message, *args, **kwargs)
            if len(mail.outbox) == 1:
                raise SMTPServerDisconnected("connection lost after DATA")

        monkeypatch.setattr(survey_mail.EmailMultiAlternatives, "send", send_and_die)
        deliver(now)
        assert outcome() == ("queued", "")
        assert Invitation.objects.get().token_hash is None
        deliver(now + timedelta(minutes=1))
        assert outcome() == ("sent", "")
        first, second = mail.outbox
        assert first.message()["Message-ID"] == second.message()["Message-ID"]
        assert first.body == second.body

    def test_an_address_the_server_refuses_is_noted_and_not_tried_again(self, cast, now, monkeypatch):
        def refuse(message, *args, **kwargs):
            raise SMTPRecipientsRefused({"carla@acme.example": (550, b"no such user")})

        monkeypatch.setattr(survey_mail.EmailMultiAlternatives, "send", refuse)
        a_resolved_ticket(cast.agent, now)
        deliver(now)
        assert outcome() == ("failed", "refused")
        assert not Delivery.objects.filter(state="pending").exists()


@pytest.mark.django_db(transaction=True)
def test_two_deliveries_at_the_same_moment_ask_a_contact_once(cast, now):
    contact = a_contact(a_customer())
    for _ in range(2):
        a_resolved_ticket(cast.agent, now, contact)
    gate = Barrier(2)

    def work():
        try:
            gate.wait(10)
            delivering.deliver_due(now, limit=1)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(Invitation.objects.values_list("state", "reason")) == [("queued", ""), ("suppressed", "throttled")]
    deliver(now)
    assert len(mail.outbox) == 1
