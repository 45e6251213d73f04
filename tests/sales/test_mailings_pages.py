"""What comes back of a mailing, who may send one, and what its pages and the API show to whom."""

from __future__ import annotations

import pytest
from django.core import mail as django_mail
from django.urls import reverse
from django.utils import timezone

from crm.actions import mail_receiving
from crm.mail import naming
from crm.models import IncomingMail, MailAccount, MailTemplate
from customers.models import ContactPoint, Email
from customers.sales.actions import campaigns, mailings
from customers.sales.models import LeadSettings, Mailing, MailingLetter
from tests.factories.customers import make_contact
from tests.factories.sales import WEDNESDAY, make_mailing
from tests.sales.test_mailings import fair, prepared, send_all, standing, started  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def arrives(account, at=WEDNESDAY, text="Thank you.", **headers):
    given = {"To": account.address, "Subject": "Re: News", "Message-ID": f"<{IncomingMail.objects.count()}@x.example>"}
    heads = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in {**given, **headers}.items())
    raw = f"{heads}\n{text}\n".encode()
    row = IncomingMail.objects.create(
        account=account, validity=1, uid=IncomingMail.objects.count() + 1, raw=raw, size=len(raw), fetched_at=at
    )
    mail_receiving.file(row.pk, at)
    row.refresh_from_db()
    return row.state


def test_answers_are_filed_as_usual_and_are_responses_machines_are_not_and_bounces_mark_the_address(cast, fair):  # noqa: F811
    mailing = started(fair)
    send_all()
    account = MailAccount.objects.create(address="us@ours.example", imap_host="mail.ours.example")
    LeadSettings.objects.create(takes_mail=True, person=cast.rep)
    named = {each.address: naming.message_id(each.nonce) for each in mailing.letters.all()}
    lead, carla, wei = named["lena@lead.example"], named["carla@acme.example"], named["wei@acme.example"]
    away = {"From": "wei@acme.example", "In_Reply_To": wei, "Auto_Submitted": "auto-replied"}
    assert arrives(account, **away) == "filed"
    assert not mailing.letters.filter(answered_at__isnull=False).exists()
    assert arrives(account, From="Carla <carla@acme.example>", In_Reply_To=carla) == "filed"
    assert arrives(account, From="lena@lead.example", References=lead) == "filed"
    assert Email.objects.get(sender__contains="carla").contact == fair.carla
    assert fair.lead.letters.get().subject == "Re: News"
    report = (
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
        "Final-Recipient: rfc822; wei@acme.example\nAction: failed\nStatus: 5.1.1\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {wei}\n\n--b--\n"
    )
    bounce = {
        "From": "mailer-daemon@x.example",
        "Content_Type": "multipart/report; report-type=delivery-status; boundary=b",
    }
    assert arrives(account, text=report, **bounce) == "filed"
    assert ContactPoint.objects.get(value="wei@acme.example").is_invalid
    figures = mailing.letters.all().figures()
    assert {name: figures[name] for name in ("sent", "answered", "bounced")} == {"sent": 3, "answered": 2, "bounced": 1}
    states = dict(fair.campaign.members.values_list("contact__name", "state"))
    assert states == {"Carla": "responded", "王伟": "sent", None: "responded"}


def test_a_manager_prepares_looks_tries_and_sends_on_the_pages(client, cast, fair):  # noqa: F811
    MailTemplate.objects.create(name="News", language="zh-hans", subject="{contact.name} 的消息", body="您好")
    hidden = make_contact(cast.outsider, "Hidden Harry", email="harry@x.example")
    campaigns.add_members([hidden], campaign=fair.campaign, by=cast.outsider, at=WEDNESDAY)
    client.force_login(cast.manager)
    new = reverse("mailing-new", args=[fair.campaign.pk])
    english = make_mailing(fair.campaign, cast.manager, at=WEDNESDAY).texts.get().template_id
    chinese = MailTemplate.objects.get(language="zh-hans").pk
    purpose = Mailing.objects.get().purpose_id
    Mailing.objects.all().delete()
    assert "Template in Chinese" in client.get(new).content.decode() or client.get(new).status_code == 200
    said = {"name": "Spring", "purpose": purpose}
    assert client.post(new, said).status_code == 422
    client.post(new, {**said, "template_en": english, "template_zh_hans": chinese})
    mailing = Mailing.objects.get()
    page, start = mailing.get_absolute_url(), reverse("mailing-start", args=[mailing.pk])
    assert client.post(start, {"version": mailing.version}).status_code == 422
    client.post(reverse("mailing-preparation", args=[mailing.pk]))
    shown = client.get(page).content.decode()
    for words in ("As Carla gets it", "News for Carla", "王伟 的消息", "1 member is out of sight"):
        assert words in shown, words
    assert "Hidden Harry" not in shown
    letter = mailing.letters.get(address="carla@acme.example")
    client.post(reverse("mailing-test-letter", args=[mailing.pk]), {"letter": letter.pk})
    (test,) = django_mail.outbox
    assert (test.to, test.subject) == (["mia.manager@example.com"], "[Test] News for Carla")
    assert reverse("unsubscription", args=["test"]) in test.body
    mailing.refresh_from_db()
    assert client.post(start, {"version": mailing.version - 1}).status_code == 409
    client.post(start, {"version": mailing.version, "starts_at": ""})
    assert send_all(timezone.now()) == 3
    assert {one.to[0] for one in django_mail.outbox[1:]} == {each.address for each in mailing.letters.all()}
    campaign = client.get(fair.campaign.get_absolute_url()).content.decode()
    assert reverse("mailing-letters", args=[mailing.pk, "sent"]) in campaign
    behind = client.get(reverse("mailing-letters", args=[mailing.pk, "sent"])).content.decode()
    assert "carla@acme.example" in behind
    client.force_login(cast.outsider)
    behind = client.get(reverse("mailing-letters", args=[mailing.pk, "sent"])).content.decode()
    assert ("carla@acme.example" in behind, "3 are hidden from you" in behind) == (False, True)


def test_sending_takes_its_own_permission_and_the_api_does_what_the_pages_do(client, cast, fair):  # noqa: F811
    mailing = prepared(fair)
    client.force_login(cast.rep)
    assert client.get(mailing.get_absolute_url()).status_code == 200
    for step in ("preparation", "start", "stop", "resumption", "test-letter", "edit"):
        assert client.post(reverse(f"mailing-{step}", args=[mailing.pk])).status_code == 403, step
        if step not in ("test-letter", "edit"):
            assert client.post(f"/api/v1/mailings/{mailing.pk}/{step}/").status_code == 403, step
    assert standing(mailing)["Carla"] == "waiting"
    client.force_login(cast.manager)
    template = MailTemplate.objects.get()
    body = {"campaign": fair.campaign.pk, "name": "API", "purpose": "marketing", "templates": [template.pk]}
    made = client.post("/api/v1/mailings/", body, "application/json").json()
    api = f"/api/v1/mailings/{made['id']}/"

    def post(verb, **said):
        etag = client.get(api)["ETag"]
        return client.post(f"{api}{verb}/", said, "application/json", headers={"If-Match": etag})

    assert post("start").status_code == 400
    assert post("preparation").status_code == 200
    letters = client.get(f"{api}letters/?figure=planned").json()
    assert [one["subject"] for one in letters] == ["News for Carla", "News for 王伟", "News for Lena Lead"]
    stale = client.post(f"{api}start/", {}, "application/json", headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert post("start").json()["state"] == "running"
    assert post("stop").json()["state"] == "stopped"
    assert client.get(f"{api}figures/").json()["waiting"] == 3
    assert client.patch(api, {"name": "X"}, "application/json", headers={"If-Match": "*"}).status_code == 400
    assert MailingLetter.objects.filter(sent_at__isnull=False).count() == 0
    assert mailings.go_on(Mailing.objects.get(pk=made["id"]), by=cast.manager, at=timezone.now()).is_running


def test_the_mailings_of_all_campaigns_stand_in_a_list_with_what_became_of_them(client, cast, fair):  # noqa: F811
    mailing = started(fair)
    send_all()
    mailing.letters.filter(address="wei@acme.example").update(unsubscribed_at=WEDNESDAY)
    make_mailing(fair.campaign, cast.manager, name="Later")
    client.force_login(cast.rep)
    shown = client.get(reverse("mailing-list"), {"sort": "name"}).context["list"]
    figures = {row.name: row.figures for row in shown.page.rows}
    excluded = mailing.letters.all().figures()["excluded"]
    assert figures == {
        "Later": None,
        mailing.name: {"planned": 3, "sent": 3, "excluded": excluded, "unsubscribed": 1},
    }
    drafts = client.get(reverse("mailing-list"), {"state": "draft"}).context["list"].rows
    assert [row.label for row in drafts] == ["Later"]
