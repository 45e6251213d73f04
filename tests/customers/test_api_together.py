"""Followers, reminders, repetition, putting off and the calendar for other programs, by the same rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from crm.models import Follow, Reminder
from customers.models import Activity, Snooze, Task
from tests.architecture.examples import MAKERS
from tests.factories.customers import make_task

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)
JSON = {"content_type": "application/json"}


@pytest.fixture
def api(cast, client):
    client.force_login(cast.rep)
    with time_machine.travel(NOON, tick=False):
        yield client


def test_following_over_the_api(cast, api):
    seen, unseen = MAKERS["customer"](cast.teammate, cast.north), MAKERS["customer"](cast.outsider, cast.south)
    for customer in (seen, unseen):
        Follow.objects.create(user=cast.outsider, about_kind="customer", about_id=customer.pk, at=NOON)
    about = {"about_kind": "customer", "about_id": seen.pk}
    for _twice in range(2):
        made = api.post("/api/v1/followers/", about, headers={"Idempotency-Key": "one"}, **JSON)
        assert (made.status_code, made.json()["user"]) == (201, cast.rep.pk)
    assert made["Idempotent-Replay"] == "true"
    hidden = api.post("/api/v1/followers/", about | {"about_id": unseen.pk}, **JSON)
    listed = api.get("/api/v1/followers/", about).json()["results"]
    assert [row["user"] for row in listed] == [cast.rep.pk, cast.outsider.pk]
    assert [row["about_id"] for row in api.get("/api/v1/followers/").json()["results"]] == [seen.pk, seen.pk]
    others = api.delete(f"/api/v1/followers/{listed[1]['id']}/")
    assert (hidden.status_code, others.status_code, Follow.objects.count()) == (404, 404, 3)
    assert api.delete(f"/api/v1/followers/{listed[0]['id']}/").status_code == 204
    assert Follow.objects.count() == 2


def test_a_task_and_an_activity_belong_to_an_opportunity_that_one_may_see(cast, api):
    mine, unseen = MAKERS["opportunity"](cast.rep, cast.north), MAKERS["opportunity"](cast.outsider, cast.south)
    about = {"about_kind": "opportunity", "about_id": mine.pk}
    task = api.post("/api/v1/tasks/", {"title": "Call", **about}, **JSON).json()
    call = {"type": "call", "subject": "Called", "customer": mine.customer_id}
    activity = api.post("/api/v1/activities/", call | about, **JSON).json()
    nobodys = api.post("/api/v1/activities/", {"type": "call", "subject": "Called"}, **JSON)
    assert (nobodys.status_code, nobodys.json()["errors"][0]["field"]) == (400, "customer")
    for made in (task, activity):
        assert (made["about_kind"], made["about_id"], made["customer"]) == ("opportunity", mine.pk, mine.customer_id)
    stays = api.patch(f"/api/v1/tasks/{task['id']}/", {"about_id": None}, headers={"If-Match": "*"}, **JSON).json()
    assert stays["about_id"] == mine.pk
    other = MAKERS["customer"](cast.rep, cast.north)
    wrong = [{"about_id": unseen.pk}, {"about_kind": "nothing"}, {"about_kind": ""}, {"about_id": None}]
    for one, field in [*((each, "about_id") for each in wrong), ({"customer": other.pk}, "customer")]:
        for kind, said in {"tasks": {"title": "x"}, "activities": {"type": "call", "subject": "x"}}.items():
            refused = api.post(f"/api/v1/{kind}/", said | about | one, **JSON)
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, field), one
    assert (Task.objects.count(), Activity.objects.count()) == (1, 1)


def test_reminders_over_the_api(cast, api):
    task = make_task(cast.rep, "Call", due_at=NOON + timedelta(days=1), at=NOON)
    about = {"about_kind": "task", "about_id": task.pk}
    wrong = [
        {},
        {"at": "2026-05-13T11:00:00Z"},
        {"minutes_before": 2000},
        {"at": "2026-05-14T00:00:00Z", "minutes_before": 5},
    ]
    assert [api.post("/api/v1/reminders/", about | one, **JSON).status_code for one in wrong] == [400] * 4
    unseen = make_task(cast.outsider, "Theirs", due_at=NOON + timedelta(days=1), at=NOON)
    assert (
        api.post("/api/v1/reminders/", about | {"about_id": unseen.pk, "minutes_before": 5}, **JSON).status_code == 404
    )
    assert not Reminder.objects.exists()
    made = api.post("/api/v1/reminders/", about | {"minutes_before": 60}, **JSON).json()
    assert (made["at"], made["minutes_before"]) == ("2026-05-14T11:00:00Z", 60)
    made = api.post("/api/v1/reminders/", about | {"at": "2026-05-13T18:00:00Z"}, **JSON).json()
    assert (made["at"], made["minutes_before"], Reminder.objects.count()) == ("2026-05-13T18:00:00Z", None, 1)
    Reminder.objects.create(user=cast.teammate, about_kind="task", about_id=task.pk, at=NOON)
    assert api.get("/api/v1/reminders/?waiting=true").json()["results"] == [made]
    assert api.delete(f"/api/v1/reminders/{made['id']}/").status_code == 204
    assert [one.user for one in Reminder.objects.all()] == [cast.teammate]


def test_how_a_task_comes_again_and_when_it_is_put_off(cast, api):
    task = make_task(cast.rep, "Weekly", due_at=NOON, at=NOON)
    url, match = f"/api/v1/tasks/{task.pk}/", {"If-Match": '"1"'}
    assert api.post(f"{url}repetition/", {"rule": "FREQ=DAILY"}, **JSON).status_code == 428
    assert api.post(f"{url}repetition/", {"rule": "FREQ=HOURLY"}, headers=match, **JSON).status_code == 400
    weekly = "FREQ=WEEKLY;INTERVAL=1;BYDAY=WE"
    repeated = api.post(f"{url}repetition/", {"rule": weekly}, headers=match, **JSON)
    assert (repeated.status_code, repeated.json()["repetition"], repeated["ETag"]) == (200, weekly, '"2"')
    stopped = api.post(f"{url}repetition/", {"rule": None}, headers={"If-Match": '"2"'}, **JSON)
    assert (stopped.status_code, stopped.json()["repetition"]) == (200, None)
    anything = {"If-Match": "*"}
    assert api.post(f"{url}snooze/", {"until": "2026-05-13"}, headers=anything, **JSON).status_code == 400
    assert api.post(f"{url}snooze/", {"until": "2026-05-20"}, headers=anything, **JSON).status_code == 200
    assert [(one.user, one.until) for one in Snooze.objects.all()] == [(cast.rep, date(2026, 5, 20))]
    assert api.post(f"{url}snooze/", {"until": None}, headers=anything, **JSON).status_code == 200
    assert not Snooze.objects.exists()


def test_the_tasks_of_some_days(cast, api):
    make_task(cast.rep, "Mine", due_at=NOON, at=NOON)
    make_task(cast.teammate, "Tom's", due_at=NOON + timedelta(hours=1), starts_at=NOON - timedelta(hours=1), at=NOON)
    make_task(cast.rep, "Later", due_at=NOON + timedelta(days=1), at=NOON)
    make_task(cast.outsider, "Theirs", due_at=NOON, at=NOON)

    def titles(**asked):
        answer = api.get("/api/v1/calendar/", asked)
        return [row["title"] for row in answer.json()["results"]] if answer.status_code == 200 else answer.status_code

    day = {"since": "2026-05-13", "until": "2026-05-13"}
    assert titles(**day) == ["Tom's", "Mine"]
    assert titles(**day, owner=cast.rep.pk) == ["Mine"]
    assert titles(since="2026-05-13", until="2026-05-14", owner=cast.rep.pk) == ["Mine", "Later"]
    assert [
        titles(),
        titles(since="2026-05-13", until="2026-08-13"),
        titles(since="0001-01-01", until="0001-01-01"),
    ] == [400] * 3
