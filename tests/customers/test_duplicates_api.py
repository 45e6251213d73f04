from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from crm.actions import tokens
from crm.models import Event
from customers.models import Customer, duplicate
from tests.factories.customers import make_contact, make_customer

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def api(cast):
    cache.clear()
    until = timezone.now() + timedelta(days=1)
    _token, secret = tokens.issue(
        user=cast.rep, name="test", verbs=["view", "create", "edit"], at=timezone.now(), expires_at=until
    )
    return Client(headers={"authorization": f"Bearer {secret}"})


def test_pairs_merging_and_undoing_by_the_same_rules(api, cast, now):
    master = make_customer(cast.rep, "Acme Ltd", phone="+442079460958")
    other = make_customer(cast.rep, "ACME", phone="+442079460958", number="HRB 77")
    make_customer(cast.rep, "Bolt"), make_customer(cast.rep, "Bolt Inc")
    theirs = make_customer(cast.outsider, "Acme GmbH")
    duplicate.scan(now)

    listed = api.get("/api/v1/duplicates/").json()["results"]
    assert [(row["signs"], row["reasons"], row["strength"]) for row in listed] == [
        ([5], ["same name"], 1), ([3, 5], ["same phone", "same name"], 2),
    ]  # fmt: skip
    assert api.post(f"/api/v1/duplicates/{listed[0]['id']}/dismissal/").json()["dismissed_at"]
    assert len(api.get("/api/v1/duplicates/").json()["results"]) == 1

    found = api.post("/api/v1/duplicates/check/", {"name": "acme plc"}, content_type=JSON).json()
    assert [row["customer"] for row in found["seen"]] == [master.pk, other.pk]
    assert found["hidden"] == ["South"]

    url, etag = f"/api/v1/customers/{master.pk}/merge/", {"If-Match": '"1"'}
    body = {"other": other.pk, "other_version": 1, "from_other": ["number"]}
    assert api.post(url, body, content_type=JSON).status_code == 428
    assert api.post(url, {**body, "other_version": 2}, content_type=JSON, headers=etag).status_code == 412
    assert api.post(url, {**body, "other": theirs.pk}, content_type=JSON, headers=etag).status_code == 400
    assert not Customer.objects.merged_away().exists()
    done = api.post(url, body, content_type=JSON, headers=etag).json()
    assert (done["text"], done["conflicts"]) == ("Merged ACME into Acme Ltd", [])

    old = f"/api/v1/customers/{other.pk}/"
    moved = api.get(old)
    assert (moved.status_code, moved["Location"]) == (301, f"http://testserver/api/v1/customers/{master.pk}/")
    refused = api.patch(old, {"city": "York"}, content_type=JSON, headers={"If-Match": '"1"'})
    assert (refused.status_code, "merged into another" in refused.json()["detail"]) == (409, True)
    assert api.get(moved["Location"]).json()["number"] == "HRB 77"

    undo = f"/api/v1/operations/{done['id']}/undoing/"
    Customer.objects.filter(pk=master.pk).update(number="HRB 78")
    assert api.post(undo, {}, content_type=JSON).status_code == 409
    assert api.get(f"/api/v1/operations/{done['id']}/").json()["conflicts"][0]["reason"] == (
        "Changed since: registration number."
    )
    assert api.post(undo, {"rest": True}, content_type=JSON).json()["undone_by"] == cast.rep.pk
    assert api.get(old).json()["number"] == "HRB 77"


def test_what_may_be_there_already_is_refused_unless_it_is_said_to_be_another(api, cast):
    ours = make_customer(cast.rep, "Acme Ltd", phone="+442079460958")
    make_customer(cast.outsider, "Acme GmbH")
    url, body = "/api/v1/customers/", {"name": "ACME plc", "phone": "+44 20 7946 0958"}
    refused = api.post(url, body, content_type=JSON)
    told = {"kind": "customer", "id": ours.pk, "is_certain": True, "reasons": ["same phone", "same name"]}
    assert (refused.status_code, refused.json()["duplicates"]) == (409, {"seen": [told], "hidden": ["South"]})
    assert Customer.objects.count() == 2
    made = api.post(url, {**body, "allow_duplicate": True}, content_type=JSON)
    assert (made.status_code, Event.objects.get(type="customer.created_apart").subject_id) == (201, made.json()["id"])

    person = make_contact(cast.rep, "Ada", email="ada@acme.example")
    body = {"name": "A. Byron", "email": "ADA@acme.example"}
    refused = api.post("/api/v1/contacts/", body, content_type=JSON)
    assert [one["id"] for one in refused.json()["duplicates"]["seen"]] == [person.pk]
    assert api.post("/api/v1/contacts/", {**body, "allow_duplicate": True}, content_type=JSON).status_code == 201
