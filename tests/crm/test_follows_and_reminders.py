"""What happens to a record is told to its followers; a reminder comes once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.urls import reverse

from crm.actions import follows, preferences, records, reminders
from crm.models import Follow, Notification, Reminder
from customers.actions import activities
from tests.architecture.examples import MAKERS

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(cast):
    return MAKERS["customer"](cast.rep, cast.north)


def told(person):
    return [each.text for each in Notification.objects.visible_to(person).order_by("pk")]


def test_followers_are_told_once_but_not_of_what_they_did_nor_of_what_they_may_no_longer_see(cast, customer, now):
    for person in (cast.rep, cast.teammate, cast.outsider):  # the outsider followed while they could see it
        follows.follow(customer, by=person, at=now)
        follows.follow(customer, by=person, at=now)
    assert Follow.objects.count() == 3
    records.update(customer, {"name": "Renamed"}, by=cast.rep, at=now + timedelta(minutes=1))
    for minutes in (2, 3):
        follows.tell(now + timedelta(minutes=minutes))
    assert told(cast.teammate) == ["Renamed: customer: changed (Rosa Rep)"]
    activities.log(customer=customer, type="call", subject="Asked", by=cast.rep, at=now + timedelta(minutes=3))
    for minutes in (3, 4):
        follows.tell(now + timedelta(minutes=minutes))
    assert told(cast.teammate)[1:] == ["Renamed: activity: created (Rosa Rep)"]
    assert told(cast.rep) == []
    assert told(cast.outsider) == []
    follows.unfollow(customer, by=cast.teammate)
    records.update(customer, {"name": "Again"}, by=cast.rep, at=now + timedelta(minutes=4))
    follows.tell(now + timedelta(minutes=5))
    assert len(told(cast.teammate)) == 2


def test_following_in_the_browser_and_the_page_of_what_one_follows(cast, client, customer, now):
    url = reverse("record-followers", args=["customer", customer.pk])
    client.force_login(cast.outsider)
    assert client.post(url).status_code == 404
    client.force_login(cast.teammate)
    client.post(url)
    assert [one.user for one in Follow.objects.all()] == [cast.teammate]
    assert "Tom Teammate" in client.get(url).content.decode()
    assert customer.get_absolute_url() in client.get(reverse("following")).content.decode()
    type(customer)._base_manager.filter(pk=customer.pk).update(owner=cast.outsider, team=cast.south)
    assert customer.get_absolute_url() not in client.get(reverse("following")).content.decode()
    assert client.post(url, {"follow": "no"}).status_code == 404


def test_a_reminder_comes_once_in_the_app_and_by_mail_if_wanted(cast, client, now, django_capture_on_commit_callbacks):
    task = MAKERS["task"](cast.rep, cast.north)
    type(task)._base_manager.filter(pk=task.pk).update(due_at=now + timedelta(hours=5, minutes=30))
    wish = {"reminds_by_mail": True, "language": "zh-hans", "timezone": "Asia/Shanghai"}
    preferences.prefer(by=cast.rep, at=now, **wish)
    for person in (cast.rep, cast.teammate, cast.outsider):
        reminders.remind(task, when=now + timedelta(hours=1), by=person, at=now)
    with django_capture_on_commit_callbacks(execute=True):
        assert reminders.send_due(now + timedelta(minutes=59)) == 0
        assert reminders.send_due(now + timedelta(minutes=60)) == 2  # the outsider does not see the task
        assert reminders.send_due(now + timedelta(minutes=61)) == 0
    assert [told(each) for each in (cast.rep, cast.teammate, cast.outsider)] == [
        ["Reminder: Example"], ["Reminder: Example"], [],
    ]  # fmt: skip
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["rosa.rep@example.com"], "提醒：Example")
    what, link, off = letter.body.split("\n\n")
    assert (what, link) == (
        "提醒：Example\n截止时间：2026年5月14日 01:30",
        f"http://localhost:8000{task.get_absolute_url()}",
    )
    assert "http://localhost:8000/preferences/" in off
    assert letter.extra_headers == {"Auto-Submitted": "auto-generated"}


def test_another_time_takes_the_place_and_what_is_done_needs_none(cast, client, now):
    task = MAKERS["task"](cast.rep, cast.north)
    with pytest.raises(ValidationError, match="That time has passed"):
        reminders.remind(task, when=now, by=cast.rep, at=now)
    reminders.remind(task, when=now + timedelta(hours=1), by=cast.rep, at=now)
    reminders.remind(task, when=now + timedelta(hours=2), by=cast.rep, at=now)
    assert [one.at for one in Reminder.objects.all()] == [now + timedelta(hours=2)]
    client.force_login(cast.rep)
    assert "Remind me" in client.get(reverse("task-detail", args=[task.pk])).content.decode()
    client.post(reverse("record-reminder", args=["task", task.pk]), {"when": ""})
    assert not Reminder.objects.exists()
    reminders.remind(task, when=now + timedelta(hours=2), by=cast.rep, at=now)
    type(task)._base_manager.filter(pk=task.pk).update(done_at=now)
    assert reminders.send_due(now + timedelta(hours=3)) == 0
    assert told(cast.rep) == []
