"""Tasks that come again: the rules as arithmetic, and one open task at a time."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.models import Event
from customers.actions import customers, repetition, tasks
from customers.models import Task, recurrence
from tests.factories.customers import make_customer, make_task

NOW = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)  # a Wednesday
TUESDAY, FRIDAY = date(2026, 5, 12), date(2026, 5, 29)  # the second, and the fifth


def firsts(rule, start, number=4):
    return [f"{day:%y-%m-%d}" for day in recurrence.first(rule, start, number)]


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        (recurrence.daily(3), date(2026, 5, 13), ["26-05-13", "26-05-16", "26-05-19", "26-05-22"]),
        (recurrence.weekly([4, 0], 2), date(2026, 5, 11), ["26-05-11", "26-05-15", "26-05-25", "26-05-29"]),
        (recurrence.monthly_by_day(31), date(2026, 1, 31), ["26-01-31", "26-02-28", "26-03-31", "26-04-30"]),
        (recurrence.monthly_by_weekday(TUESDAY), TUESDAY, ["26-05-12", "26-06-09", "26-07-14", "26-08-11"]),
        (recurrence.monthly_by_weekday(FRIDAY), FRIDAY, ["26-05-29", "26-06-26", "26-07-31", "26-08-28"]),
        (recurrence.yearly(date(2024, 2, 29)), date(2024, 2, 29), ["24-02-29", "25-02-28", "26-02-28", "27-02-28"]),
        (recurrence.ending(recurrence.daily(), count=2), date(2026, 5, 13), ["26-05-13", "26-05-14"]),
        (recurrence.ending(recurrence.daily(), until=date(2026, 5, 14)), date(2026, 5, 13), ["26-05-13", "26-05-14"]),
    ],
)  # fmt: skip
def test_rules_mean_these_days(rule, start, expected):
    assert firsts(rule, start) == expected


@pytest.mark.parametrize(
    "text", ["", "DAILY", "FREQ=SECONDLY", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=100", "FREQ=DAILY;BYHOUR=3",
             "FREQ=DAILY;COUNT=2;UNTIL=20260101", "FREQ=WEEKLY;BYDAY=XX", "FREQ=DAILY;COUNT=0"],
)  # fmt: skip
def test_what_no_form_writes_is_refused(text):
    with pytest.raises(recurrence.Unusable):
        recurrence.parse(text)


@settings(max_examples=25)
@given(day=st.integers(1, 31), every=st.integers(1, 5), start=st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_a_monthly_task_comes_once_in_each_of_its_months(day, every, start):
    found = recurrence.first(recurrence.monthly_by_day(day, every), start.replace(day=1), 6)
    months = [each.year * 12 + each.month for each in found]
    assert [later - earlier for earlier, later in pairwise(months)] == [every] * 5
    assert all(each.day == day or (each + timedelta(days=1)).day == 1 for each in found)


def repeated(cast, rule, **fields):
    task = make_task(cast.rep, "Water the plants", due_at=NOW, at=NOW, **fields)
    return repetition.repeat(task, rule=rule, by=cast.rep, at=NOW)


def open_days():
    return [f"{task.occurrence_on}" for task in Task.objects.alive().open().order_by("pk")]


def test_the_next_is_made_when_the_last_is_done_and_only_once(cast):
    task = repeated(cast, recurrence.weekly([2]))
    assert open_days() == ["2026-05-13"]
    assert repetition.make_next(task.series_id, at=NOW) is None  # one is open
    tasks.complete(task, by=cast.rep, at=NOW)
    made = repetition.make_next(task.series_id, at=NOW)
    assert repetition.make_next(task.series_id, at=NOW) is None
    assert (made.title, made.owner, made.due_at) == ("Water the plants", cast.rep, NOW + timedelta(days=7))
    # Left open for a month: what went by is not made up for.
    month_later = NOW + timedelta(days=30)
    tasks.complete(made, by=cast.rep, at=month_later)
    assert f"{repetition.make_next(task.series_id, at=month_later).occurrence_on}" == "2026-06-10"
    assert Event.objects.filter(type="task.repeated").count() == 1


def test_it_is_the_same_time_of_the_clock_after_the_clocks_change(cast):
    with timezone.override("Europe/Berlin"):
        due = datetime(2026, 3, 28, 8, 0, tzinfo=UTC)  # 9:00 in Berlin, the day before summer time
        task = make_task(cast.rep, "Call", due_at=due, at=due)
        task = repetition.repeat(task, rule=recurrence.daily(), by=cast.rep, at=due)
        tasks.complete(task, by=cast.rep, at=due)
        assert repetition.make_next(task.series_id, at=due).due_at == datetime(2026, 3, 29, 7, 0, tzinfo=UTC)


def test_a_meeting_in_the_night_the_clocks_change_lasts_as_long_as_the_others(cast):
    with timezone.override("Europe/Berlin"):
        due = datetime(
            2026, 3, 28, 2, 30, tzinfo=UTC
        )  # 3:30 in Berlin: it begins in the hour that is left out next day
        task = make_task(cast.rep, "Night shift", starts_at=due - timedelta(hours=1), due_at=due, at=due, type="call")
        task = repetition.repeat(task, rule=recurrence.daily(), by=cast.rep, at=due)
        tasks.complete(task, by=cast.rep, at=due)
        made = repetition.make_next(task.series_id, at=due)
        made.refresh_from_db()
    assert (made.due_at, made.due_at - made.starts_at) == (
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC), timedelta(hours=1),
    )  # fmt: skip


def test_a_series_ends_is_stopped_and_rests_while_the_customer_is_in_the_bin(cast):
    customer = make_customer(cast.rep)
    task = repeated(cast, recurrence.daily(), customer=customer)
    tasks.delete(task, by=cast.rep, at=NOW)
    assert repetition.make_due(NOW) == 0  # its day has not come
    tomorrow = NOW + timedelta(days=1)
    customer = customers.delete(customer, by=cast.rep, at=NOW + timedelta(hours=1))
    assert repetition.make_due(tomorrow) == 0
    customers.restore(customer, by=cast.rep, at=NOW)
    assert (repetition.make_due(tomorrow), open_days()) == (1, ["2026-05-14"])
    repetition.stop(Task.objects.alive().open().get(), by=cast.rep, at=tomorrow)
    tasks.complete(Task.objects.alive().open().get(), by=cast.rep, at=tomorrow)
    assert (repetition.make_next(task.series_id, at=tomorrow), open_days()) == (None, [])
    bare = make_task(cast.rep, "No day")
    with pytest.raises(ValidationError):
        repetition.repeat(bare, rule=recurrence.daily(), by=cast.rep, at=NOW)


def test_the_dialog_says_how_it_comes_again_and_takes_it_back(client, cast):
    task = make_task(cast.rep, "Report", due_at=NOW)
    url = reverse("task-repetition", args=[task.pk])
    client.force_login(cast.rep)
    said = {"kind": "weekly", "every": 2, "weekdays": [0, 2], "count": 10}
    assert client.post(url, said | {"until": "2026-12-01"}).status_code == 422
    assert client.post(url, said).status_code == 302
    task.refresh_from_db()
    assert task.series.rule == "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=10"
    assert "May 25, 2026" in client.get(task.get_absolute_url()).content.decode()
    assert client.get(url).status_code == 200
    client.post(url, {"kind": "never", "every": 1})
    task.series.refresh_from_db()
    assert task.series.has_ended
