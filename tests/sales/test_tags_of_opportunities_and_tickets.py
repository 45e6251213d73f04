"""Opportunities and tickets bear tags as customers do: on the page, in lists, over the API, and from files."""

from __future__ import annotations

import pytest
from django.urls import reverse

from crm.models import Event
from customers.actions import tags
from customers.models import Tag
from tests.architecture.examples import MAKERS
from tests.crm.test_import_runs import run, stage, told, undo

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json", "headers": {"If-Match": "*"}}


@pytest.mark.parametrize(
    ("kind", "page", "api"),
    [("opportunity", "opportunity-tags", "opportunities"), ("ticket", "ticket-tags", "tickets")],
)
def test_tags_on_the_page_in_the_list_and_over_the_api(cast, client, now, kind, page, api):
    mine, other = MAKERS[kind](cast.rep, cast.north), MAKERS[kind](cast.rep, cast.north)
    theirs = MAKERS[kind](cast.outsider, cast.south)
    person = cast.manager if kind == "opportunity" else cast.service_manager
    client.force_login(person)
    assert client.post(reverse(page, args=[theirs.pk]), {"new_name": "Fair"}).status_code in (403, 404)
    url = reverse(page, args=[mine.pk])
    assert client.post(url, {"new_name": "Fair", "new_colour": "green"}).status_code == 302
    fair = Tag.objects.get()
    mine.refresh_from_db()
    assert (mine.tags, fair.colour) == ([fair.pk], "green")
    assert Event.objects.get(type=f"{kind}.tagged").data == {"tags": [[], [fair.pk]]}
    assert "Fair" in client.get(mine.get_absolute_url()).content.decode()
    urgent = tags.named("Urgent", by=cast.rep, at=now)
    answer = client.post(f"/api/v1/{api}/{other.pk}/tags/", {"add": ["urgent", "Fair"], "remove": ["none"]}, **JSON)
    assert (answer.status_code, answer.json()["tags"]) == (200, ["Fair", "Urgent"])
    found = client.get(f"/api/v1/{api}/?tag=URGENT").json()["results"]
    assert [(row["id"], row["tags"]) for row in found] == [(other.pk, ["Fair", "Urgent"])]
    listed = {"tab": "all", "columns": "number,name,tags", "tags_any": fair.pk, "tags_none": urgent.pk}
    shown = client.get(reverse(f"{kind}-list"), listed).content.decode()
    assert (mine.get_absolute_url() in shown, other.get_absolute_url() in shown, "Fair" in shown) == (True, False, True)
    bulk = reverse(f"{kind}-list-bulk", args=["tags"])
    chosen = {"ids": f"{mine.pk},{theirs.pk}", "add": urgent.pk, "remove": fair.pk, "confirmed": "1"}
    assert client.post(bulk, chosen).status_code in (200, 302)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.tags, theirs.tags) == ([urgent.pk], [])
    tags.merge(urgent, into=fair)
    other.refresh_from_db()
    mine.refresh_from_db()
    assert (mine.tags, other.tags) == ([fair.pk], [fair.pk])


OPPORTUNITY_FIELDS = {
    "external_id": "external_id", "name": "name", "customer": {"column": "customer", "optional": True},
}  # fmt: skip
FILES = {
    "opportunity": ("external_id,name,customer,tags\n7,Atlas,,Fair; vip\n", OPPORTUNITY_FIELDS),
    "ticket": (
        "number,subject,opened_at,tags\nT-7,Broken,2026-05-01 10:00,Fair; vip\n",
        {"number": "number", "subject": "subject", "opened_at": "opened_at"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_tags_from_a_file_are_added_and_undoing_takes_them_back(cast, now, kind):
    vip, old = tags.named("VIP", by=cast.rep, at=now), tags.named("Old", by=cast.rep, at=now)
    text, fields = FILES[kind]
    MAKERS[kind](cast.administrator, cast.company)  # there is a pipeline, a queue and their states
    model = type(MAKERS[kind](cast.administrator, cast.company))
    first = run(stage(text.replace("Fair; vip", "old"), cast.administrator, kind, fields={**fields, "tags": "tags"}))
    assert (first.state, told(first)[0][1:3]) == ("done", ("created", ""))
    record = model.objects.latest("pk")
    assert record.tags == [old.pk]
    second = run(stage(text, cast.administrator, kind, fields={**fields, "tags": "tags"}))
    record.refresh_from_db()
    assert record.tags == sorted([vip.pk, old.pk, Tag.objects.get(name="Fair").pk])
    undo(second)
    record.refresh_from_db()
    assert record.tags == [old.pk]
