"""The private calendar feed: RFC 5545, what one may see at the moment of asking, and a secret that is only a hash."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from crm.models import Event
from customers.actions import calendar_feeds, customers, tasks
from customers.models import CalendarFeed, icalendar_file
from tests.factories.customers import make_customer, make_task

NOW = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def no_limits():
    cache.clear()


def events_of(user, now=NOW):
    content = icalendar_file.write(user, now, lambda task: f"https://crm.example/tasks/{task.pk}/")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))  # folded as RFC 5545 says
    return icalendar.Calendar.from_ical(content).walk("VEVENT"), content


def test_times_are_right_on_both_sides_of_the_change_of_the_clocks(cast):
    meetings = [("Before", datetime(2026, 10, 24, 7, tzinfo=UTC)), ("After", datetime(2026, 10, 26, 8, tzinfo=UTC))]
    an_hour = timedelta(hours=1)
    with timezone.override("Europe/Berlin"):
        for title, starts in meetings:
            make_task(cast.rep, title, starts_at=starts, due_at=starts + an_hour, at=NOW)
        make_task(cast.rep, "All of it", due_at=datetime(2026, 10, 27, 16, tzinfo=UTC), all_day=True, at=NOW)
        found, content = events_of(cast.rep)
    assert [(str(one["summary"]), one.start, one.end) for one in found[:2]] == [
        (title, starts, starts + an_hour) for title, starts in meetings
    ]
    assert [f"{one.start:%H:%M}" for one in found[:2]] == ["09:00", "09:00"]
    assert (f"{found[2].start}", f"{found[2].end}") == ("2026-10-27", "2026-10-28")
    assert b"DTSTART;TZID=Europe/Berlin:20261024T090000" in content
    assert b"BEGIN:VTIMEZONE" in content


def test_it_holds_ones_own_plans_and_names_only_what_one_may_see_now(cast):
    customer, hidden = make_customer(cast.rep, "Acme, Ltd; 北京"), make_customer(cast.outsider, "Hidden Harbour")
    make_task(cast.rep, "Call\nthem " + "long " * 30, customer=customer, due_at=NOW + A_DAY)
    make_task(cast.rep, "About a hidden one", customer=hidden, due_at=NOW + 2 * A_DAY)
    make_task(cast.teammate, "Tom's", due_at=NOW + A_DAY)
    make_task(cast.rep, "Long gone", due_at=NOW - 40 * A_DAY)
    tasks.complete(make_task(cast.rep, "Done", due_at=NOW + A_DAY), by=cast.rep, at=NOW)
    gone = make_task(cast.rep, "Thrown away", due_at=NOW + A_DAY)
    tasks.delete(gone, by=cast.rep, at=NOW)
    found, content = events_of(cast.rep)
    assert [(str(one["status"]), str(one["summary"])[:9]) for one in found] == [
        ("CONFIRMED", "Call them"), ("CONFIRMED", "About a h"), ("CANCELLED", "Cancelled"),
    ]  # fmt: skip
    assert "Acme, Ltd; 北京" in str(found[0]["description"])
    assert found[2]["uid"] == f"task-{gone.pk}@yardstick"
    for word in ("Hidden Harbour", "Tom's", "Thrown away"):
        assert word.encode() not in content
    # Handed over: from then on the name is not told any more.
    customers.hand_over(customer, to=cast.outsider, by=cast.administrator, at=NOW)
    assert b"Acme" not in events_of(cast.rep)[1].replace(b"\r\n ", b"")


def test_the_address_is_shown_once_and_wrong_old_and_revoked_are_one_answer(client, cast):
    make_task(cast.rep, "Visit", due_at=timezone.now() + A_DAY)
    client.force_login(cast.rep)
    page = reverse("calendar-feed")
    addresses = [client.post(page).context["address"] for _time in range(2)]
    assert addresses[1] not in client.get(page).content.decode()
    secret = addresses[1].rsplit("/", 1)[1].removesuffix(".ics")
    assert secret not in CalendarFeed.objects.get().digest
    client.logout()
    answer = client.get(addresses[1])
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert b"SUMMARY:Visit" in answer.content
    assert {"ETag", "Last-Modified"} <= set(answer.headers)
    assert client.get(addresses[1], headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert CalendarFeed.objects.get().used_at is not None
    wrong = [client.get(addresses[0]), client.get(reverse("calendar-feed-file", args=["unknown"]))]
    client.force_login(cast.rep)
    client.post(reverse("calendar-feed-revocation"))
    client.logout()
    wrong.append(client.get(addresses[1]))
    assert {(one.status_code, one.content) for one in wrong} == {(404, b"There is no such calendar.")}
    told = Event.objects.filter(type__startswith="calendar_feed").order_by("pk").values_list("type", flat=True)
    assert [kind.split(".")[1] for kind in told] == ["issued", "issued", "revoked"]


def test_whoever_left_or_asks_too_often_gets_nothing(client, cast):
    secret = calendar_feeds.issue(by=cast.rep, at=NOW)
    address = reverse("calendar-feed-file", args=[secret])
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 405
    cast.rep.is_active = False
    cast.rep.save()
    assert client.get(address).status_code == 404
    assert {client.get(address).status_code for _time in range(30)} == {404, 429}
