"""Mailings: what is prepared is sent, once, to whom it may go; each letter has a way out that works."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail as django_mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from crm.actions import mail_accounts
from crm.mail import naming
from crm.models import Event, MailAccount, MailTemplate, Notification, User
from customers.actions import consents, contact_points
from customers.models import Contact, ContactPoint, Purpose, Unsubscription
from customers.models.writing import may_write_to
from customers.models.writing_many import Asked, verdicts
from customers.sales.actions import campaigns, mailing_sending, mailings
from customers.sales.models import LeadConsent, Mailing, MailingRules
from tests import loopback
from tests.crm.mail_servers import PASSWORD, smtp_server
from tests.factories.customers import make_contact, make_customer
from tests.factories.sales import WEDNESDAY, make_campaign, make_lead, make_mailing

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def fair(cast):
    """A campaign of the manager with two contacts, one of whom speaks Chinese, and a lead; all have agreed."""
    campaign = make_campaign(cast.manager)
    customer = make_customer(cast.rep, "Acme Ltd")
    carla = make_contact(cast.rep, "Carla", customer=customer, is_main=True, email="carla@acme.example")
    wei = make_contact(cast.rep, "王伟", customer=customer, email="wei@acme.example", language="zh-hans")
    lead = make_lead(cast.rep, name="Lena Lead", email="lena@lead.example")
    marketing = Purpose.objects.get(code="marketing")
    for person in (carla, wei):
        consents.give(person, purpose=marketing, by=cast.rep, at=WEDNESDAY)
    LeadConsent.objects.create(lead=lead, purpose=marketing, basis="consent", words="Yes", form="Fair", at=WEDNESDAY)
    campaigns.add_members([carla, wei, lead], campaign=campaign, by=cast.manager, at=WEDNESDAY)
    said = {"by": cast.manager, "at": WEDNESDAY}
    return SimpleNamespace(campaign=campaign, customer=customer, carla=carla, wei=wei, lead=lead, said=said)


def prepared(fair, **fields):
    return mailings.prepare(make_mailing(fair.campaign, fair.said["by"], **fields), **fair.said)


def started(fair, **fields):
    return mailings.start(prepared(fair, **fields), **fair.said)


def send_all(at=WEDNESDAY):
    count = 0
    while mailing_sending.send_next(at):
        count += 1
    mailing_sending.finish(at)
    return count


def standing(mailing):
    return {str(each.member): each.why or each.state for each in mailing.letters.select_related("member")}


def test_a_planned_campaign_runs_from_its_first_letter_on_and_one_that_ended_stays_so(cast, fair):
    campaigns.update(fair.campaign, {"state": "planned"}, **fair.said)
    mailings.start(prepared(fair), starts_at=WEDNESDAY + MINUTE, **fair.said)
    assert send_all(WEDNESDAY) == 0
    fair.campaign.refresh_from_db()
    assert fair.campaign.state == "planned"
    assert send_all(WEDNESDAY + MINUTE) == 3
    fair.campaign.refresh_from_db()
    assert fair.campaign.state == "running"
    told = Event.objects.filter(type="campaign.updated", subject_id=fair.campaign.pk).order_by("pk").last()
    assert (told.data["state"], told.by) == (["planned", "running"], cast.manager)

    campaigns.update(fair.campaign, {"state": "ended"}, **fair.said)
    campaigns.begin(fair.campaign, **fair.said)
    fair.campaign.refresh_from_db()
    assert fair.campaign.state == "ended"


def test_everybody_who_gets_none_is_told_why_before_anything_leaves(cast, fair):
    marketing = Purpose.objects.get(code="marketing")
    people = {}
    for name in ("asked_not", "closed", "opted_out", "invalid", "withdrew", "silent", "no_email", "twice", "recent"):
        email = {"no_email": "", "twice": "carla@acme.example"}.get(name, f"{name}@x.example")
        customer = make_customer(cast.rep, name, do_not_contact=name == "closed")
        people[name] = make_contact(cast.rep, name, customer=customer, email=email)
        if name != "silent":
            consents.give(people[name], purpose=marketing, by=cast.rep, at=WEDNESDAY)
    campaigns.add_members(people.values(), campaign=fair.campaign, **fair.said)
    Contact.objects.filter(pk=people["asked_not"].pk).update(do_not_contact=True, do_not_contact_reason="asked")
    for name, said in {"opted_out": {"opted_out": True}, "invalid": {"validity": "invalid"}}.items():
        contact_points.add(people[name], type="email", value=f"{name}@x.example", by=cast.rep, at=WEDNESDAY, **said)
    consents.withdraw(people["withdrew"], purpose=marketing, by=cast.rep, at=WEDNESDAY + MINUTE)
    discarded = make_lead(cast.rep, name="gone", email="gone@x.example")
    type(discarded).objects.filter(pk=discarded.pk).update(state="discarded", reason="spam")
    hidden = make_contact(cast.outsider, "Hidden Harry", email="harry@x.example")
    campaigns.add_members([discarded, hidden, make_lead(cast.rep, name="mute", email="mute@x.example")],
                          campaign=fair.campaign, **fair.said)  # fmt: skip
    earlier = prepared(fair)
    earlier.letters.filter(member__contact=people["recent"]).update(state="sent", sent_at=WEDNESDAY - timedelta(days=6))
    nameless = MailTemplate.objects.create(
        name="City", language="zh-hans", subject="{contact.name}", body="您好，{customer.city}的朋友"
    )
    english = MailTemplate.objects.get(name="News")
    mailing = prepared(fair, templates=[english, nameless])
    assert standing(mailing) == {
        "Carla": "waiting", "Lena Lead": "waiting", "王伟": "missing", "asked_not": "do_not_contact",
        "closed": "customer", "opted_out": "opted_out", "invalid": "invalid", "withdrew": "withdrawn",
        "silent": "no_consent", "mute": "no_consent", "no_email": "no_email", "twice": "twice", "recent": "recent",
        "gone": "discarded",
    }  # fmt: skip
    assert mailing.out_of_sight == 1
    assert mailing.letters.get(why="missing").problem == "Nothing is known for {customer.city}."
    asked = [Asked(each.email, (each,)) for each in Contact.objects.all()]
    alone = [may_write_to(each, "marketing") for each in Contact.objects.all()]
    assert verdicts(asked, "marketing") == alone
    assert django_mail.outbox == []


def test_what_was_looked_at_leaves_once_and_who_said_no_since_is_left_out_and_told(cast, fair):
    mailing = started(fair)
    Contact.objects.filter(pk=fair.carla.pk).update(name="Carla New")
    consents.withdraw(fair.wei, purpose=Purpose.objects.get(code="marketing"), by=cast.rep, at=WEDNESDAY + MINUTE)
    assert (send_all(), send_all(WEDNESDAY + timedelta(days=1))) == (3, 0)
    assert [(one.to, one.subject) for one in django_mail.outbox] == [
        (["carla@acme.example"], "News for Carla"), (["lena@lead.example"], "News for Lena Lead"),
    ]  # fmt: skip
    first = django_mail.outbox[0]
    letter = mailing.letters.get(address="carla@acme.example")
    assert first.extra_headers["Message-ID"] == naming.message_id(letter.nonce)
    url = f"https://crm.example{reverse('unsubscription', args=[letter.token])}"
    assert url.partition("/m/")[2] in first.extra_headers["List-Unsubscribe"]
    assert first.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert reverse("unsubscription", args=[letter.token]) in first.body
    mailing.refresh_from_db()
    figures = mailing.letters.all().figures()
    assert mailing.state == "done"
    assert {name: figures[name] for name in ("planned", "sent", "waiting", "late", "excluded")} == {
        "planned": 3, "sent": 2, "waiting": 0, "late": 1, "excluded": 0,
    }  # fmt: skip
    assert Notification.objects.get(receiver=cast.manager, key=f"mailing-done:{mailing.pk}").values["late"] == "1"
    states = set(fair.campaign.members.values_list("contact__email", "state"))
    assert states == {("carla@acme.example", "sent"), ("wei@acme.example", "planned"), (None, "sent")}
    assert Event.objects.filter(type="contact.mailing_left_out", subject_id=fair.wei.pk).count() == 1


def test_as_many_a_minute_as_the_rules_say_and_no_letter_after_it_was_stopped_or_its_worker_died(fair):
    MailingRules.objects.create(per_minute=1)
    mailing = started(fair)
    assert send_all() == 1
    assert send_all(WEDNESDAY + MINUTE) == 1
    mailings.stop(mailing, **fair.said)
    assert send_all(WEDNESDAY + 2 * MINUTE) == 0
    mailings.go_on(mailing, **fair.said)
    claimed = mailing_sending._claim(WEDNESDAY + 3 * MINUTE)  # and its worker dies
    for minutes in (4, 20):
        mailing_sending.give_up_claims(WEDNESDAY + minutes * MINUTE)
        send_all(WEDNESDAY + minutes * MINUTE)
    claimed.refresh_from_db()
    mailing.refresh_from_db()
    assert (claimed.state, claimed.problem) == ("failed", mailing_sending.UNCERTAIN)
    assert (len(django_mail.outbox), mailing.state) == (2, "done")


def test_a_server_that_refuses_us_stops_the_mailing_and_one_that_knows_no_such_address_does_not(cast, fair, settings):
    settings.OUTGOING_NETWORKS = loopback.NETWORKS
    User.objects.filter(pk=cast.manager.pk).update(language="zh-hans")  # who reads what went wrong
    Contact.objects.filter(pk=fair.carla.pk).update(email="carla@refused.example")
    with smtp_server() as (post, port):
        values = {"address": "us@ours.example", "user": "us@ours.example", "smtp_host": "127.0.0.1",
                  "smtp_port": port, "smtp_security": "plain"}  # fmt: skip
        account = mail_accounts.keep(MailAccount(), values, password=PASSWORD, by=cast.manager, at=WEDNESDAY)
        mailing = started(fair)
        assert send_all() == 3
        assert {str(one["To"]) for one in post.letters} == {"wei@acme.example", "lena@lead.example"}
        assert post.letters[0]["From"] == "Mia Manager <us@ours.example>"
        assert ContactPoint.objects.get(value="carla@refused.example").is_invalid
        again = mailings.prepare(make_mailing(fair.campaign, cast.manager), **fair.said)
        MailingRules.objects.create(quiet_days=0)
        again = mailings.prepare(again, **fair.said)
        mail_accounts.keep(account, {"user": "us@ours.example"}, password="wrong", by=cast.manager, at=WEDNESDAY)
        mailings.start(again, **fair.said)
        for hours in range(3):
            send_all(WEDNESDAY + timedelta(hours=1 + hours))
    again.refresh_from_db()
    assert (mailing.letters.get(state="failed").address, len(post.letters)) == ("carla@refused.example", 2)
    assert (again.state, again.problem) == ("stopped", "服务器拒绝了用户名或密码。")
    waiting = again.letters.filter(state="waiting")
    assert list(waiting.values_list("language", "problem")) == [("en", again.problem)] * 2


def test_nothing_starts_that_somebody_else_prepared_or_changed_or_that_has_nobody(cast, fair):
    mailing = prepared(fair)
    later = mailings.prepare(mailing, by=cast.administrator, at=WEDNESDAY)
    with pytest.raises(ValidationError, match="Prepare it and look"):
        mailings.start(later, **fair.said)
    with pytest.raises(Exception, match="changed by somebody else"):
        mailings.start(later, by=cast.administrator, at=WEDNESDAY, version=mailing.version)
    with pytest.raises(ValidationError, match="in the past"):
        mailings.start(later, by=cast.administrator, at=WEDNESDAY, starts_at=WEDNESDAY - MINUTE)
    with pytest.raises(ValidationError, match="nobody"):
        started(fair, purpose=Purpose.objects.create(code="news", name="News", needs_consent=True))
    with pytest.raises(ValidationError, match="not for this purpose"):
        make_mailing(fair.campaign, cast.manager, purpose=Purpose.objects.get(code="letters"))
    assert set(Mailing.objects.values_list("state", flat=True)) == {"draft"}
    at_a_time = mailings.start(prepared(fair), starts_at=WEDNESDAY + MINUTE, **fair.said)
    assert (send_all(), send_all(WEDNESDAY + MINUTE)) == (0, 3)
    assert at_a_time.is_planned(WEDNESDAY)


def test_looking_at_the_link_does_nothing_one_click_unsubscribes_and_it_can_be_taken_back(fair):
    mailing = started(fair)
    send_all()
    letter = mailing.letters.get(address="carla@acme.example")
    url, public = reverse("unsubscription", args=[letter.token]), Client(enforce_csrf_checks=True)
    assert "Shall carla@acme.example" in public.get(url).content.decode()
    assert not Unsubscription.objects.exists()
    for _time in range(2):
        assert public.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Unsubscription.objects.in_force().get().address == "carla@acme.example"
    assert mailing.letters.all().figures()["unsubscribed"] == 1
    assert may_write_to(fair.carla, "marketing").reason == "opted_out"
    assert may_write_to(fair.carla, "letters")
    staff = Client()
    staff.force_login(fair.carla.owner)
    page = staff.get(fair.carla.get_absolute_url()).content.decode()
    assert "carla@acme.example was unsubscribed by the link of a mailing." in page
    MailingRules.objects.create(quiet_days=0)
    assert standing(prepared(fair))["Carla"] == "opted_out"
    assert "不再收到" in public.get(f"{url}?lang=zh-hans").content.decode()
    public.post(url, {"wants": "mailings"})
    assert Unsubscription.objects.get().undone_at is not None
    assert may_write_to(fair.carla, "marketing")
    told = Event.objects.filter(subject_kind="contact", type__contains="subscribed").order_by("pk")
    assert [event.type for event in told] == ["contact.unsubscribed", "contact.subscribed_again"]
    assert [public.post(url).status_code for _time in range(8)][-1] == 429
    assert public.get(reverse("unsubscription", args=["test"])).status_code == 200
    assert public.post(reverse("unsubscription", args=["x" * 43])).status_code == 404
    assert Unsubscription.objects.count() == 2
