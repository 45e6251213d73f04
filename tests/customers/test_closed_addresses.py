"""Phones and mail addresses that a role hides, or only shows: what the canaries (tests/architecture) cannot ask."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from crm.access import fields
from crm.access.grants import access_of
from crm.access.permissions import Level
from crm.events import webhooks
from crm.jobs.custom_fields import reindex_kind
from crm.models import Event, Notification, Role, User
from crm.search import finding
from customers.actions import contact_points, emails
from customers.actions.emails import Draft
from customers.models import ContactPoint, Email
from tests.factories.customers import make_activity, make_contact, make_customer
from tests.factories.service import a_ticket

pytestmark = pytest.mark.django_db

MAIL, PHONE, SECOND = "zulu@hotel.example", "+8613812345678", "+442079460958"


@pytest.fixture
def carla(cast, now):
    customer = make_customer(cast.rep, "Acme Ltd", email="office@acme.example", phone="+493012345678")
    contact = make_contact(cast.rep, "Carla Contact", customer=customer, email=MAIL, phone=PHONE)
    contact_points.add(contact, type="phone", value=SECOND, by=cast.rep, at=now)
    contact_points.add(contact, type="handle", network="wechat", value="carlawx", by=cast.rep, at=now)
    return contact


@pytest.fixture
def closed(cast, carla):
    """Reps see no phone and no mail address of anybody."""
    return close(cast)


def close(cast, level: Level = Level.HIDDEN, role: Role | None = None) -> Role:
    role = role or Role.objects.get(code="sales_rep")
    for kind in ("customer", "contact"):
        for name in ("email", "phone"):
            role.fields.create(kind=kind, name=name, level=level)
        reindex_kind(kind=kind)
    cast.rep = User.objects.get(pk=cast.rep.pk)
    return role


def found(user: User, text: str) -> list[str]:
    return sorted(hit.title for hit in finding.find(User.objects.get(pk=user.pk), text))


def listed(client, text: str) -> list[str]:
    return [row.label for row in client.get(reverse("contact-list"), {"q": text}).context["list"].rows]


def test_search_finds_by_a_hidden_address_whoever_sees_it_and_whoever_typed_the_whole(client, cast, carla, now):
    a_ticket(cast.rep, now, subject="Broken", contact=carla, customer=carla.customers.get())
    parts = ("zulu@ho", "hotel.example", "5678", "138123", "carlawx", "office@acme", "!zulu@ho", "§zulu@ho")
    before = {text: found(cast.manager, text) for text in parts}
    assert before["5678"] == ["Acme Ltd", "Carla Contact"]
    assert any("Broken" in title for title in before["zulu@ho"])
    role = close(cast)
    assert {text: found(cast.manager, text) for text in parts} == before
    assert {text: found(cast.rep, text) for text in parts} == {text: [] for text in parts}
    assert found(cast.rep, "138 1234 5678") == ["Carla Contact"]
    assert "Carla Contact" in found(cast.rep, MAIL)
    assert "Carla Contact" in found(cast.rep, "carla")
    client.force_login(cast.rep)
    assert (listed(client, "5678"), listed(client, PHONE), listed(client, "carla")) == (
        [],
        ["Carla Contact"],
        ["Carla Contact"],
    )
    client.force_login(cast.manager)
    assert listed(client, "5678") == ["Carla Contact"]
    hits = {who: finding.find(who, "Carla")[0].subtitle for who in (cast.rep, cast.manager)}
    assert hits == {cast.rep: "", cast.manager: MAIL}
    role.fields.all().delete()
    for kind in ("customer", "contact"):
        reindex_kind(kind=kind)
    assert {text: found(cast.rep, text) for text in parts} == before


def test_further_addresses_are_closed_with_the_first_at_every_door(client, cast, carla, closed):
    client.force_login(cast.rep)
    for url in (
        reverse("contact-detail", args=[carla.pk]),
        reverse("customer-detail", args=[carla.customers.get().pk]),
        reverse("api:contact-detail", args=[carla.pk]),
        reverse("contact-list") + "?columns=name,email,phone,further_phones,further_emails",
        reverse("contact-timeline", args=[carla.pk]),
    ):
        answer = client.get(url)
        text = answer.content.decode().replace(" ", "")
        assert answer.status_code == 200
        assert [each for each in (MAIL, PHONE[1:], "13812345678", "2079460958", "carlawx") if each in text] == [], url
    page = client.get(reverse("contact-detail", args=[carla.pk])).content.decode()
    assert "Your role does not show: email, phone, social handle." in page
    assert "points" in client.get(reverse("api:contact-detail", args=[carla.pk])).json()
    export = client.get(reverse("contact-list-export"), {"columns": "name,phone,further_phones"})
    assert b"".join(export.streaming_content).decode("utf-8-sig").split() == ["Name", "Carla", "Contact"]
    asked = [client.get(reverse("api:contact-list"), {"email": text}).json()["results"] for text in (MAIL, "zulu")]
    assert [len(results) for results in asked] == [1, 0], "who asks for the whole address knows it"


def test_what_is_hidden_or_only_shown_is_not_written_by_page_or_api(client, cast, carla):
    role = close(cast, Level.READ)
    point = carla.points.get(value=SECOND)
    new = reverse("contact-point-new", args=[carla.pk])
    doors = [
        (f"{new}?type=phone", {"value": "+493011111111", "validity": "unknown"}),
        (reverse("contact-point-edit", args=[carla.pk, point.pk]), {"value": "+493011111111", "validity": "valid"}),
        (reverse("contact-point-removal", args=[carla.pk, point.pk]), {}),
    ]
    client.force_login(cast.rep)
    for level in (Level.READ, Level.HIDDEN):
        role.fields.update(level=level)
        page = client.get(reverse("contact-detail", args=[carla.pk])).content.decode()
        assert ("+44 20 7946 0958" in page, doors[1][0] in page, "type=phone" in page) == (
            level == Level.READ,
            False,
            False,
        )
        assert [client.post(url, values).status_code for url, values in doors] == [403, 403, 403]
        for action, body in (
            ("points", {"type": "phone", "value": "+493011111111"}),
            ("point-removal", {"id": point.pk}),
        ):
            url = reverse("api:contact-detail", args=[carla.pk])
            headers = {"If-Match": client.get(url)["ETag"]}
            answer = client.post(f"{url}{action}/", json.dumps(body), content_type="application/json", headers=headers)
            assert answer.status_code == 400
    carla.refresh_from_db()
    kept = set(carla.points.filter(type="phone").values_list("value", "validity"))
    assert (carla.phone, kept) == (PHONE, {(PHONE, "unknown"), (SECOND, "unknown")})
    assert client.post(f"{new}?type=address", {"value": "Mill Lane 5", "validity": "unknown"}).status_code == 302


def test_history_and_webhooks_say_nothing_of_an_address_that_is_hidden(client, cast, carla, closed, now):
    contact_points.remove(carla.points.get(value=SECOND), by=cast.manager, at=now)
    event = Event.objects.get(type="contact.point_removed")
    told = {who: json.loads(webhooks.message(event, who))["data"] for who in (cast.rep, cast.manager)}
    assert told[cast.rep] == {"point": {"type": "phone"}}
    assert told[cast.manager]["value"] == SECOND
    client.force_login(cast.rep)
    page = client.get(reverse("contact-timeline", args=[carla.pk])).content.decode()
    assert "Removed from Carla Contact: one that your role does not show" in page


def write_page(client, **query):
    return client.get(reverse("email-new"), query)


def test_a_letter_goes_to_the_contact_by_name_and_shows_its_writer_no_address(client, cast, carla, closed):
    client.force_login(cast.rep)
    assert reverse("email-new") in client.get(reverse("contact-detail", args=[carla.pk])).content.decode()
    page = write_page(client, contact=carla.pk)
    text = page.content.decode()
    assert ("Carla Contact" in text, "Your role does not show the address." in text, MAIL in text) == (
        True,
        True,
        False,
    )
    sent = {"customer_found": carla.customers.get().pk, "customer": carla.customers.get().pk, "subject": "Offer",
            "text": "Call {contact.phone}", "contact": carla.pk}  # fmt: skip
    refused = client.post(reverse("email-new"), sent)
    assert (refused.status_code, "Nothing is known for {contact.phone}." in refused.content.decode()) == (422, True)
    assert Email.objects.count() == 0
    done = client.post(reverse("email-new"), {**sent, "text": "Here it is."})
    assert done.status_code in (204, 302)
    email = Email.objects.get()
    assert (email.to, email.contact) == ([MAIL], carla)
    shown = client.get(email.get_absolute_url()).content.decode()
    assert ("Carla Contact" in shown, "On its way to Carla Contact." in shown, MAIL in shown) == (True, True, False)
    told = client.get(reverse("api:email-detail", args=[email.pk])).json()
    assert (told["to"], told["contact"] is None) == ([], False)
    # Nobody is written to whom the form did not name: not the main contact of a customer that was chosen in it.
    del sent["contact"]
    assert client.post(reverse("email-new"), {**sent, "text": "Hello"}).status_code == 422
    assert Email.objects.count() == 1


def test_a_letter_that_came_in_is_answered_without_seeing_from_where(client, cast, carla, closed, now):
    came = Email.objects.create(
        owner=cast.rep, customer=carla.customers.get(), contact=carla, direction="inbound", state="received", at=now,
        sender=f"Carla Contact <{MAIL}>", to=["rosa@ours.example"], subject="Question", text="How much?",
    )  # fmt: skip
    client.force_login(cast.rep)
    page = client.get(came.get_absolute_url()).content.decode()
    assert ("Carla Contact" in page, MAIL in page) == (True, False)
    form = write_page(client, answers=came.pk)
    assert MAIL not in form.content.decode()
    values = {name: form.context["form"][name].value() or "" for name in ("answers", "contact", "subject", "text")}
    sent = {**values, "customer": came.customer_id, "customer_found": came.customer_id}
    assert client.post(reverse("email-new"), sent).status_code in (204, 302)
    assert Email.objects.get(direction="outbound").to == [MAIL]


def test_refusals_and_what_came_back_name_no_address(client, cast, carla, closed, now):
    draft = Draft([MAIL], "Offer", "Here it is.", [])
    where = {"customer": carla.customers.get(), "contact": carla, "by": cast.rep, "at": now}
    email = emails.write(draft, **where)
    Email.objects.update(state=Email.State.SENT, due_at=None)
    email.refresh_from_db()
    emails.came_back(email, reason=f"550 <{MAIL}>: unknown", unknown=[MAIL], at=now)
    said = Notification.objects.get(receiver=cast.rep)
    assert MAIL not in json.dumps(said.values)
    client.force_login(cast.rep)
    page = client.get(email.get_absolute_url()).content.decode()
    assert ("550" in page, MAIL in page) == (True, False)
    assert ContactPoint.objects.get(key=f"email:{MAIL}").is_invalid
    with fields.reading(lambda: access_of(cast.rep), covers=False), pytest.raises(ValidationError) as refused:
        emails.write(draft, **where)
    assert "the address is invalid" in str(refused.value)
    assert MAIL not in str(refused.value)


def test_the_api_writes_to_a_contact_without_being_told_the_address(client, cast, carla, closed):
    client.force_login(cast.rep)
    letter = {"customer": carla.customers.get().pk, "subject": "Offer", "text": "Here it is."}
    url, headers = reverse("api:email-list"), {"Idempotency-Key": "one"}
    refused = client.post(url, json.dumps(letter), content_type="application/json")
    assert refused.status_code == 400
    sent = client.post(
        url, json.dumps(letter | {"contact": carla.pk}), content_type="application/json", headers=headers
    )
    assert (sent.status_code, sent.json()["to"]) == (201, [])
    assert Email.objects.get().to == [MAIL]


def test_an_answer_to_a_ticket_still_goes_out_and_does_not_say_where(client, cast, carla, now):
    ticket = a_ticket(cast.agent, now, subject="Broken", contact=carla, customer=carla.customers.get())
    client.force_login(cast.agent)
    assert f"Goes to {MAIL} by mail." in client.get(ticket.get_absolute_url()).content.decode()
    close(cast, role=cast.agent.roles.get())
    page = client.get(ticket.get_absolute_url()).content.decode()
    assert ("Goes to the contact by mail." in page, MAIL in page) == (True, False)


def test_closing_on_the_page_of_the_role_sorts_search_anew(
    client, cast, carla, django_capture_on_commit_callbacks, monkeypatch
):
    monkeypatch.setattr(reindex_kind, "apply_async", lambda kwargs, **_: reindex_kind(**kwargs))
    role = Role.objects.get(code="sales_rep")
    client.force_login(cast.administrator)
    url = reverse("admin:crm_role_change", args=[role.pk])
    assert 'value="contact:phone"' in client.get(url).content.decode()
    rows = {f"{name}-{part}": count for name in ("grants", "fields")
            for part, count in (("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0))}  # fmt: skip
    sent = {"code": role.code, "name": role.name, "description": "", **rows, "fields-TOTAL_FORMS": 1,
            "fields-0-field": "contact:phone", "fields-0-level": Level.HIDDEN.value}  # fmt: skip
    assert found(cast.rep, "5678") == ["Acme Ltd", "Carla Contact"]
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(url, sent).status_code == 302
    assert found(cast.rep, "5678") == ["Acme Ltd"]  # the customer's own number is open
    assert found(cast.manager, "5678") == ["Acme Ltd", "Carla Contact"]
    assert timezone.now() > Event.objects.filter(type="settings.changed").latest("pk").at


def test_who_erases_a_person_with_closed_addresses_is_told_of_every_row_and_what_is_held_says_what_it_leaves_out(
    client, cast, carla, now
):
    make_activity(cast.teammate, carla.customers.get(), at=now, subject=f"Wrote to {MAIL}, rang {PHONE}")
    client.force_login(cast.manager)
    asking, held = (reverse(f"contact-{name}", args=[carla.pk]) for name in ("erasure", "personal-data"))
    before = {line.name: (line.wiped, line.named) for line in client.get(asking).context["lines"]}
    assert before["activities"] == (0, 1)
    assert "Your role does not show" not in client.get(held).content.decode()
    close(cast, role=Role.objects.get(code="sales_manager"))
    assert {line.name: (line.wiped, line.named) for line in client.get(asking).context["lines"]} == before
    page = client.get(held).content.decode()
    assert "Your role does not show: email, phone. For all of it, ask somebody who sees these." in page
    assert MAIL not in page
    told = client.get(held, {"format": "json"}).json()["held"]["customers.Contact"]
    assert (told["closed"], "email" in told["rows"][0]) == (["email", "phone"], False)
