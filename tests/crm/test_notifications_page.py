from datetime import timedelta

import pytest

from crm.actions.notifications import notify
from crm.models import Notification

pytestmark = pytest.mark.django_db


def tell(receiver, key, now, url="/preferences/"):
    notify(receiver, "Ticket %(number)s is yours now.", values={"number": key}, url=url, key=key, at=now)
    return Notification.objects.get(receiver=receiver, key=key)


def test_the_bell_counts_only_what_the_person_has_not_read(client, cast, now):
    tell(cast.rep, "T-1", now)
    tell(cast.rep, "T-2", now).read(now)
    Notification.objects.filter(key="T-2").update(read_at=now)
    tell(cast.teammate, "T-3", now)
    client.force_login(cast.rep)

    page = client.get("/notifications/bell/")

    assert page.context["count"] == 1
    assert "1 unread notification" in page.content.decode()


def test_the_bell_says_99_plus_and_counts_no_further(client, cast, now):
    for number in range(105):
        tell(cast.rep, f"T-{number}", now)
    client.force_login(cast.rep)

    assert "99+" in client.get("/notifications/bell/").content.decode()


def test_the_page_lists_the_newest_first_and_pages_on(client, cast, now):
    for number in range(35):
        tell(cast.rep, f"T-{number:02}", now + timedelta(minutes=number))
    client.force_login(cast.rep)

    first = client.get("/notifications/")
    second = client.get("/notifications/", {"after": first.context["page"].after})
    back = client.get("/notifications/", {"before": second.context["page"].before})

    assert [row.key for row in first.context["page"].rows][:2] == ["T-34", "T-33"]
    assert [row.key for row in second.context["page"].rows] == ["T-04", "T-03", "T-02", "T-01", "T-00"]
    assert [row.key for row in back.context["page"].rows] == [row.key for row in first.context["page"].rows]


def test_somebody_elses_notifications_are_neither_shown_nor_opened(client, cast, now):
    theirs = tell(cast.teammate, "T-1", now)
    client.force_login(cast.rep)

    assert "T-1" not in client.get("/notifications/").content.decode()
    assert client.post(f"/notifications/{theirs.pk}/reading/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_marking_all_as_read_leaves_those_of_others(client, cast, now):
    mine, theirs = tell(cast.rep, "T-1", now), tell(cast.teammate, "T-2", now)
    client.force_login(cast.rep)

    assert client.post("/notifications/").status_code == 302

    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert mine.read_at is not None
    assert theirs.read_at is None


def test_opening_one_marks_it_read_and_leads_to_what_it_is_about(client, cast, now):
    mine = tell(cast.rep, "T-1", now)
    client.force_login(cast.rep)

    answer = client.post(f"/notifications/{mine.pk}/reading/")

    mine.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, "/preferences/")
    assert mine.read_at is not None


def test_looking_at_the_page_marks_nothing_as_read(client, cast, now):
    mine = tell(cast.rep, "T-1", now)
    client.force_login(cast.rep)

    client.get("/notifications/")
    client.get(f"/notifications/{mine.pk}/reading/")

    mine.refresh_from_db()
    assert mine.read_at is None


def test_a_notification_never_leads_to_another_host(client, cast, now):
    mine = tell(cast.rep, "T-1", now, url="https://example.org/trap")
    client.force_login(cast.rep)

    assert client.post(f"/notifications/{mine.pk}/reading/")["Location"] == "/notifications/"


def test_notifications_are_read_in_the_readers_language(client, cast, now, monkeypatch):
    mine = tell(cast.rep, "T-1", now)
    monkeypatch.setattr("django.utils.translation.gettext", lambda text: text.replace("is yours now", "归您了"))

    assert mine.text == "Ticket T-1 归您了."
