"""Somebody named with an @ is told once, sees nothing they may not see, and is known by id."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from crm.actions.mentions import named_in
from crm.models import Mention, Notification, User
from customers.actions import activities, customers, tasks
from customers.models import Activity
from customers.sales.actions import opportunities
from service.actions import conversation
from tests.architecture.examples import MAKERS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ask @Li Na, please", {"Li Na": 1}),
        ("ask @li na.", {"li na": 1}),
        ("@Anna and @Ann: both", {"Anna": 3, "Ann": 2}),
        ("@Annabel is nobody", {}),
        ("write to rosa@Li Na", {}),
        ("请@张伟明天打电话", {"张伟": 4}),
        ("@Jo Kim is one of two", {}),
        ("@Jo Kim#6 is this one", {"Jo Kim#6": 6}),
        ("@Jo Kim#9 is neither", {}),
        ("@", {}),
    ],
)
def test_whom_a_text_names(text, found):
    names = {"Li Na": [1], "Ann": [2], "Anna": [3], "张伟": [4], "Jo Kim": [5, 6]}
    assert named_in(text, names) == found


@pytest.fixture
def everybody(cast):
    """They are there before they are named."""
    return [cast.rep, cast.teammate, cast.manager, cast.outsider, cast.agent]


def told(person):
    return [(each.text, each.url) for each in Notification.objects.visible_to(person).order_by("pk")]


@pytest.mark.django_db
def test_whoever_is_named_is_told_once_and_sees_nothing_by_it(cast, client, everybody, now):
    customer = MAKERS["customer"](cast.rep, cast.north)
    said = {"customer": customer, "type": "note", "subject": "Price", "by": cast.rep, "at": now}
    note = activities.log(**said, body="@Tom Teammate and @Olaf Outsider, look. @Rosa Rep too.")
    url = note.get_absolute_url()
    seen, unseen = ("Rosa Rep mentioned you: Price", url), (
        "Rosa Rep mentioned you at a record that you may not see. Ask Rosa Rep for access.", "",
    )  # fmt: skip
    assert (told(cast.teammate), told(cast.outsider), told(cast.rep)) == ([seen], [unseen], [])
    assert not Activity.objects.visible_to(cast.outsider).exists()
    later = now + timedelta(minutes=1)
    activities.update(note, {"body": "@Tom Teammate, @Mia Manager: look again"}, by=cast.teammate, at=later)
    activities.update(note, {"body": "@Tom Teammate, @Olaf Outsider, @Mia Manager"}, by=cast.rep, at=later)
    assert (told(cast.teammate), told(cast.outsider)) == ([seen], [unseen])
    assert told(cast.manager) == [("Tom Teammate mentioned you: Price", url)]
    assert list(Mention.objects.order_by("written").values_list("written", flat=True)) == [
        "Mia Manager", "Olaf Outsider", "Tom Teammate",
    ]  # fmt: skip


@pytest.mark.django_db
def test_renamed_they_are_shown_by_the_new_name_and_stay_named_when_the_text_is_edited(cast, client, everybody, now):
    task = tasks.create(title="Call", notes="<b> with @Tom Teammate", by=cast.rep, at=now)
    User.objects.filter(pk=cast.teammate.pk).update(name="Tom <Married>")
    client.force_login(cast.rep)
    page = client.get(task.get_absolute_url()).content.decode()
    assert '&lt;b&gt; with <span class="mention">@Tom &lt;Married&gt;</span>' in page
    tasks.update(task, {"notes": "still @Tom Teammate"}, by=cast.rep, at=now)
    assert [(each.user, each.written) for each in Mention.objects.all()] == [(cast.teammate, "Tom Teammate")]
    assert len(told(cast.teammate)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["customer", "opportunity"])
def test_the_notes_of_a_record_name_colleagues(cast, client, everybody, now, kind):
    record = MAKERS[kind](cast.rep, cast.north)
    update = {"customer": customers.update, "opportunity": opportunities.update}[kind]
    update(record, {"notes": "@Tom Teammate knows them"}, by=cast.rep, at=now)
    update(record, {"notes": "@Tom Teammate knows them well"}, by=cast.rep, at=now)
    assert told(cast.teammate) == [(f"Rosa Rep mentioned you: {record}", record.get_absolute_url())]
    client.force_login(cast.rep)
    assert '<span class="mention">@Tom Teammate</span>' in client.get(record.get_absolute_url()).content.decode()


@pytest.mark.django_db
def test_a_note_on_a_ticket_names_colleagues_and_leads_to_its_place(cast, client, everybody, now):
    ticket = MAKERS["ticket"](cast.agent, cast.north)
    note = conversation.note(ticket=ticket, body="@Rosa Rep knows them", by=cast.agent, at=now)
    answer = conversation.reply(ticket=ticket, body="@Rosa Rep is no business of yours", by=cast.agent, at=now)
    assert told(cast.rep) == [(f"Ada Agent mentioned you: {ticket}", f"{ticket.get_absolute_url()}#message-{note.pk}")]
    client.force_login(cast.agent)
    page = client.get(ticket.get_absolute_url()).content.decode()
    assert page.count('<span class="mention">@Rosa Rep</span>') == 1
    assert answer.body in page


@pytest.mark.django_db
def test_the_choices_say_who_may_not_see_what_the_text_is_about(cast, client, everybody, now):
    customer = MAKERS["customer"](cast.rep, cast.north)
    User.objects.create_user("tom2@example.com", name="Tom Teammate", team=cast.south)
    client.force_login(cast.rep)
    about = {"kind": "customer", "id": customer.pk}
    answer = client.get(reverse("mention-options"), {"q": "o", **about}).content.decode()
    assert ("Olaf Outsider" in answer, "may not see this" in answer) == (True, True)
    answer = client.get(reverse("mention-options"), {"q": "tom", **about}).content.decode()
    assert f'data-written="Tom Teammate#{cast.teammate.pk}"' in answer
    assert answer.count("may not see this") == 1
    client.force_login(cast.outsider)  # what they may not see says nothing about who does
    assert "may not see this" not in client.get(reverse("mention-options"), {"q": "", **about}).content.decode()
