"""Addresses, tags and consent from files and other programs, and tags in the admin site."""

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
from crm.models import ImportBatch
from customers.actions import contact_points, merging, tags
from customers.models import Consent, Contact, ContactPoint, Customer, Tag
from tests.crm.test_import_runs import NOW, undo
from tests.crm.test_import_runs import run as run_batch
from tests.factories.customers import make_contact, make_customer

pytestmark = pytest.mark.django_db
JSON = "application/json"
FILE = (
    "name,email,more,phones,tags\n"
    "Carla,carla@acme.example,CARLA@home.example; carla@acme.example,+44 20 7946 0958,vip;New\n"
    "Dora,dora@acme.example,not an address,,\n"
    "Emil,emil@acme.example,emil@home.example,,\n"
)
FIELDS = {
    "name": "name", "email": "email", "further_emails": "more", "further_phones": "phones", "tags": "tags",
}  # fmt: skip


def stage(by) -> ImportBatch:
    batch = batches.stage(io.BytesIO(FILE.encode()), target="contact", file_name="people.csv", by=by, at=NOW)
    batches.choose(batch, {"fields": FIELDS}, at=NOW)
    return batch


def kept() -> list[tuple[str, str]]:
    return list(ContactPoint.objects.order_by("contact__name", "type").values_list("contact__name", "value"))


def test_a_file_brings_further_addresses_and_tags_and_undoing_takes_back_what_it_brought(cast):
    carla = make_contact(cast.administrator, "Carla", email="carla@acme.example")
    vip = tags.named("VIP", by=cast.rep, at=NOW)
    batch = run_batch(stage(cast.administrator))
    carla.refresh_from_db()
    assert kept() == [("Carla", "carla@home.example"), ("Carla", "+442079460958"), ("Emil", "emil@home.example")]
    assert carla.tags == sorted([vip.pk, Tag.objects.get(name="New").pk])
    assert not Contact.objects.filter(name="Dora").exists()

    again = run_batch(stage(cast.administrator))
    assert len(kept()) == 3
    undo(again)
    undo(batch)
    carla.refresh_from_db()
    assert (kept(), carla.tags, list(Contact.objects.values_list("name", flat=True))) == ([], [], ["Carla"])


@pytest.fixture
def api(cast):
    cache.clear()
    until = timezone.now() + timedelta(days=1)
    _token, secret = tokens.issue(
        user=cast.rep, name="test", verbs=["view", "create", "edit"], at=timezone.now(), expires_at=until
    )
    return Client(headers={"authorization": f"Bearer {secret}", "if-match": "*"})


def test_another_program_reads_and_writes_them_by_the_same_rules(api, cast, now):
    carla = make_contact(cast.rep, "Carla", email="carla@acme.example")
    url = f"/api/v1/contacts/{carla.pk}/"

    def post(verb, data):
        return api.post(f"{url}{verb}/", data, content_type=JSON)

    shown = post("points", {"type": "email", "value": "carla@acme.example", "opted_out": True}).json()["points"]
    assert [(row["value"], row["is_primary"], bool(row["opted_out_at"])) for row in shown] == [
        ("carla@acme.example", True, True)
    ]
    assert post("points", {"type": "handle", "value": "carla"}).status_code == 400
    second = post("points", {"type": "email", "value": "c@home.example"}).json()["points"][1]
    assert api.get("/api/v1/contacts/?email=C@home.example").json()["results"][0]["id"] == carla.pk
    assert len(post("point-removal", {"id": second["id"]}).json()["points"]) == 1
    assert post("tags", {"add": ["VIP", "vip", "Fair"]}).json()["tags"] == ["Fair", "VIP"]
    assert post("tags", {"remove": ["fair", "nothing"]}).json()["tags"] == ["VIP"]
    assert len(api.get("/api/v1/contacts/?tag=VIP").json()["results"]) == 1
    assert post("consent", {"purpose": "marketing", "state": "given", "source": "web"}).status_code == 200
    assert [(row["purpose"], row["state"]) for row in api.get(f"{url}consents/").json()] == [("marketing", "given")]
    theirs = make_contact(cast.outsider, "Theirs", email="theirs@x.example")
    for verb, data in (("points", {"type": "email", "value": "x@y.example"}), ("tags", {"add": ["VIP"]})):
        assert api.post(f"/api/v1/contacts/{theirs.pk}/{verb}/", data, content_type=JSON).status_code == 404
    assert (ContactPoint.objects.count(), Consent.objects.count()) == (1, 1)


def test_tags_are_merged_and_removed_in_the_admin_site_and_needed_purposes_stay(client, cast, now):
    acme = make_customer(cast.rep)
    old, new = (tags.named(name, by=cast.rep, at=now) for name in ("Old", "New"))
    tags.change(acme, add=[old], by=cast.rep, at=now)
    client.force_login(cast.administrator)
    listed = reverse("admin:customers_tag_changelist")
    client.post(listed, {"action": "merge_tags", "_selected_action": [old.pk]})
    assert Tag.objects.count() == 2  # into which was not said
    client.post(listed, {"action": "merge_tags", "_selected_action": [old.pk], "into": new.pk})
    assert (Customer.objects.get().tags, list(Tag.objects.all())) == ([new.pk], [new])
    client.post(reverse("admin:customers_tag_delete", args=[new.pk]), {"post": "yes"})
    assert (Customer.objects.get().tags, Tag.objects.count()) == ([], 0)
    surveys = Consent.purpose.field.related_model.objects.get(code="surveys")
    assert client.post(reverse("admin:customers_purpose_delete", args=[surveys.pk]), {"post": "yes"}).status_code == 403


def test_a_merge_joins_tags_and_keeps_that_nobody_is_to_be_contacted(cast, now):
    master, other = make_customer(cast.rep), make_customer(cast.rep, "Acme", do_not_contact=True)
    one, two = (tags.named(name, by=cast.rep, at=now) for name in ("One", "Two"))
    tags.change(master, add=[one], by=cast.rep, at=now)
    tags.change(other, add=[two], by=cast.rep, at=now)
    merging.merge(master, other, chosen={}, by=cast.rep, at=now)
    master.refresh_from_db()
    assert (master.tags, master.do_not_contact) == ([one.pk, two.pk], True)
    contact_points.add(master, type="phone", value="+442079460958", by=cast.rep, at=now)
    master.refresh_from_db()
    assert master.phone == "+442079460958"  # the first one of all
