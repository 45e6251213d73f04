"""A field that a role hides, or only shows, at every door: what the canaries (tests/architecture) cannot ask."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from crm.access import fields
from crm.access.explain import why
from crm.access.grants import Access, access_of
from crm.access.permissions import Level, Verb
from crm.actions import saved_views, tokens
from crm.custom_fields import known
from crm.events import webhooks
from crm.exchange import working
from crm.models import CustomField, Event, ImportBatch, Role, User
from crm.search import documents, finding
from customers.actions import customers, merging, segments
from customers.models import Customer
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db


def close(code: str, kind: str = "customer", **levels: Level) -> Role:
    role = Role.objects.get(code=code)
    for name, level in levels.items():
        role.fields.create(kind=kind, name=name, level=level)
    return role


@pytest.fixture
def closed(cast):
    """Reps do not see what a customer turns over, its notes and its margin; how many work there they only read."""
    for code, label in (("margin", "Margin"), ("region", "Region")):
        CustomField.objects.create(kind="customer", code=code, label=label, type="text", is_searched=True)
    return close(
        "sales_rep", annual_revenue=Level.HIDDEN, notes=Level.HIDDEN, custom_margin=Level.HIDDEN, employees=Level.READ
    )


@pytest.fixture
def acme(cast, closed):
    return make_customer(
        cast.rep, "Acme", annual_revenue=Decimal("4711"), notes="pays late", employees=12,
        custom={"margin": "thirty", "region": "north"},
    )  # fmt: skip


def fresh(user: User) -> Access:
    return Access(User.objects.get(pk=user.pk))


def test_the_most_generous_role_counts_of_those_that_show_such_records(cast, closed, django_assert_num_queries):
    access = fresh(cast.rep)
    with django_assert_num_queries(1):
        assert access.may("customer", Verb.EDIT)
        assert access.hidden == {"customer": {"annual_revenue", "notes", "custom_margin"}}
        assert access.unwritable == {"customer": {"annual_revenue", "notes", "custom_margin", "employees"}}
    cast.rep.roles.add(Role.objects.create(code="narrow", name="Without customers"))
    assert fresh(cast.rep).hidden == access.hidden
    reader = Role.objects.create(code="reader", name="Reads customers")
    reader.grants.create(kind="customer", verb="view", reach=4)
    reader.fields.create(kind="customer", name="notes", level=Level.HIDDEN)
    cast.rep.roles.add(reader)
    assert fresh(cast.rep).hidden == {"customer": {"notes"}}
    assert fresh(cast.rep).unwritable == {"customer": {"annual_revenue", "notes", "custom_margin", "employees"}}
    assert (access_of(cast.manager).hidden, access_of(cast.manager).unwritable) == ({}, {})
    cast.rep.is_superuser = True
    assert Access(cast.rep).hidden == {}


def test_what_is_closed_is_empty_while_something_is_drawn_and_stored_as_it_is(cast, acme, now):
    with fields.reading(lambda: access_of(cast.rep), covers=True):
        assert (acme.annual_revenue, acme.notes, acme.employees, acme.custom) == (None, "", 12, {"region": "north"})
        seen = Customer.objects.defer("notes").get(pk=acme.pk)
        assert (seen.notes, seen.name) == ("", "Acme")
        acme.city = "Bern"
        acme.save()
        customers.update(acme, {"city": "Basel"}, by=cast.rep, at=now)
    kept = Customer.objects.get(pk=acme.pk)
    assert (kept.annual_revenue, kept.notes, kept.city) == (4711, "pays late", "Basel")
    assert kept.custom == {"margin": "thirty", "region": "north"}


def test_a_form_has_no_hidden_field_shows_the_other_without_input_and_changes_neither(client, cast, acme):
    client.force_login(cast.rep)
    url = reverse("customer-edit", args=[acme.pk])
    form = client.get(url).context["form"]
    assert not {"annual_revenue", "notes", "custom_margin"} & set(form.fields)
    assert (form.fields["employees"].disabled, form["employees"].value()) == (True, 12)
    assert form.fields["custom_region"].disabled is False
    sent = {name: form[name].value() or "" for name in form.fields}
    answer = client.post(
        url, sent | {"annual_revenue": "1", "notes": "x", "custom_margin": "y", "employees": "99", "city": "Bern"}
    )
    assert answer.status_code in (204, 302)
    kept = Customer.objects.get(pk=acme.pk)
    assert (kept.city, kept.annual_revenue, kept.notes, kept.employees) == ("Bern", 4711, "pays late", 12)
    assert kept.custom == {"margin": "thirty", "region": "north"}


def test_a_list_neither_shows_orders_nor_filters_by_it_and_a_saved_view_says_so(client, cast, acme, now):
    CustomField.objects.filter(code="margin").update(is_shown=True)
    make_customer(cast.rep, "Bolt", custom={"margin": "ten"})
    query = urlencode({"columns": "name,annual_revenue,custom_margin", "custom_margin": "ten", "sort": "custom_margin"})
    who = {"list_code": "customer-list", "by": cast.manager, "at": now}
    view = saved_views.save(name="Margins", query=query, audience="team", **who)
    sentence = "This names a field that your role does not show."
    client.force_login(cast.manager)
    page = client.get(reverse("customer-list"), {"view": view.pk})
    shown = page.context["list"]
    assert (shown.state.columns, [row.label for row in shown.rows]) == (
        ["name", "annual_revenue", "custom_margin"],
        ["Bolt"],
    )
    assert sentence not in page.content.decode()
    client.force_login(cast.rep)
    page = client.get(reverse("customer-list"), {"view": view.pk})
    shown = page.context["list"]
    assert (shown.state.columns, shown.state.sort, shown.chips) == (["name"], "-updated_at", [])
    assert [row.label for row in shown.rows] == ["Bolt", "Acme"]
    assert sentence in page.content.decode()
    export = client.get(reverse("customer-list-export"), {"columns": "name,employees,annual_revenue,custom_margin"})
    assert b"".join(export.streaming_content).decode("utf-8-sig").splitlines()[0] == "Name,Employees"


def test_the_api_leaves_it_out_and_refuses_to_write_filter_or_define_it(client, cast, acme):
    now = timezone.now()
    client.force_login(cast.rep)
    url = reverse("api:customer-detail", args=[acme.pk])
    answer = client.get(url)
    assert not {"annual_revenue", "notes"} & set(answer.json())
    assert (answer.json()["employees"], answer.json()["custom"]) == (12, {"region": "north"})
    given = {"content_type": "application/json", "headers": {"If-Match": answer["ETag"]}}
    for body, named in (
        ({"notes": "x"}, "notes"),
        ({"employees": 99}, "employees"),
        ({"custom": {"margin": "x"}}, "custom.margin"),
    ):
        refused = client.patch(url, json.dumps(body), **given)
        assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (400, [named])
    changed = client.patch(url, json.dumps({"city": "Bern", "custom": {"region": "south"}}), **given)
    assert (changed.status_code, "notes" in changed.json()) == (200, False)
    assert changed.json()["custom"] == {"region": "south"}
    assert Customer.objects.get(pk=acme.pk).custom == {"margin": "thirty", "region": "south"}
    assert client.get(reverse("api:customer-list"), {"custom_margin": "thirty"}).status_code == 400
    defined = client.get(reverse("api:custom-field-list"), {"kind": "customer"}).json()
    assert [each["code"] for each in defined] == ["region"]
    client.logout()
    until = now + timedelta(days=1)
    _token, secret = tokens.issue(user=cast.rep, name="t", verbs=["view"], expires_at=until, at=now)
    shown = client.get(url, headers={"Authorization": f"Bearer {secret}"}).json()
    assert ("notes" in shown, shown["employees"], shown["custom"]) == (False, 12, {"region": "south"})


def test_a_mapped_column_is_an_error_that_names_it_and_the_file_is_shown_to_nobody_who_may_not_see_it(client, cast):
    CustomField.objects.create(kind="customer", code="margin", label="Margin", type="text", is_required=True)
    close("sales_manager", annual_revenue=Level.READ, custom_margin=Level.HIDDEN)
    client.force_login(cast.manager)
    file = SimpleUploadedFile("k.csv", b"Company,Revenue,Margin\nAcme,4711,thirty\n")
    client.post(reverse("import-new"), {"kind": "customer", "file": file, "encoding": ""})
    batch = ImportBatch.objects.get()
    columns = reverse("import-columns", args=[batch.pk])
    offered = dict(client.get(columns).context["form"].fields["target_0"].choices)
    assert ("employees" in offered, "annual_revenue" in offered, "custom_margin" in offered) == (True, False, False)
    profile = {"kind": "customer", "fields": {"name": "Company", "annual_revenue": "Revenue"}, "ignore": ["Margin"]}
    ImportBatch.objects.update(profile=profile, state=ImportBatch.State.CHECKING)
    working.work(batch.pk, timezone.now())
    batch.refresh_from_db()
    assert (batch.state, "Annual revenue" in batch.problem or "annual revenue" in batch.problem) == ("failed", True)
    assert Customer.objects.count() == 0
    ImportBatch.objects.update(profile={"fields": {"name": "Company", "custom_margin": "Margin"}})
    assert client.get(reverse("import-detail", args=[batch.pk])).status_code == 403


def test_search_finds_by_it_for_nobody_until_no_role_hides_it(cast, acme):
    assert finding.ids("customer", "thirty").count() == 0
    assert finding.ids("customer", "north").count() == 1
    Role.objects.get(code="sales_rep").fields.all().delete()
    known.forget()
    documents.refresh(acme)
    assert finding.ids("customer", "thirty").count() == 1


def test_a_segment_keeps_asking_what_its_editor_may_not_see_and_shows_them_nobody(client, cast, acme, now):
    asked = {"custom_margin": ["thirty"], "tier": ["A"]}
    segment = segments.create(name="Rich", question=asked, by=cast.rep, at=now)
    client.force_login(cast.rep)
    page = client.get(reverse("segment-detail", args=[segment.pk]))
    assert (page.context["count"], page.context["is_hidden"]) == (0, True)
    assert client.get(reverse("api:segment-detail", args=[segment.pk])).json()["question"] == {"tier": ["A"]}
    url = reverse("segment-edit", args=[segment.pk])
    form = client.get(url).context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    assert client.post(url, sent | {"tier": "B"}).status_code == 302
    segment.refresh_from_db()
    assert segment.question == {"custom_margin": ["thirty"], "tier": ["B"]}


def test_history_and_webhooks_say_that_it_changed_but_not_from_what_to_what(client, cast, acme, now):
    changes = {"notes": "pays at once", "city": "Bern", "custom": {"margin": "forty"}}
    customers.update(acme, changes, by=cast.manager, at=now)
    client.force_login(cast.rep)
    page = client.get(reverse("customer-timeline", args=[acme.pk])).content.decode()
    assert not [word for word in ("pays late", "pays at once", "thirty", "forty") if word in page]
    assert page.count("changed; your role does not show it") == 2
    assert "Bern" in page
    event = Event.objects.get(type="customer.updated")
    told = {who: json.loads(webhooks.message(event, who))["data"] for who in (cast.rep, cast.manager)}
    nothing = [None, None]
    assert told[cast.rep] == {"notes": nothing, "city": ["", "Bern"], "custom_margin": nothing}
    assert told[cast.manager]["custom_margin"] == ["thirty", "forty"]


def test_merging_offers_no_closed_field_and_loses_none(client, cast, acme, now):
    other = make_customer(cast.rep, "Acme", notes="calls often", founded=1990, custom={"margin": "ten"})
    bare = make_customer(cast.rep, "Acme Bare")
    client.force_login(cast.rep)
    form = client.get(reverse("customer-merge", args=[acme.pk, other.pk])).context["form"]
    assert not {"notes", "annual_revenue", "custom_margin", "employees"} & set(form.fields)
    merging.merge(bare, other, chosen={}, by=cast.rep, at=now)
    bare.refresh_from_db()
    assert (bare.notes, bare.custom) == ("calls often", {"margin": "ten"})
    done = merging.merge(acme, bare, chosen={}, by=cast.rep, at=now + timedelta(hours=1))
    acme.refresh_from_db()
    assert (done.count > 0, acme.notes, acme.custom["margin"]) == (True, "pays late", "thirty")


def test_an_administrator_closes_a_field_on_the_page_of_the_role_and_why_says_so(client, cast, acme):
    role = Role.objects.create(code="temp", name="Temp")
    client.force_login(cast.administrator)
    url = reverse("admin:crm_role_change", args=[role.pk])
    page = client.get(url).content.decode()
    assert 'value="customer:custom_margin"' in page
    assert 'value="opportunity:notes"' in page
    rows = {f"{name}-{part}": count for name in ("grants", "fields")
            for part, count in (("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0))}  # fmt: skip
    sent = {"code": "temp", "name": "Temp", "description": "", **rows, "fields-TOTAL_FORMS": 1,
            "fields-0-field": "customer:custom_margin", "fields-0-level": Level.HIDDEN.value}  # fmt: skip
    assert client.post(url, sent).status_code == 302
    assert list(role.fields.values_list("kind", "name", "level")) == [("customer", "custom_margin", Level.HIDDEN)]
    data = Event.objects.filter(type="settings.changed").latest("pk").data
    assert "custom_margin" in json.dumps(data)
    assert why(cast.rep, acme).closed == ("annual_revenue", "custom_margin", "notes")
    assert "employees" in why(cast.rep, acme, Verb.EDIT).closed
