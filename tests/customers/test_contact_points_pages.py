"""The dialogs of addresses, consent and tags, and what the pages then say."""

import pytest
from django.urls import reverse

from crm.actions import journal
from crm.models import Operation
from customers.actions import tags
from customers.models import Consent, ContactPoint, Customer, Tag
from tests.factories.customers import make_contact, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def carla(cast):
    return make_contact(cast.rep, email="carla@acme.example", phone="+442079460958", customer=make_customer(cast.rep))


def test_an_address_is_added_marked_and_removed_on_the_page(client, cast, carla):
    client.force_login(cast.rep)
    page = reverse("contact-detail", args=[carla.pk])
    new = reverse("contact-point-new", args=[carla.pk])
    assert client.get(f"{new}?type=gossip").status_code == 404
    wrong = client.post(f"{new}?type=email", {"value": "carla", "validity": "unknown"})
    assert (wrong.status_code, "Enter a valid email address" in wrong.content.decode()) == (422, True)
    # The one that only a field says is marked through the same dialog.
    first = {"type": "email", "value": "carla@acme.example"}
    assert 'value="carla@acme.example"' in client.get(new, first).content.decode()
    given = {"value": "carla@acme.example", "validity": "invalid", "is_primary": "on"}
    assert client.post(f"{new}?type=email", given).status_code == 302
    address = {"value": "Mill Lane 5", "city": "Leeds", "label": "work", "validity": "unknown", "opted_out": "on"}
    assert client.post(f"{new}?type=address", address).status_code == 302
    shown = client.get(page).content.decode()
    for text in ("Mill Lane 5, Leeds", "opted out", "invalid", "+44 20 7946 0958"):
        assert text in shown
    point = ContactPoint.objects.get(type="email")
    edit = reverse("contact-point-edit", args=[carla.pk, point.pk])
    given = {"value": "carla@home.example", "validity": "valid"}
    assert client.post(edit, given).status_code == 302
    carla.refresh_from_db()
    assert carla.email == "carla@home.example"
    assert client.post(reverse("contact-point-removal", args=[carla.pk, point.pk])).status_code == 302
    carla.refresh_from_db()
    assert carla.email == ""


def test_a_consent_is_noted_and_shown_with_its_history(client, cast, carla):
    client.force_login(cast.rep)
    new = reverse("contact-consent-new", args=[carla.pk])
    purpose = carla.consents.model.purpose.field.related_model.objects.get(code="marketing")
    said = {
        "purpose": purpose.pk,
        "state": "given",
        "basis": "consent",
        "said_at": "2026-05-01T10:00",
        "source": "Fair",
    }
    assert client.get(new).status_code == 200
    assert client.post(new, said | {"said_at": "2999-01-01T10:00"}).status_code == 422
    assert client.post(new, said).status_code == 302
    assert list(Consent.objects.values_list("state", "source", "by")) == [("given", "Fair", cast.rep.pk)]
    shown = client.get(reverse("contact-detail", args=[carla.pk])).content.decode()
    assert "Fair" in shown
    assert "What was said so far" in shown


def test_tags_are_made_where_they_are_needed_filtered_by_and_undone(client, cast, now):
    client.force_login(cast.rep)
    acme, other = make_customer(cast.rep), make_customer(cast.rep, "Other Ltd")
    dialog = reverse("customer-tags", args=[acme.pk])
    assert client.post(dialog, {"new_name": " Key  Account ", "new_colour": "red"}).status_code == 302
    vip = Tag.objects.get()
    assert (vip.name, vip.colour, vip.key) == ("Key Account", "red", "key account")
    assert tags.named("KEY ACCOUNT", by=cast.rep, at=now) == vip
    acme.refresh_from_db()
    assert acme.tags == [vip.pk]
    assert "Key Account" in client.get(reverse("customer-detail", args=[acme.pk])).content.decode()

    bulk = reverse("customer-list-bulk", args=["tags"])
    new = tags.named("New", by=cast.rep, at=now)
    ids = f"{acme.pk},{other.pk}"
    refused = client.post(bulk, {"ids": ids, "confirmed": "1", "add": [new.pk], "remove": [new.pk]})
    assert refused.status_code == 422
    assert client.post(bulk, {"ids": ids, "confirmed": "1", "add": [new.pk], "remove": [vip.pk]}).status_code == 302
    borne = Customer.objects.order_by("pk").values_list("tags", flat=True)
    assert list(borne) == [[new.pk], [new.pk]]
    operation = Operation.objects.get()
    assert operation.text == "Tags: + New, - Key Account"
    journal.undo(operation, by=cast.rep, at=now)
    assert list(borne.all()) == [[vip.pk], []]

    listed = reverse("customer-list")
    found = {
        query: [name for name in ("Acme Ltd", "Other Ltd") if name in client.get(f"{listed}?{query}").content.decode()]
        for query in (f"tags_any={vip.pk}", f"tags_none={vip.pk}", "columns=name,tags")
    }
    chip = '<span class="tone tone-neutral"><span class="status-dot status-red"></span> Key Account</span>'
    assert chip in client.get(f"{listed}?columns=name,tags").content.decode()
    assert found == {
        f"tags_any={vip.pk}": ["Acme Ltd"], f"tags_none={vip.pk}": ["Other Ltd"],
        "columns=name,tags": ["Acme Ltd", "Other Ltd"],
    }  # fmt: skip


def test_a_tag_that_is_merged_or_removed_leaves_no_trace_on_records(cast, now):
    acme = make_customer(cast.rep)
    old, new, third = (tags.named(name, by=cast.rep, at=now) for name in ("Old", "New", "Third"))
    tags.change(acme, add=[old, new, third], by=cast.rep, at=now)
    tags.merge(old, into=new)
    tags.delete(third)
    acme.refresh_from_db()
    assert (acme.tags, list(Tag.objects.values_list("name", flat=True))) == ([new.pk], ["New"])
