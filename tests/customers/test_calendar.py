"""The calendar: which days are shown, what is on them, and moving with a version and an Undo."""

import json
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from customers.actions import task_results, tasks
from customers.models import Activity, Task, agenda
from tests.factories.customers import make_customer, make_task

NOW = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("view", "first", "last", "previous", "following"),
    [
        ("month", "2026-04-27", "2026-05-31", "2026-04-01", "2026-06-01"),
        ("week", "2026-05-11", "2026-05-17", "2026-05-04", "2026-05-18"),
        ("day", "2026-05-13", "2026-05-13", "2026-05-12", "2026-05-14"),
        ("agenda", "2026-05-13", "2026-05-26", "2026-04-29", "2026-05-27"),
    ],
)
def test_each_view_shows_its_days(view, first, last, previous, following):
    shown = agenda.span(view, date(2026, 5, 13))
    assert [f"{day}" for day in (shown.days[0], shown.days[-1], shown.previous, shown.following)] == [
        first, last, previous, following,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("to", "start", "end", "all_day"),
    [
        ("d:2026-10-26", "2026-10-26T09:30", "2026-10-26T10:30", False),  # the clocks were set back the day before
        ("h:2026-10-26T14", "2026-10-26T14:30", "2026-10-26T15:30", False),
        ("a:2026-10-24", "2026-10-24T09:30", "2026-10-24T10:30", True),
    ],
)
def test_a_meeting_keeps_its_time_of_the_clock_and_its_length(to, start, end, all_day):
    with timezone.override("Europe/Berlin"):
        starts = datetime(2026, 10, 24, 7, 30, tzinfo=UTC)
        found = agenda.moved(Task(starts_at=starts, due_at=starts + timedelta(hours=1)), to)
        local = [f"{timezone.localtime(found[name]):%Y-%m-%dT%H:%M}" for name in ("starts_at", "due_at")]
    assert (*local, found["all_day"]) == (start, end, all_day)


@pytest.mark.parametrize(
    ("to", "start", "end"),
    [
        ("h:2027-03-28T02", "2027-03-28T03:30", "2027-03-28T04:30"),  # the hour that spring leaves out
        ("h:2027-03-28T01", "2027-03-28T01:30", "2027-03-28T03:30"),
        ("h:2026-10-25T02", "2026-10-25T02:30", "2026-10-25T02:30"),  # the hour that comes twice
    ],
)
def test_a_meeting_dropped_into_the_change_of_the_clocks_lasts_as_long_as_before(to, start, end):
    with timezone.override("Europe/Berlin"):
        starts = datetime(2026, 10, 23, 7, 30, tzinfo=UTC)
        found = agenda.moved(Task(starts_at=starts, due_at=starts + timedelta(hours=1)), to)
        local = [f"{timezone.localtime(found[name]):%Y-%m-%dT%H:%M}" for name in ("starts_at", "due_at")]
    assert (*local, found["due_at"] - found["starts_at"]) == (start, end, timedelta(hours=1))


@pytest.mark.parametrize("to", ["", "x:2026-05-13", "h:2026-05-13", "d:2026-13-45", "d:"])
def test_what_is_no_place_is_refused(to):
    with pytest.raises(ValueError):  # noqa: PT011 - any reason
        agenda.moved(Task(due_at=NOW), to)


def test_dropping_moves_with_a_version_and_can_be_taken_back(client, cast):
    task = make_task(cast.rep, "Visit", starts_at=NOW, due_at=NOW + timedelta(hours=1))
    url = reverse("task-time", args=[task.pk])
    client.force_login(cast.rep)
    answer = client.post(url, {"column": "h:2026-05-15T09", "version": 1}, headers=HTMX)
    assert (answer.status_code, Task.objects.get().starts_at) == (204, datetime(2026, 5, 15, 9, 0, tzinfo=UTC))
    undo = json.loads(answer["HX-Trigger"])["toasts"]["notes"][0]["undo"]
    stale = client.post(url, {"column": "d:2026-05-20", "version": 1}, headers=HTMX)
    assert (stale.status_code, Task.objects.get().due_at) == (409, datetime(2026, 5, 15, 10, 0, tzinfo=UTC))
    assert client.post(url, {"column": "nonsense", "version": 2}, headers=HTMX).status_code == 422
    assert parse_qs(urlsplit(undo).query)["version"] == ["2"]
    assert client.post(undo).status_code == 302
    found = Task.objects.get()
    assert (found.starts_at, found.due_at, found.version) == (NOW, NOW + timedelta(hours=1), 3)
    client.post(undo)  # somebody has changed it since: nothing happens
    assert Task.objects.get().version == 3
    client.force_login(cast.teammate)
    assert client.post(url, {"column": "d:2026-05-20", "version": 3}, headers=HTMX).status_code == 403
    tasks.complete(found, by=cast.rep, at=NOW)
    client.force_login(cast.rep)
    assert client.post(url, {"column": "d:2026-05-20", "version": 4}, headers=HTMX).status_code == 422


def test_every_view_shows_whose_plans_one_may_see(client, cast):
    make_task(cast.rep, "Mine", due_at=NOW, all_day=True)
    make_task(cast.teammate, "Tom's visit", starts_at=NOW, due_at=NOW + timedelta(hours=1), type="visit")
    make_task(cast.outsider, "Hidden", due_at=NOW)
    tasks.complete(make_task(cast.rep, "Finished", due_at=NOW), by=cast.rep, at=NOW)
    client.force_login(cast.rep)
    for view in ("month", "week", "day", "agenda"):
        url = f"{reverse('calendar')}?view={view}&day=2026-05-13"
        text = client.get(url).content.decode()
        assert ("Mine" in text, "Tom&#x27;s visit" in text, "Hidden" in text, "Finished" in text) == (
            True, True, False, False,
        )  # fmt: skip
        text = client.get(f"{url}&owner={cast.rep.pk}&done=on").content.decode()
        assert ("Mine" in text, "Tom&#x27;s visit" in text, "Finished" in text) == (True, False, True)
    assert client.get(f"{reverse('calendar')}?view=x&day=x&team=x&owner=x").status_code == 200
    assert "<html" not in client.get(reverse("calendar"), headers=HTMX).content.decode()


def test_a_month_tells_the_first_of_each_day_and_how_many_more_there_are(client, cast):
    for hour in range(5):
        make_task(cast.rep, f"At {hour} h", due_at=NOW + timedelta(hours=hour))
    make_task(cast.rep, "All day long", due_at=NOW + timedelta(hours=6), all_day=True)
    for hour in range(4):
        make_task(cast.rep, f"Last {hour}", due_at=NOW + timedelta(days=18, hours=hour))
    shown = agenda.span("month", NOW.date())
    plan = agenda.planned(Task.objects.visible_to(cast.rep), shown)
    assert [entry.task.title for entry in plan.entries] == [
        "At 0 h", "At 1 h", "At 2 h", "All day long", "Last 0", "Last 1", "Last 2", "Last 3",
    ]  # fmt: skip
    assert (plan.hidden, plan.are_more) == ({NOW.date(): 2}, False)
    client.force_login(cast.rep)
    page = client.get(f"{reverse('calendar')}?view=month&day=2026-05-13&owner={cast.rep.pk}&done=on").content.decode()
    more = (
        f'<a class="calendar-more" href="?view=day&amp;day=2026-05-13&amp;owner={cast.rep.pk}&amp;done=on">2 more</a>'
    )
    assert (page.count(more), page.count("calendar-more")) == (1, 1)
    assert page.count("Last 3</a>") + page.count('Last 3<span class="calendar-owner">') == 1  # for phones too


def test_whoever_leads_several_teams_sees_what_they_plan_without_asking(client, cast):
    make_task(cast.junior, "Of the team below", due_at=timezone.now())
    make_task(cast.rep, "Of the team", due_at=timezone.now())
    client.force_login(cast.manager)
    text = client.get(reverse("calendar")).content.decode()
    assert ("Of the team below" in text, "Of the team" in text) == (True, True)
    only = client.get(f"{reverse('calendar')}?team={cast.north_inside.pk}").content.decode()
    assert ("Of the team below" in only, "Of the team<" in only) == (True, False)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2200-01-01"])
@pytest.mark.parametrize("view", ["month", "week", "agenda"])
def test_a_day_beyond_all_plans_counts_as_not_said(client, cast, view, day):
    client.force_login(cast.rep)
    answer = client.get(f"{reverse('calendar')}?view={view}&day={day}")
    assert (answer.status_code, answer.context["shown"].day) == (200, timezone.localdate())


def test_a_planned_meeting_becomes_a_record_of_when_it_was(cast):
    customer = make_customer(cast.rep)
    task = make_task(
        cast.rep, "Visit", customer=customer, type="visit", starts_at=NOW - timedelta(hours=2),
        due_at=NOW - timedelta(hours=1),
    )  # fmt: skip
    said = {"type": "visit", "outcome": "positive", "subject": "Visit", "body": ""}
    task_results.finish(task, happened=said, by=cast.rep, at=NOW)
    activity = Activity.objects.get()
    assert (activity.at, activity.duration, activity.type) == (NOW - timedelta(hours=2), timedelta(hours=1), "visit")
