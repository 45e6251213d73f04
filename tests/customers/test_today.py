"""Today: what is on it, why, in which order, and what finishes a row in place."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import User
from customers.actions import snoozes, task_results, tasks
from customers.actions.activities import NextStep
from customers.models import Activity, Collaborator, Customer, Snooze, Task, today
from customers.models.today import Asking, Item, Weight
from customers.sales.models.today import next_steps
from tests.factories.customers import make_contact, make_customer, make_task
from tests.factories.sales import make_opportunity

NOW = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)


def rows(user, now=NOW):
    return [(item.kind, item.title, item.reasons) for item in today.gather(Asking(user, now))[0]]


def item(**fields):
    return Item(**{"kind": "task", "pk": 1, "title": "", "weight": Weight.DUE, "reasons": ("why",)} | fields)


def test_points_add_up_what_the_page_of_the_rule_says():
    assert today.points(item(), NOW) == 40
    assert today.points(item(due_at=NOW - 3 * A_DAY), NOW) == 46
    assert today.points(item(due_at=NOW - 99 * A_DAY), NOW) == 60  # a year late is not more pressing than a breach
    assert today.points(item(due_at=NOW + A_DAY), NOW) == 40
    assert today.points(item(priority=3), NOW) == 55
    assert today.points(item(priority=1), NOW) == 25
    assert today.points(item(customer=Customer(tier="A")), NOW) == 50
    assert today.points(item(reasons=("one", "two")), NOW) == 45
    assert today.points(item(weight=Weight.BREACHED), NOW) == 60


def test_the_most_pressing_is_first_and_the_order_of_equals_is_fixed():
    found = today.ranked(
        [
            item(pk=1),
            item(pk=2, due_at=NOW),
            item(pk=3, weight=Weight.NO_STEP),
            item(pk=4, weight=Weight.WAITING),
            item(pk=5),
        ],
        NOW,
    )
    assert [one.pk for one in found] == [4, 2, 1, 5, 3]


def test_one_record_is_one_row_with_every_reason():
    late = item(kind="opportunity", weight=Weight.CLOSE_PASSED, reasons=("late",), due_at=NOW, finish={"close": "/c"})
    bare = item(kind="opportunity", weight=Weight.NO_STEP, reasons=("no step",), finish={"log": "/l"})
    other = replace(bare, pk=2)
    merged, second = today.merged([bare, late, other, bare])
    assert (merged.weight, merged.reasons, merged.due_at) == (30, ("no step", "late"), NOW)
    assert (merged.finish, second.pk) == ({"log": "/l", "close": "/c"}, 2)


def test_tasks_and_sales_tell_why_they_are_here(cast):
    customer = make_customer(cast.rep, tier="A")
    make_task(cast.rep, "Due today", due_at=NOW + timedelta(hours=3))
    make_task(cast.rep, "Due tomorrow", due_at=NOW + A_DAY)
    make_task(cast.teammate, "Tom's", due_at=NOW - A_DAY)
    bare = make_opportunity(cast.rep, customer=customer, name="Bare", amount=5000, at=NOW - 2 * A_DAY)
    make_task(cast.rep, "Some day", about=bare)
    planned = make_opportunity(cast.rep, customer=customer, name="Planned", at=NOW, expected_close=date(2026, 5, 12))
    make_task(cast.rep, "Send it", about=planned, due_at=NOW + A_DAY)
    late = make_opportunity(cast.rep, customer=customer, name="Late", amount=100, at=NOW)
    make_task(cast.rep, "Call them", about=late, customer=customer, due_at=NOW - 3 * A_DAY)
    stage = bare.stage.name
    assert rows(cast.rep) == [
        ("task", "Call them", ("Overdue for 3 days", "Next step of “Late”, $100")),
        ("opportunity", "Planned", ("Should have closed 1 day ago; $1,000",)),
        ("task", "Due today", ("Due today",)),
        ("opportunity", "Bare", (f"No next step with a date; $5,000, 2 days in “{stage}”",)),
    ]
    assert rows(cast.teammate) == [("task", "Tom's", ("Overdue for 1 day",))]
    assert rows(cast.nobody) == []


@pytest.mark.django_db
def test_what_a_person_collaborates_on_is_asked_once_for_the_whole_list(cast):
    make_task(cast.rep, customer=make_customer(cast.rep), due_at=NOW - A_DAY)
    rep = User.objects.get(pk=cast.rep.pk)

    with CaptureQueriesContext(connection) as asked:
        assert len(rows(rep)) == 1

    assert len([one for one in asked.captured_queries if 'FROM "customers_collaborator"' in one["sql"]]) == 1
    Collaborator.objects.create(customer=make_customer(cast.outsider, "Theirs"), user=rep, added_at=NOW)
    assert len(Customer.objects.visible_to(rep)) == 2  # nothing of it is kept


@pytest.mark.django_db
def test_a_row_put_off_comes_back_on_its_day_and_nothing_else_changes(cast):
    task = make_task(cast.rep, "Call", due_at=NOW - A_DAY)
    snoozes.snooze(task, until=date(2026, 5, 20), by=cast.rep, at=NOW)
    snoozes.snooze(task, until=date(2026, 5, 15), by=cast.rep, at=NOW)
    assert Snooze.objects.count() == 1
    assert rows(cast.rep) == []
    assert rows(cast.rep, NOW + 2 * A_DAY) == [("task", "Call", ("Overdue for 3 days",))]
    assert (task.version, Task.objects.get().due_at) == (1, NOW - A_DAY)
    for until in (date(2026, 5, 13), date(2028, 1, 1)):
        with pytest.raises(ValidationError):
            snoozes.snooze(task, until=until, by=cast.rep, at=NOW)
    snoozes.wake(task, by=cast.rep)
    assert rows(cast.rep) == [("task", "Call", ("Overdue for 1 day",))]


def test_each_open_sale_is_asked_once_for_its_next_step_and_one_to_come_takes_no_place(cast):
    for name, amount, days in (("Later", 900, 1), ("Late", 1, -1), ("Later still", 900, 9), ("Very late", 1, -5)):
        sale = make_opportunity(cast.rep, name=name, amount=amount, at=NOW)
        make_task(cast.teammate, f"Step of {name}", about=sale, due_at=NOW + days * A_DAY)
        make_task(cast.teammate, "After it", about=sale, due_at=NOW + (days + 1) * A_DAY)
    for name, amount in (("Small", 10), ("Unknown", None), ("Large", 800)):
        make_opportunity(cast.rep, name=name, amount=amount, at=NOW)

    with CaptureQueriesContext(connection) as queries:
        found = next_steps(Asking(cast.rep, NOW))

    assert [one.title for one in found] == ["Very late", "Late", "Large", "Small", "Unknown"]
    assert found[0].reasons == ("The next step of Tom Teammate is overdue for 5 days: Step of Very late",)
    assert [one.title for one in next_steps(Asking(cast.rep, NOW, limit=3))] == ["Very late", "Late", "Large"]
    # For the order once, and once for what is said of the first forty.
    assert queries[-1]["sql"].count('FROM "customers_task"') == 2


def test_a_result_is_an_activity_a_done_task_and_a_next_step_and_only_once(cast):
    customer = make_customer(cast.rep)
    person = make_contact(cast.rep, customer=customer)
    sale = make_opportunity(cast.rep, customer=customer)
    task = make_task(cast.rep, "Call", customer=customer, contact=person, about=sale)
    said = {"type": "call", "outcome": "positive", "subject": "Call", "body": "They want it"}
    step = NextStep("Send the offer", NOW + A_DAY)
    for _time in range(2):
        done, activity = task_results.finish(task, happened=said, next_step=step, submission="one", by=cast.rep, at=NOW)
    assert (done.done_at, done.done_by, Activity.objects.count()) == (NOW, cast.rep, 1)
    assert (activity.about_id, activity.body, list(activity.contacts.all())) == (sale.pk, "They want it", [person])
    following = Task.objects.open().get()
    assert (following.title, following.about_id, following.after) == ("Send the offer", sale.pk, activity)
    with pytest.raises(ValidationError, match="done already"):
        task_results.finish(task, happened=said, submission="two", by=cast.rep, at=NOW)
    assert Activity.objects.count() == 1


def test_a_task_without_customer_only_gets_its_next_step(cast):
    task = make_task(cast.rep, "Tidy up")
    done, activity = task_results.finish(task, next_step=NextStep("Again", NOW + A_DAY), by=cast.rep, at=NOW)
    assert (done.is_done, activity, Task.objects.open().get().title) == (True, None, "Again")


def test_the_page_shows_the_list_with_its_dialogs_and_every_post_is_answered_in_place(client, cast):
    customer = make_customer(cast.rep, "Acme Ltd")
    task = make_task(cast.rep, "Call <b>", customer=customer, due_at=timezone.now() - A_DAY)
    client.force_login(cast.rep)
    text = client.get(reverse("today-page")).content.decode()
    assert "Call &lt;b&gt;" in text
    assert reverse("task-result", args=[task.pk]) in text
    dialog = {"HX-Request": "true", "HX-Target": "dialog#dialog"}
    result, later = reverse("task-result", args=[task.pk]), reverse("today-snoozing", args=["task", task.pk])
    assert "Acme Ltd" in client.get(result, headers=dialog).content.decode()
    assert client.post(later, {}, headers=dialog).status_code == 422
    assert client.post(later, {"quick": "tomorrow"}, headers=dialog).status_code == 204
    assert "Nothing is waiting for you" in client.get(reverse("today-page")).content.decode()
    client.post(reverse("today-waking", args=["task", task.pk]))
    answer = client.post(result, {"type": "call", "subject": "Call", "next_title": "More"}, headers=dialog)
    assert (answer.status_code, "activity-logged" in answer["HX-Trigger"]) == (204, True)
    assert tasks.locked(task).is_done
    found = client.get("/api/v1/today/").json()
    assert found == {"are_more": False, "results": []}


def test_coverage_counts_open_sales_with_a_dated_next_step(client, cast):
    now = timezone.now()
    for number, due in enumerate([now + A_DAY, now - A_DAY, None]):
        sale = make_opportunity(cast.rep, name=f"Sale {number}")
        make_task(cast.rep, about=sale, due_at=due)
    make_opportunity(cast.teammate, name="Tom's")
    client.force_login(cast.rep)
    text = client.get(reverse("next-step-coverage")).content.decode()
    assert "2 of your 3 open sales" in text
    assert "67%" in text
    assert "Tom Teammate" not in text
    for wanted, names in (("with", {"Sale 0", "Sale 1"}), ("without", {"Sale 2"}), ("overdue", {"Sale 1"})):
        asked = {"outcome": "open", "owner": cast.rep.pk, "next_step": wanted}
        page = client.get(reverse("opportunity-list"), asked).content.decode()
        assert set(re.findall(r"Sale \d", page)) == names
    client.force_login(cast.manager)
    text = client.get(reverse("next-step-coverage")).content.decode()
    assert "Tom Teammate" in text
    assert "50%" in text  # together
    lines = client.get("/api/v1/next-step-coverage/").json()
    assert [(line["open"], line["dated"], line["overdue"], line["share"]) for line in lines] == [
        (3, 2, 1, pytest.approx(2 / 3)),
        (1, 0, 0, 0.0),
    ]


def test_a_program_completes_a_task_with_its_result(client, cast):
    customer = make_customer(cast.rep)
    task = make_task(cast.rep, "Call", customer=customer)
    client.force_login(cast.rep)
    headers = {"If-Match": "*", "Idempotency-Key": "once"}
    said = {"type": "call", "subject": "Called", "outcome": "reached", "next_title": "Send it"}
    for _time in range(2):
        answer = client.post(f"/api/v1/tasks/{task.pk}/result/", said, content_type="application/json", headers=headers)
        assert (answer.status_code, answer.json()["done_by"]) == (200, cast.rep.pk)
    assert (Activity.objects.get().subject, Task.objects.open().get().title) == ("Called", "Send it")
