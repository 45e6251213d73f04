"""A reminder is wished with the task or the next step, and moves along with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from crm.models import Reminder
from customers.actions import repetition, tasks
from customers.models import Task, recurrence
from tests.factories.customers import make_customer, make_task

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def reminded():
    return [(one.user.name, one.at, one.before) for one in Reminder.objects.order_by("pk").select_related("user")]


@time_machine.travel(NOON, tick=False)
def test_the_form_of_a_task_asks_when_to_be_reminded(cast, client):
    client.force_login(cast.rep)
    given = {"title": "Call", "priority": "2", "due_at": "2026-05-14T15:00"}
    refused = [
        given | {"remind": "own"},
        given | {"remind": "60", "due_at": ""},
        given | {"remind": "1440", "due_at": "2026-05-14T11:00"},  # that would be an hour ago
    ]
    for wrong in refused:
        assert client.post(reverse("task-new"), wrong).status_code == 422
    assert (Task.objects.count(), reminded()) == (0, [])
    assert client.post(reverse("task-new"), given | {"remind": "60"}).status_code == 302
    task = Task.objects.get()
    assert reminded() == [("Rosa Rep", datetime(2026, 5, 14, 14, 0, tzinfo=UTC), HOUR)]
    page = client.get(reverse("task-edit", args=[task.pk]))
    form = page.context["form"]
    assert (form["remind"].value(), form["remind_at"].value()) == ("60", None)
    kept = {"version": form["version"].value(), "base_values": form["base_values"].value(), "remind": "60"}
    edit = reverse("task-edit", args=[task.pk])
    assert client.post(edit, given | kept | {"due_at": "2026-05-15T09:00"}).status_code == 302
    assert reminded() == [("Rosa Rep", datetime(2026, 5, 15, 8, 0, tzinfo=UTC), HOUR)]
    own = {"remind": "own", "remind_at": "2026-05-14T07:30", "version": "2", "base_values": ""}
    assert client.post(edit, given | own | {"due_at": "2026-05-15T09:00"}).status_code == 302
    assert reminded() == [("Rosa Rep", datetime(2026, 5, 14, 7, 30, tzinfo=UTC), None)]


@time_machine.travel(NOON, tick=False)
def test_the_next_step_of_the_quick_form_asks_too(cast, client):
    customer = make_customer(cast.rep)
    client.force_login(cast.rep)
    given = {
        "customer": customer.pk, "type": "call", "direction": "outbound", "at": "2026-05-13T11:00", "subject": "Asked",
        "next_title": "Send it", "next_due": "tomorrow", "next_remind": "10",
    }  # fmt: skip
    assert client.post(reverse("activity-new"), given).status_code == 302
    assert Task.objects.get().due_at == datetime(2026, 5, 14, 17, 0, tzinfo=UTC)
    assert reminded() == [("Rosa Rep", datetime(2026, 5, 14, 16, 50, tzinfo=UTC), timedelta(minutes=10))]


def test_who_is_reminded_so_long_before_stays_so_when_the_task_moves_or_comes_again(cast):
    task = make_task(cast.rep, "Weekly", due_at=NOON + 24 * HOUR, at=NOON)
    for person, before in ((cast.rep, HOUR), (cast.teammate, None)):
        Reminder.objects.create(
            user=person, about_kind="task", about_id=task.pk, at=NOON + 23 * HOUR, before=before, sent_at=NOON
        )
    tasks.update(task, {"starts_at": NOON + 47 * HOUR, "due_at": NOON + 48 * HOUR}, by=cast.manager, at=NOON)
    assert reminded() == [("Rosa Rep", NOON + 46 * HOUR, HOUR), ("Tom Teammate", NOON + 23 * HOUR, None)]
    assert [one.sent_at for one in Reminder.objects.order_by("pk")] == [None, NOON]
    repeated = repetition.repeat(task, rule=recurrence.daily(7), by=cast.rep, at=NOON)
    tasks.complete(repeated, by=cast.rep, at=NOON)
    repetition.make_next(repeated.series_id, at=NOON)
    assert reminded()[2:] == [("Rosa Rep", NOON + timedelta(days=7) + 46 * HOUR, HOUR)]
    tasks.update(task, {"starts_at": None, "due_at": None}, by=cast.rep, at=NOON)
    assert [one[0] for one in reminded()] == ["Tom Teammate", "Rosa Rep"]
