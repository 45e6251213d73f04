from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from crm.models import Event, EventLink, Notification
from customers.actions import tasks
from customers.models import Task
from customers.models.about import Pointer
from tests.factories.customers import make_customer, make_task


def test_a_task_is_whoever_notes_its_own(cast, now):
    task = tasks.create(title=" Call  back ", by=cast.rep, at=now, due_at=now + timedelta(days=1))
    assert (task.title, task.owner, task.team, task.priority) == ("Call back", cast.rep, cast.north, 2)
    assert not Notification.objects.exists()


def test_whoever_is_given_a_task_is_told_once(cast, now):
    task = tasks.create(title="Call back", owner=cast.teammate, by=cast.manager, at=now)
    note = Notification.objects.get()
    assert (note.receiver, note.values) == (cast.teammate, {"by": "Mia Manager", "task": "Call back"})
    assert note.url == f"/tasks/{task.pk}/"


def test_a_task_says_when_it_is_done_and_what_it_was_for(cast, now):
    customer = make_customer(cast.rep)
    task = make_task(cast.rep, customer=customer, about=Pointer("opportunity", 7))
    for _time in range(2):
        task = tasks.complete(task, by=cast.rep, at=now)
    assert (task.done_at, task.done_by, task.version) == (now, cast.rep, 2)
    event = Event.objects.get(type="task.completed")
    assert event.data == {"about_kind": "opportunity", "about_id": 7, "title": "Call back"}
    links = set(EventLink.objects.filter(event=event).values_list("kind", "object_id"))
    assert links == {("task", task.pk), ("customer", customer.pk), ("opportunity", 7)}


def test_a_task_done_by_mistake_is_opened_again(cast, now):
    task = tasks.complete(make_task(cast.rep), by=cast.rep, at=now)
    for _time in range(2):
        task = tasks.reopen(task, by=cast.rep, at=now)
    assert (task.done_at, task.done_by) == (None, None)
    assert Event.objects.filter(type="task.reopened").count() == 1


def test_assigning_moves_the_task_to_the_persons_team(cast, now):
    task = make_task(cast.rep)
    task = tasks.assign(task, to=cast.outsider, by=cast.manager, at=now)
    tasks.assign(task, to=cast.outsider, by=cast.manager, at=now)
    assert (task.owner, task.team) == (cast.outsider, cast.south)
    assert Event.objects.filter(type="task.assigned").count() == 1
    assert Notification.objects.filter(receiver=cast.outsider).count() == 1


def test_whoever_left_is_given_nothing(cast, now):
    gone = cast.person("Gone Away", cast.north, "sales_rep", is_active=False)
    task = make_task(cast.rep)
    with pytest.raises(ValidationError, match="no longer works here"):
        tasks.assign(task, to=gone, by=cast.manager, at=now)
    with pytest.raises(ValidationError, match="no longer works here"):
        tasks.create(title="Call back", owner=gone, by=cast.manager, at=now)
    assert [row.owner for row in Task.objects.all()] == [cast.rep]


def test_overdue_is_open_and_late(cast, now):
    late = make_task(cast.rep, "Late", due_at=now - timedelta(minutes=1))
    make_task(cast.rep, "Later", due_at=now + timedelta(minutes=1))
    make_task(cast.rep, "Some day")
    done = make_task(cast.rep, "Done", due_at=now - timedelta(days=1))
    tasks.complete(done, by=cast.rep, at=now)
    assert list(Task.objects.overdue(now)) == [late]


def test_the_most_pressing_comes_first_and_what_has_no_date_last(cast, now):
    make_task(cast.rep, "Some day")
    make_task(cast.rep, "Tomorrow", due_at=now + timedelta(days=1))
    make_task(cast.rep, "Now", due_at=now)
    make_task(cast.rep, "Now, and it matters", due_at=now, priority=Task.Priority.HIGH)
    titles = [task.title for task in Task.objects.soonest_first()]
    assert titles == ["Now, and it matters", "Now", "Tomorrow", "Some day"]
