"""Segments: a stored question asked anew for whoever looks, or members chosen one by one."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from customers.actions import segments
from customers.models import Segment, SegmentMember
from tests.factories.customers import make_customer


@pytest.fixture
def some(cast):
    make_customer(cast.rep, "Mine", lifecycle="active", tier="A")
    make_customer(cast.rep, "Small", lifecycle="active", tier="C")
    make_customer(cast.outsider, "Theirs", lifecycle="active", tier="A")


def members(client, person, segment):
    client.force_login(person)
    shown = client.get(reverse("customer-list"), {"segment": segment.pk, "sort": "name"})
    return [row.label for row in shown.context["list"].rows]


def test_a_rule_is_made_of_the_lists_filters_and_asked_anew_for_whoever_looks(client, cast, some):
    client.force_login(cast.manager)
    asked = {"name": "Key", "how": "rule", "lifecycle": ["active"], "tier": ["A"]}
    assert client.post(reverse("segment-new"), asked | {"tier": ["Z"]}).status_code == 422
    assert client.post(reverse("segment-new"), {"name": "Nobody asked", "how": "rule"}).status_code == 422
    client.post(reverse("segment-new"), asked)
    segment = Segment.objects.get()

    assert segment.question == {"lifecycle": ["active"], "tier": ["A"]}
    assert members(client, cast.manager, segment) == ["Mine"]
    assert members(client, cast.administrator, segment) == ["Mine", "Theirs"]
    make_customer(cast.rep, "New", lifecycle="active", tier="A")
    assert members(client, cast.manager, segment) == ["Mine", "New"]
    page = client.get(segment.get_absolute_url()).content.decode()
    assert "2 customers" in page
    assert "Theirs" not in page


def test_chosen_members_stay_what_else_changes(client, cast, some, now):
    segment = segments.create(name="Fair", how="static", by=cast.rep, at=now)
    client.force_login(cast.rep)
    rows = client.get(reverse("customer-list")).context["list"].rows
    ids = ",".join(str(row.record.pk if hasattr(row, "record") else row.pk) for row in rows)
    bulk = reverse("customer-list-bulk", args=["segment"])
    for _again in range(2):
        client.post(bulk, {"ids": ids, "confirmed": "1", "segment": segment.pk})

    assert members(client, cast.rep, segment) == ["Mine", "Small"]
    small = SegmentMember.objects.get(customer__name="Small").customer
    assert segments.remove([small], segment=segment, by=cast.rep, at=now) == 1
    assert members(client, cast.teammate, segment) == ["Mine"]
    assert members(client, cast.outsider, segment) == []  # another team's segment does not exist for them


def test_what_a_segment_cannot_be(cast, some, now):
    rule = segments.create(name="Key", question={"tier": ["A"]}, by=cast.rep, at=now)
    with pytest.raises(ValidationError, match="decided by its rule"):
        segments.add([], segment=rule, by=cast.rep, at=now)
    with pytest.raises(ValidationError, match="Make a new segment"):
        segments.update(rule, {"how": "static"}, by=cast.rep, at=now)
    with pytest.raises(IntegrityError, match="segment_by_a_rule_asks_something"), transaction.atomic():
        Segment.objects.filter(pk=rule.pk).update(question={})


def test_over_the_api(client, cast, some):
    client.force_login(cast.rep)
    address, kind = "/api/v1/segments/", "application/json"
    wrong = client.post(address, {"name": "X", "question": {"segment": ["1"]}}, content_type=kind)
    assert wrong.status_code == 400
    made = client.post(address, {"name": "Key", "question": {"tier": ["A"]}}, content_type=kind)
    assert made.status_code == 201, made.content
    found = client.get(f"/api/v1/customers/?segment={made.json()['id']}").json()
    assert [row["name"] for row in found["results"]] == ["Mine"]
