"""Phone, mail and note of leads that a role hides, or only shows: what the canaries (tests/architecture) cannot ask."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from crm.access import fields
from crm.access.grants import access_of
from crm.access.permissions import Level
from crm.events import webhooks
from crm.jobs.custom_fields import reindex_kind
from crm.models import Event, Role, User
from crm.search import finding
from customers.models import Email
from customers.sales.actions import lead_address, leads
from customers.sales.models import Lead, LeadLetter, lead_ad
from tests.factories.customers import make_customer
from tests.factories.sales import make_lead

pytestmark = pytest.mark.django_db
MAIL, PHONE = "zulu@hotel.example", "+8613812345678"


@pytest.fixture
def lead(cast, now):
    return make_lead(cast.rep, email=MAIL, phone=PHONE, note="Wants pumps", organisation="Leadworks", at=now)


def close(cast, level: Level = Level.HIDDEN) -> Role:
    role = Role.objects.get(code="sales_rep")
    for name in ("email", "phone", "note"):
        role.fields.update_or_create(kind="lead", name=name, defaults={"level": level})
    reindex_kind(kind="lead")
    cast.rep = User.objects.get(pk=cast.rep.pk)
    return role


def found(user: User, text: str) -> list[str]:
    return [hit.title for hit in finding.find(User.objects.get(pk=user.pk), text)]


def test_a_hidden_address_of_a_lead_is_at_no_door_and_the_whole_of_it_still_finds(client, cast, lead, now):
    LeadLetter.objects.create(lead=lead, sender=f"Lena <{MAIL}>", subject="Pumps", text="How much?", at=now)
    lead_address.mark_failed(MAIL, now)
    assert found(cast.rep, "5678") == ["Lena Lead"]
    close(cast)
    client.force_login(cast.rep)
    columns = {"columns": "name,email,phone"}
    doors = [
        client.get(reverse("lead-detail", args=[lead.pk])),
        client.get(reverse("lead-edit", args=[lead.pk])),
        client.get(reverse("lead-new")),
        client.get(reverse("lead-conversion", args=[lead.pk])),
        client.get(reverse("lead-list"), columns),
        client.get(reverse("api:lead-detail", args=[lead.pk])),
    ]
    for answer in doors:
        said = answer.content.decode().replace(" ", "")
        assert answer.status_code == 200
        assert [each for each in (MAIL, "13812345678", "Wantspumps") if each in said] == [], answer.wsgi_request.path
    assert "Lena" in doors[0].content.decode()
    assert "Your role does not show: " in doors[0].content.decode()
    export = client.get(reverse("lead-list-export"), columns)
    assert b"".join(export.streaming_content).decode("utf-8-sig").split() == ["Name", "Lena", "Lead"]
    assert ([found(cast.rep, text) for text in ("5678", "138123", "zulu@ho", PHONE, MAIL)]) == [
        [], [], [], ["Lena Lead"], ["Lena Lead"],
    ]  # fmt: skip
    assert found(cast.manager, "5678") == ["Lena Lead"]
    asked = [client.get(reverse("api:lead-list"), {"email": text}).json()["results"] for text in (MAIL, "zulu")]
    assert [len(results) for results in asked] == [1, 0], "who asks for the whole address knows it"


def test_history_and_webhooks_of_a_lead_say_no_address_that_is_hidden(client, cast, lead, now):
    lead_address.mark_failed(MAIL, now)
    leads.update(lead, {"email": "lena@new.example", "note": "Urgent"}, by=cast.manager, at=now)
    close(cast)
    events = list(Event.objects.filter(subject_kind="lead", subject_id=lead.pk).order_by("pk"))
    told = {who: json.dumps([json.loads(webhooks.message(event, who))["data"] for event in events])
            for who in (cast.rep, cast.manager)}  # fmt: skip
    assert [each in told[cast.rep] for each in (MAIL, "lena@new", "Urgent")] == [False] * 3
    assert [each in told[cast.manager] for each in (MAIL, "lena@new", "Urgent")] == [True] * 3
    client.force_login(cast.rep)
    page = client.get(reverse("lead-timeline", args=[lead.pk])).content.decode()
    assert ("there is no such address" in page, "lena@" in page, "Urgent" in page) == (True, False, False)


def test_what_is_hidden_or_only_shown_on_leads_is_not_written(client, cast, lead, now):
    lead_address.mark_failed(MAIL, now)
    role = close(cast, Level.READ)
    client.force_login(cast.rep)
    url = reverse("api:lead-detail", args=[lead.pk])
    page = client.get(lead.get_absolute_url()).content.decode()
    assert (MAIL in page, reverse("lead-address", args=[lead.pk]) in page) == (True, False)
    for level in (Level.READ, Level.HIDDEN):
        role.fields.update(level=level)
        headers = {"If-Match": client.get(url)["ETag"]}
        body = json.dumps({"phone": "+493011111111"})
        refused = client.patch(url, body, content_type="application/json", headers=headers)
        assert (refused.status_code, [error["field"] for error in refused.json()["errors"]]) == (400, ["phone"])
        client.post(reverse("lead-address", args=[lead.pk]))
        values = {"name": "Lena Lead", "email": "other@lead.example", "phone": "", "note": "", "version": ""}
        client.post(reverse("lead-edit", args=[lead.pk]), values)
    lead.refresh_from_db()
    assert (lead.email, lead.phone, lead.note, lead.email_failed_at) == (MAIL, PHONE, "Wants pumps", now)


def test_a_lead_is_written_to_by_name_where_its_address_is_closed(client, cast, lead):
    close(cast)
    client.force_login(cast.rep)
    assert reverse("email-new") in client.get(lead.get_absolute_url()).content.decode()
    about = {"about_kind": "lead", "about_id": lead.pk}
    page = client.get(reverse("email-new"), about).content.decode()
    assert ("<strong>Lena Lead</strong>" in page, "Your role does not show the address." in page, MAIL in page) == (
        True, True, False,
    )  # fmt: skip
    letter = {**about, "subject": "Offer", "text": "Call {contact.phone}"}
    refused = client.post(reverse("email-new"), letter)
    assert "Nothing is known for {contact.phone}." in refused.content.decode()
    assert Email.objects.count() == 0
    done = client.post(reverse("email-new"), {**letter, "text": "Dear {contact.name}"})
    assert done.status_code in (204, 302)
    email = Email.objects.get()
    assert (email.to, email.text, email.about_id) == ([MAIL], "Dear Lena Lead", lead.pk)
    assert MAIL not in client.get(email.get_absolute_url()).content.decode()
    api = client.post(
        reverse("api:email-list"), json.dumps(letter | {"text": "And this"}), content_type="application/json"
    )
    assert (api.status_code, api.json()["to"]) == (201, [])
    assert Email.objects.latest("pk").to == [MAIL]


def test_a_duplicate_is_proposed_by_an_address_that_the_converter_does_not_see(client, cast, lead):
    same = make_customer(cast.rep, "Quite another name", email=MAIL)
    close(cast)
    client.force_login(cast.rep)
    page = client.get(reverse("lead-conversion", args=[lead.pk])).content.decode()
    assert ("Quite another name" in page, MAIL in page) == (True, False)
    client.post(reverse("lead-conversion", args=[lead.pk]), {"into": same.pk, "currency": "CNY"})
    lead.refresh_from_db()
    assert lead.customer == same


def test_an_address_is_trusted_by_nobody_who_may_not_write_it(cast, lead, now):
    lead_address.mark_failed(MAIL, now)
    close(cast)
    with fields.reading(lambda: access_of(cast.rep), covers=False), pytest.raises(ValidationError):
        lead_address.trust(lead, by=cast.rep, at=now)
    assert Lead.objects.get(pk=lead.pk).email_failed_at == now


def test_who_gave_no_name_is_not_called_by_the_address():
    said = [{"name": "email", "values": ["zed@quiet.example"]}, {"name": "phone_number", "values": [PHONE]}]
    read = [lead_ad.read({"field_data": part}, {}).values for part in (said, said[1:])]
    assert [(each["name"], each["phone"]) for each in read] == [("zed", PHONE), ("Without a name", PHONE)]
