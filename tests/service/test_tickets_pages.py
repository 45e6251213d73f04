"""The inbox and the ticket page, as a browser and htmx ask for them."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse

from service.actions import tickets
from service.lists.tickets import next_to_take
from service.models import Message, Priority, Ticket, TicketEvent
from tests.factories.service import a_contact, a_customer, a_queue, a_ticket, state

pytestmark = pytest.mark.django_db
MAIN = {"HX-Request": "true", "HX-Target": "div#ticket-main"}


@pytest.fixture(autouse=True)
def clock(now):
    cache.clear()
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def agent(client, cast):
    client.force_login(cast.agent)
    return client


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def history(ticket: Ticket) -> list[str]:
    return list(TicketEvent.objects.filter(ticket=ticket).order_by("pk").values_list("type", flat=True))


def unchanged(ticket: Ticket) -> bool:
    now_stored = Ticket.objects.get(pk=ticket.pk)
    return now_stored.version == ticket.version and ticket.messages.count() == 1


def test_the_inbox_shows_what_is_to_be_done_nearest_deadline_first(agent, cast, now):
    normal = a_ticket(cast.agent, now, subject="Normal one")
    urgent = a_ticket(cast.agent, now, subject="Urgent one", priority=Priority.URGENT)
    waiting = a_ticket(cast.agent, now, subject="Waiting one")
    tickets.pause(ticket=waiting, by=cast.agent, at=now)
    page = text(agent.get("/service/"))
    rows = page[page.index("<tbody") :]
    assert rows.index(urgent.number) < rows.index(normal.number)
    assert waiting.number not in rows
    assert "Next ticket to take" in page
    assert next_to_take(cast.agent) == urgent


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        ("next", {"mine", "free"}),
        ("mine", {"mine"}),
        ("unassigned", {"free"}),
        ("team", {"mine", "free", "waiting"}),
        ("paused", {"waiting"}),
        ("resolved", {"done"}),
        ("all", {"mine", "free", "waiting", "done"}),
    ],
)
def test_each_tab_of_the_inbox_holds_its_tickets(agent, cast, now, tab, expected):
    a_ticket(cast.agent, now, subject="mine", owner=cast.agent)
    a_ticket(cast.agent, now, subject="free")
    tickets.pause(ticket=a_ticket(cast.agent, now, subject="waiting", owner=cast.service_manager), by=None, at=now)
    tickets.resolve(ticket=a_ticket(cast.agent, now, subject="done"), by=None, at=now)
    page = text(agent.get("/service/", {"tab": tab}))
    rows = page[page.index("<tbody") :]
    assert {name for name in ("mine", "free", "waiting", "done") if f">{name}</a>" in rows} == expected


def test_nobody_is_offered_a_ticket_they_may_not_answer(client, cast, now):
    a_ticket(cast.agent, now)
    client.force_login(cast.analyst)
    assert "Next ticket to take" not in text(client.get("/service/"))


def test_only_administrators_are_led_to_why_somebody_sees_a_ticket(client, cast, now):
    ticket = a_ticket(cast.agent, now)
    why = reverse("why", kwargs={"kind": "ticket", "pk": ticket.pk})
    for person, is_led in ((cast.agent, False), (cast.administrator, True)):
        client.force_login(person)
        assert (why in text(client.get(ticket.get_absolute_url()))) is is_led
    assert client.get(why).status_code == 200


def test_the_page_shows_the_conversation_and_how_long_is_left(agent, cast, now):
    ticket = a_ticket(cast.agent, now, body="See https://acme.example/a?b=1 <script>x</script>")
    page = text(agent.get(f"/service/tickets/{ticket.pk}/"))
    assert "Answer within 4 h" in page
    assert "Resolve within 24 h" in page
    assert '<a href="https://acme.example/a?b=1" rel="nofollow">' in page
    assert "<script>x" not in page
    assert 'data-draft="ticket-answer-' in page


def test_the_countdown_says_late_paused_and_met(agent, cast, now):
    ticket = a_ticket(cast.agent, now)
    clock = f"/service/tickets/{ticket.pk}/clock/"
    with time_machine.travel(now + timedelta(hours=4, minutes=20), tick=False):
        assert "Answer late by 20 min" in text(agent.get(clock))
    tickets.reply(ticket=ticket, body="On it.", by=cast.agent, at=now + timedelta(hours=1))
    tickets.pause(ticket=ticket, by=cast.agent, at=now + timedelta(hours=1, minutes=30))
    page = text(agent.get(clock))
    assert "Answered in time" in page
    assert "Paused with 22 h 30 min left" in page
    inbox = text(agent.get("/service/?tab=paused"))
    assert "Paused" in inbox
    assert "Answered in time" not in inbox
    tickets.resolve(ticket=ticket, by=cast.agent, at=now + timedelta(hours=2))
    assert "Resolved in time" in text(agent.get(clock))


def test_what_was_missed_at_closing_time_is_late_by_no_minutes_all_weekend(agent, cast, now):
    ticket = a_ticket(cast.agent, now)
    closing = datetime(2026, 5, 15, 17, tzinfo=UTC)  # a Friday; the calendar opens again on Monday at nine
    Ticket.objects.update(first_response_due_at=closing, resolution_due_at=closing)
    for moment, said in (
        (closing - timedelta(seconds=20), ["Answer within 1 min", "Resolve within 1 min"]),
        (closing + timedelta(hours=30), ["Answer late<", "Resolution late<"]),
        (closing + timedelta(hours=64, minutes=5), ["Answer late by 5 min", "Resolution late by 5 min"]),
    ):
        with time_machine.travel(moment, tick=False):
            page = text(agent.get(f"/service/tickets/{ticket.pk}/clock/"))
        assert [words for words in said if words not in page] == []
        assert "0 min" not in page


def test_what_was_paused_late_says_so_and_what_was_resolved_last_stands_first(agent, cast, now):
    early, late = a_ticket(cast.agent, now), a_ticket(cast.agent, now)
    tickets.pause(ticket=late, by=cast.agent, at=now + timedelta(days=30))
    page = text(agent.get(f"/service/tickets/{late.pk}/clock/"))
    assert re.search(r"Paused, late by \d+ h", page)
    tickets.resolve(ticket=early, by=cast.agent, at=now + timedelta(hours=1))
    tickets.resolve(ticket=late, by=cast.agent, at=now + timedelta(days=31))
    url = "/service/?tab=resolved&sort=-resolved_at"
    assert url.replace("&", "&amp;") in text(agent.get("/service/"))
    resolved = text(agent.get(url))
    assert resolved.index(late.number) < resolved.index(early.number)


def test_the_answer_to_a_new_ticket_offers_the_state_it_goes_into(agent, cast, now):
    ticket = a_ticket(cast.agent, now)
    at_work, as_it_is = f'<option value="{state("In progress").pk}" selected>In progress', "leave the state as it is"
    page = text(agent.get(f"/service/tickets/{ticket.pk}/"))
    assert (at_work in page, as_it_is in page) == (True, False)
    tickets.reply(ticket=ticket, body="On it.", by=cast.agent, at=now)
    page = text(agent.get(f"/service/tickets/{ticket.pk}/"))
    assert (at_work in page, as_it_is in page) == (False, True)


def test_an_answer_goes_onto_the_ticket_and_only_the_main_part_comes_back(agent, cast, now):
    ticket = a_ticket(cast.agent, now)
    seen = ticket.messages.get().pk
    answer = agent.post(
        f"/service/tickets/{ticket.pk}/answer/",
        {"body": "Which printer?", "seen": seen, "state": state("Waiting for the customer").pk},
        headers=MAIN,
    )
    assert answer.status_code == 200
    assert "<html" not in text(answer)
    assert "ticket-changed" in answer["HX-Trigger"]
    ticket = Ticket.objects.get()
    assert (ticket.first_response_at, ticket.is_paused, ticket.owner) == (now, True, cast.agent)


def test_an_answer_without_htmx_leads_back_to_the_page(agent, cast, now):
    ticket = a_ticket(cast.agent, now)
    answer = agent.post(f"/service/tickets/{ticket.pk}/answer/", {"body": "Hello"})
    assert (answer.status_code, answer["Location"]) == (302, f"/service/tickets/{ticket.pk}/")


def test_an_answer_crossing_another_shows_it_and_keeps_the_draft(agent, cast, now):
    ticket = a_ticket(cast.agent, now)
    seen = ticket.messages.get().pk
    tickets.reply(ticket=ticket, body="I take care of it.", by=cast.service_manager, at=now)
    url, mine = f"/service/tickets/{ticket.pk}/answer/", {"body": "I do it!", "seen": seen}
    answer = agent.post(url, mine, headers=MAIN)
    assert answer.status_code == 409
    page = text(answer)
    assert "I take care of it." in page
    assert "I do it!</textarea>" in page
    assert "Your answer is kept, and not sent yet." in page
    assert ticket.messages.count() == 2
    newest = ticket.messages.order_by("pk").last().pk
    assert f'value="{newest}"' in page
    assert agent.post(url, mine | {"seen": newest}, headers=MAIN).status_code == 200
    assert ticket.messages.count() == 3


def test_an_empty_answer_is_refused_with_a_sentence(agent, cast, now):
    ticket = a_ticket(cast.agent, now)
    answer = agent.post(f"/service/tickets/{ticket.pk}/answer/", {"body": " "}, headers=MAIN)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in text(answer)
    assert unchanged(ticket)


def test_a_note_and_what_the_customer_said_have_forms_of_their_own(agent, cast, now):
    ticket = a_ticket(cast.agent, now)
    agent.post(f"/service/tickets/{ticket.pk}/note/", {"body": "He is angry."})
    agent.post(f"/service/tickets/{ticket.pk}/customer-message/", {"body": "Still burning!"})
    assert list(Message.objects.values_list("direction", "body"))[1:] == [
        ("note", "He is angry."),
        ("inbound", "Still burning!"),
    ]
    assert Ticket.objects.get().first_response_at is None


@pytest.mark.parametrize(
    ("verb", "event"),
    [("taking", "assigned"), ("pause", "paused"), ("resolution", "resolved")],
)
def test_a_verb_is_posted_to_its_resource(agent, cast, now, verb, event):
    ticket = a_ticket(cast.agent, now)
    assert agent.get(f"/service/tickets/{ticket.pk}/{verb}/").status_code == 405
    assert agent.post(f"/service/tickets/{ticket.pk}/{verb}/", headers=MAIN).status_code == 200
    assert TicketEvent.objects.last().type == event


def test_what_an_action_refuses_is_said_beside_the_ticket_as_it_is_now(agent, cast, now):
    ticket = a_ticket(cast.agent, now)
    answer = agent.post(f"/service/tickets/{ticket.pk}/closure/", headers=MAIN)
    notes = json.loads(answer.headers["HX-Trigger"])["toasts"]["notes"]
    assert [(note["level"], note["text"]) for note in notes] == [("error", "Only a resolved ticket can be closed.")]
    assert 'id="ticket-main"' in text(answer)
    assert history(ticket) == ["opened"]


@pytest.mark.parametrize("owner", ["agent", "service_manager", None])
def test_a_resolved_ticket_is_neither_taken_nor_given_back(agent, cast, now, owner):
    has_it = getattr(cast, owner) if owner else None
    ticket = a_ticket(cast.agent, now, owner=has_it)
    tickets.resolve(ticket=ticket, by=cast.agent, at=now)
    page = text(agent.get(f"/service/tickets/{ticket.pk}/"))
    assert [said in page for said in ("Take it", "Give back", "Reopen")] == [False, False, True]
    for verb in ("taking", "release"):
        followed = agent.post(f"/service/tickets/{ticket.pk}/{verb}/", follow=True)
        already_so = (verb, owner) in {("taking", "agent"), ("release", None)}
        assert ("Reopen it first if there is more to do." in text(followed)) is not already_so
    assert Ticket.objects.get().owner == has_it
    assert history(ticket) == ["opened", "resolved"]


EVERY_WRITE = [
    "answer",
    "note",
    "customer-message",
    "pause",
    "resumption",
    "resolution",
    "reopening",
    "closure",
    "taking",
    "release",
    "assignment",
    "queue",
    "priority",
    "state",
    "edit",
    "deletion",
]


@pytest.mark.parametrize("verb", EVERY_WRITE)
def test_another_teams_ticket_does_not_exist_and_stays_as_it_is(client, cast, now, verb):
    ticket = a_ticket(cast.agent, now)
    client.force_login(cast.outsider)
    answer = client.post(f"/service/tickets/{ticket.pk}/{verb}/", {"body": "x", "priority": 4})
    assert answer.status_code == 404
    assert unchanged(ticket)


@pytest.mark.parametrize("verb", EVERY_WRITE)
def test_an_analyst_sees_a_ticket_and_changes_nothing(client, cast, now, verb):
    ticket = a_ticket(cast.agent, now)
    client.force_login(cast.analyst)
    assert client.get(f"/service/tickets/{ticket.pk}/").status_code == 200
    answer = client.post(f"/service/tickets/{ticket.pk}/{verb}/", {"body": "x", "priority": 4})
    assert answer.status_code == 403
    assert unchanged(ticket)


def test_only_who_may_assign_gives_tickets_to_others(client, cast, now):
    ticket = a_ticket(cast.agent, now)
    url = f"/service/tickets/{ticket.pk}/assignment/"
    client.force_login(cast.agent)
    assert client.post(url, {"owner": cast.service_manager.pk}).status_code == 403
    client.force_login(cast.service_manager)
    assert client.post(url, {"owner": cast.outsider.pk}).status_code == 422  # beyond the reach, and no agent
    assert client.post(url, {"owner": cast.agent.pk}).status_code == 302
    assert Ticket.objects.get().owner == cast.agent


def test_moving_it_out_of_sight_leads_back_to_the_inbox(agent, cast, now):
    ticket = a_ticket(cast.agent, now)
    south = a_queue(cast.south)
    answer = agent.post(f"/service/tickets/{ticket.pk}/queue/", {"queue": south.pk})
    assert (answer.status_code, answer["Location"]) == (302, "/service/")
    assert Ticket.objects.get().queue == south


def test_a_ticket_is_opened_for_a_known_contact_by_email(agent, cast, now):
    contact = a_contact(customer := a_customer(cast.rep))
    values = {"subject": "No paper", "body": "At all.", "queue": a_queue(cast.north).pk, "priority": 3}
    values |= {"type": "incident", "source": "phone", "email": "nobody@acme.example"}
    assert agent.post("/service/tickets/new/", values).status_code == 422
    assert Ticket.objects.count() == 0
    answer = agent.post("/service/tickets/new/", values | {"email": contact.email.upper()})
    ticket = Ticket.objects.get()
    assert answer["Location"] == f"/service/tickets/{ticket.pk}/"
    assert (ticket.customer, ticket.contact, ticket.priority, ticket.type) == (customer, contact, 3, "incident")


def test_a_form_sent_twice_opens_one_ticket(agent, cast, now):
    values = {"subject": "No paper", "queue": a_queue(cast.north).pk, "priority": 2, "type": "question"}
    values |= {"source": "phone", "submit_once": "7d0c"}
    for _ in range(2):
        agent.post("/service/tickets/new/", values)
    assert Ticket.objects.count() == 1


def test_an_edit_based_on_an_old_version_is_shown_beside_the_other(agent, cast, now):
    ticket = a_ticket(cast.agent, now)
    page = text(agent.get(f"/service/tickets/{ticket.pk}/edit/"))
    base = page.split('name="base_values" value="')[1].split('"')[0]
    tickets.change(ticket=ticket, changes={"subject": "Smoke"}, by=cast.service_manager, at=now)
    mine = {"subject": "Fire", "type": "question", "source": "phone", "version": 1, "base_values": base}
    answer = agent.post(f"/service/tickets/{ticket.pk}/edit/", mine)
    assert answer.status_code == 409
    assert Ticket.objects.get().subject == "Smoke"
    assert agent.post(f"/service/tickets/{ticket.pk}/edit/", mine | {"version": 2}).status_code == 302
    assert Ticket.objects.get().subject == "Fire"


def test_a_deleted_ticket_comes_back_by_undo(client, cast, now):
    ticket = a_ticket(cast.agent, now)
    client.force_login(cast.service_manager)
    client.post(f"/service/tickets/{ticket.pk}/deletion/")
    assert client.get(f"/service/tickets/{ticket.pk}/").status_code == 404
    assert client.post(f"/service/tickets/{ticket.pk}/restoration/").status_code == 302
    assert client.get(f"/service/tickets/{ticket.pk}/").status_code == 200


def test_somebody_else_looking_at_the_ticket_is_named_and_new_messages_are_announced(client, cast, now):
    ticket = a_ticket(cast.agent, now)
    url, last = f"/service/tickets/{ticket.pk}/presence/", ticket.messages.get().pk
    client.force_login(cast.service_manager)
    assert "looking" not in text(client.post(url, {"last": last}))
    client.force_login(cast.agent)
    assert "Sven Service is looking at this" in text(client.post(url, {"last": last}))
    tickets.note(ticket=ticket, body="Hm", by=cast.service_manager, at=now)
    assert "1 new message: show it" in text(client.post(url, {"last": last}))
    with time_machine.travel(now + timedelta(minutes=2), tick=False):
        assert "looking" not in text(client.post(url, {"last": "²"}))


def test_the_panels_show_only_what_their_reader_may_see(client, cast, now):
    contact = a_contact(customer := a_customer(cast.rep))
    shown = a_ticket(cast.agent, now, contact=contact, subject="Shown")
    other = a_ticket(cast.agent, now, contact=contact, subject="Other one")
    client.force_login(cast.agent)
    assert "carla@acme.example" in text(client.get(f"/service/tickets/{shown.pk}/asker/"))
    assert other.number in text(client.get(f"/service/tickets/{shown.pk}/others/"))
    assert other.number in text(client.get(f"/service/customers/{customer.pk}/tickets/"))
    assert other.number in text(client.get("/service/upcoming/"))
    client.force_login(cast.outsider)
    for url in (f"tickets/{shown.pk}/asker/", f"tickets/{shown.pk}/others/", f"customers/{customer.pk}/tickets/"):
        assert client.get(f"/service/{url}").status_code == 404
    assert client.get("/service/upcoming/").status_code == 403


def test_a_long_conversation_shows_its_end_and_offers_the_rest(agent, cast, now):
    ticket = a_ticket(cast.agent, now)
    rows = [Message(ticket=ticket, direction="note", body=f"line {n}.", author=cast.agent, at=now) for n in range(70)]
    Message.objects.bulk_create(rows)
    page = text(agent.get(f"/service/tickets/{ticket.pk}/"))
    assert "Show 11 earlier lines" in page
    assert "line 5." not in page
    assert "line 5." in text(agent.get(f"/service/tickets/{ticket.pk}/", {"all": "1"}))


def test_a_ticket_is_found_by_its_number_subject_and_the_contacts_mail(agent, cast, now):
    ticket = a_ticket(cast.agent, now, contact=a_contact(a_customer(cast.rep)), subject="Flaming printer")
    for words in (ticket.number, "flaming", "carla@acme.example"):
        assert ticket.number in text(agent.get("/service/", {"tab": "all", "q": words}))
