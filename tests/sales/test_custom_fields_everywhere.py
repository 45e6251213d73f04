"""Custom fields for other programs, and of contacts, leads, opportunities and tickets as of customers."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.actions import tokens
from crm.exchange import batches
from crm.models import Event
from crm.search import finding
from customers.actions import segments
from customers.models import Contact, Customer
from customers.sales.actions import lead_conversion
from customers.sales.models import Lead, Opportunity
from service.models import Ticket
from tests.crm.test_import_runs import run, told, undo
from tests.factories.custom_fields import make_field, make_fields
from tests.factories.customers import make_contact, make_customer
from tests.factories.sales import make_lead, make_opportunity
from tests.factories.service import a_queue, a_ticket

pytestmark = pytest.mark.django_db
JSON = "application/json"
KINDS = {"customer": Customer, "contact": Contact, "lead": Lead, "opportunity": Opportunity, "ticket": Ticket}


def make_ticket(owner, name, **fields):
    return a_ticket(owner, timezone.now(), subject=name, owner=owner, **fields)


MAKE = {"contact": make_contact, "lead": make_lead, "opportunity": make_opportunity, "ticket": make_ticket}


@pytest.fixture
def api(cast):
    def caller(user):
        cache.clear()
        at = timezone.now()
        expires = at + timedelta(days=1)
        _token, secret = tokens.issue(user=user, name="t", verbs=["view", "create", "edit"], expires_at=expires, at=at)
        return Client(headers={"authorization": f"Bearer {secret}"})

    return caller


def address(kind):
    return "/api/v1/opportunities/" if kind == "opportunity" else f"/api/v1/{kind}s/"


@pytest.mark.parametrize("kind", KINDS)
def test_programs_write_read_change_and_filter_them(kind, api, cast):
    name = "subject" if kind == "ticket" else "name"
    person = cast.agent if kind == "ticket" else cast.rep
    a_queue(person.team)
    make_fields(kind)
    make_field("since", "date", kind=kind, is_required=True)
    client, url = api(person), address(kind)
    body = {name: "Fox"} | ({"customer": make_customer(cast.rep).pk} if kind == "opportunity" else {})

    def errors(answer):
        assert answer.status_code == 400, answer.content
        return {each["field"]: each["message"] for each in answer.json()["errors"]}

    assert errors(client.post(url, body, content_type=JSON)) == {"custom.since": "This field is required."}
    wrong = {"since": "soon", "fleet": "huge", "nobody": 1}
    refused = errors(client.post(url, body | {"custom": wrong}, content_type=JSON))
    assert set(refused) == {"custom.since", "custom.fleet", "custom.nobody"}
    assert not KINDS[kind].objects.filter(**{name: "Fox"}).exists()

    given = {"since": "2026-02-03", "vehicles": 7, "discount": "1.50", "brands": ["big", "small"], "insured": False}
    made = client.post(url, body | {"custom": given}, content_type=JSON)
    assert made.status_code == 201, made.content
    kept = {**given, "discount": "1.5", "brands": ["small", "big"]}
    assert made.json()["custom"] == kept
    one = f"{url}{made.json()['id']}/"
    patched = client.patch(
        one, {"custom": {"vehicles": 8, "insured": None}}, content_type=JSON, headers={"If-Match": made["ETag"]}
    )
    del kept["insured"]
    assert patched.json()["custom"] == {**kept, "vehicles": 8}
    record = KINDS[kind].objects.get(**{name: "Fox"})
    told = Event.objects.filter(type=f"{kind}.updated", subject_id=record.pk).latest("pk").data
    assert told == {"custom_vehicles": [7, 8], "custom_insured": [False, None]}

    def found(query):
        return [each[name] for each in client.get(f"{url}?{query}").json()["results"] if each[name] == "Fox"]

    assert found("custom_vehicles_min=8&custom_brands=big&custom_since_after=2026-02-03") == ["Fox"]
    assert found("custom_vehicles_max=7") == []
    assert client.get(f"{url}?custom_nobody=1").status_code == 400
    assert errors(client.get(f"{url}?custom_vehicles_min=x")) != {}


def test_programs_are_told_the_definitions_of_what_their_person_may_see(api, cast):
    make_fields("customer")
    make_field("risk", "number", kind="opportunity", default="5")
    told = api(cast.rep).get("/api/v1/custom-fields/?kind=customer").json()
    assert [field["code"] for field in told][:2] == ["nickname", "story"]
    fleet = next(field for field in told if field["code"] == "fleet")
    assert fleet["choices"][0] == {
        "code": "small", "label": "Small fleet", "label_zh": "小车队", "is_retired": False, "is_default": False,
    }  # fmt: skip
    assert api(cast.rep).get("/api/v1/custom-fields/?kind=opportunity").json()[0]["default"] == 5
    assert api(cast.nobody).get("/api/v1/custom-fields/").json() == []


@pytest.mark.parametrize("kind", MAKE)
def test_pages_ask_show_and_list_them(kind, cast, client):
    person = cast.agent if kind == "ticket" else cast.rep
    make_fields(kind)
    record = MAKE[kind](person, name="Fox", custom={"fleet": "small", "vehicles": 4, "nickname": "Reineke"})
    MAKE[kind](person, name="Hen", custom={"vehicles": 9})
    client.force_login(person)
    page = client.get(record.get_absolute_url()).content.decode()
    assert [word for word in ("Small fleet", "Reineke") if word not in page] == []
    edit = reverse(f"{kind}-edit", args=[record.pk])
    form = client.get(edit).context["form"]
    own = {name: form[name].value() for name in form.fields if not name.startswith("custom_")}
    data = {name: "" if value is None else value for name, value in own.items() if value is not False}
    answer = client.post(edit, data | {"custom_vehicles": "12", "custom_fleet": "big"})
    assert answer.status_code in (204, 302), answer.content
    record.refresh_from_db()
    assert record.custom == {"vehicles": 12, "fleet": "big"}
    rows = client.get(f"{reverse(f'{kind}-list')}?sort=custom_vehicles&custom_vehicles_min=5").context["list"].rows
    assert [row.label.split()[-1] for row in rows] == ["Hen", "Fox"]


def test_a_new_ticket_asks_for_them_files_bring_them_and_search_finds_it(cast, client, now):
    a_queue(cast.agent.team)
    make_fields("ticket")
    make_field("since", "date", kind="ticket", is_required=True)
    client.force_login(cast.agent)
    new = reverse("ticket-new")
    form = client.get(new).context["form"]
    said = {name: form[name].value() for name in ("queue", "priority", "type", "source")} | {"subject": "Fire"}
    assert client.post(new, said).context["form"].errors == {"custom_since": ["This field is required."]}
    assert client.post(new, {**said, "custom_since": "2026-05-01", "custom_nickname": "Reineke"}).status_code == 302
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.custom) == ("Fire", {"since": "2026-05-01", "nickname": "Reineke"})
    file = (
        f"no,what,when,vehicles,since\n{ticket.number},Smoke,2026-05-01,7,2026-05-01\nX-1,New,2026-05-01,x,2026-05-01\n"
    )
    batch = batches.stage(io.BytesIO(file.encode()), target="ticket", file_name="t.csv", by=cast.administrator, at=now)
    columns = {"number": "no", "subject": "what", "opened_at": "when", "custom_vehicles": "vehicles"}
    batches.choose(batch, {"fields": columns | {"custom_since": "since"}}, at=now)
    run(batch)
    assert [outcome for _number, outcome, *_ in told(batch)] == ["updated", "error"]
    ticket.refresh_from_db()
    assert (ticket.subject, ticket.custom["vehicles"], ticket.custom["nickname"]) == ("Smoke", 7, "Reineke")
    assert finding.ids("ticket", "Reineke").get()["object_id"] == ticket.pk
    undo(batch)
    ticket.refresh_from_db()
    assert ticket.custom == {"since": "2026-05-01", "nickname": "Reineke"}


def test_a_lead_hands_its_values_on_to_fields_of_the_same_code_and_type(cast, now):
    make_fields("lead")
    for kind in ("customer", "opportunity"):
        make_field("vehicles", "number", kind=kind)
        make_field("fleet", "choice", kind=kind, choices=[("big", "Big", "")])
    make_field("nickname", "number")
    lead = make_lead(cast.rep, custom={"vehicles": 4, "fleet": "small", "nickname": "Fox"})
    lead = lead_conversion.convert(lead, by=cast.rep, at=now, opportunity={"name": "Fleet"})
    assert (lead.customer.custom, lead.opportunity.custom) == ({"vehicles": 4}, {"vehicles": 4})


def test_a_segment_says_in_words_what_it_asks_of_them(cast, client, now):
    make_fields("customer")
    make_customer(cast.rep, "Fox", custom={"vehicles": 4, "fleet": "big"})
    question = {"custom_vehicles_min": ["2"], "custom_fleet": ["big"]}
    segment = segments.create(name="Fleets", how="rule", question=question, by=cast.rep, at=now)
    client.force_login(cast.rep)
    page = client.get(segment.get_absolute_url()).content.decode()
    assert [word for word in ("Vehicles", "from 2", "Big fleet", ">Fox<") if word not in page] == []
