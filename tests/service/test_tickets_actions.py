"""What can be done with a ticket, what is refused, and what is written down about it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from crm.models import Event, EventLink, Notification
from crm.models.record import StaleVersion
from service.actions import breaches, tickets
from service.models import Message, Priority, Ticket, TicketEvent
from tests.factories.service import a_contact, a_customer, a_queue, a_ticket, state

pytestmark = pytest.mark.django_db


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def history(ticket: Ticket) -> list[str]:
    return list(ticket.events.values_list("type", flat=True))


def told(ticket: Ticket) -> list[str]:
    found = Event.objects.filter(subject_kind="ticket", subject_id=ticket.pk).order_by("pk")
    return list(found.values_list("type", flat=True))


def test_opening_gives_a_number_the_queues_team_and_the_first_message(cast, now):
    queue = a_queue(cast.south)
    ticket = a_ticket(cast.agent, now, queue=queue)
    assert ticket.number.startswith("T-")
    assert ticket.team == cast.south
    assert ticket.state.name == "New"
    assert ticket.messages.get().direction == "inbound"
    assert ticket.waiting_since == now
    assert history(ticket) == ["opened"]
    assert told(ticket) == ["ticket.created"]


def test_numbers_come_from_a_sequence_one_after_the_other(cast, now):
    first, second = a_ticket(cast.agent, now), a_ticket(cast.agent, now)
    assert int(second.number[2:]) == int(first.number[2:]) + 1


def test_a_ticket_stands_on_the_timelines_of_its_customer_and_contact(cast, now):
    customer = a_customer(cast.rep)
    contact = a_contact(customer)
    ticket = a_ticket(cast.agent, now, contact=contact)
    assert ticket.customer == customer  # the one the contact speaks for
    links = EventLink.objects.filter(event__type="ticket.created").values_list("kind", "object_id")
    assert set(links) == {("ticket", ticket.pk), ("customer", customer.pk), ("contact", contact.pk)}


def test_a_ticket_without_a_subject_is_refused_and_nothing_is_stored(cast, now):
    with pytest.raises(ValidationError) as refusal:
        a_ticket(cast.agent, now, subject="")
    assert list(refusal.value.message_dict) == ["subject"]
    assert Ticket.objects.count() == Message.objects.count() == Event.objects.count() == 0


def test_the_first_answer_by_a_person_sets_the_first_response_once(cast, now):
    ticket = a_ticket(cast.agent, now)
    tickets.reply(ticket=ticket, body="We got it.", by=None, at=now, automatic=True)
    assert Ticket.objects.get().first_response_at is None
    tickets.note(ticket=ticket, body="Call the fire brigade", by=cast.agent, at=now)
    assert Ticket.objects.get().first_response_at is None
    tickets.reply(ticket=ticket, body="On it.", by=cast.agent, at=now + hours(1))
    tickets.reply(ticket=ticket, body="Done.", by=cast.agent, at=now + hours(2))
    ticket = Ticket.objects.get()
    assert ticket.first_response_at == now + hours(1)
    assert ticket.waiting_since is None
    assert history(ticket) == ["opened", "noted", "answered", "answered"]
    assert ticket.next_due_at == ticket.resolution_due_at


def test_only_what_nobody_has_dealt_with_is_new(cast, now):
    def named() -> str:
        return Ticket.objects.get().state.name

    ticket = a_ticket(cast.agent, now)
    tickets.reply(ticket=ticket, body="We got it.", by=None, at=now, automatic=True)
    tickets.note(ticket=ticket, body="Who knows printers?", by=cast.agent, at=now)
    tickets.assign(ticket=ticket, owner=cast.agent, by=cast.service_manager, at=now)
    assert named() == "New"
    tickets.reply(ticket=ticket, body="On it.", by=cast.agent, at=now)
    assert named() == "In progress"
    tickets.pause(ticket=ticket, by=cast.agent, at=now + hours(1))
    tickets.customer_replied(ticket=ticket, body="The blue one.", at=now + hours(2))
    assert named() == "In progress"
    tickets.pause(ticket=ticket, by=cast.agent, at=now + hours(3))
    tickets.resume(ticket=ticket, by=cast.agent, at=now + hours(4))
    assert named() == "In progress"
    tickets.resolve(ticket=ticket, by=cast.agent, at=now + hours(5))
    tickets.reopen(ticket=ticket, by=cast.agent, at=now + hours(6))
    assert named() == "In progress"
    answered = ticket.events.get(type="answered", by=cast.agent)
    assert (answered.state.name, answered.category) == ("In progress", "open")


def test_where_there_is_one_open_state_an_answered_ticket_stays_in_it(cast, now):
    state("In progress").delete()
    ticket = a_ticket(cast.agent, now)
    tickets.reply(ticket=ticket, body="On it.", by=cast.agent, at=now)
    assert Ticket.objects.get().state == ticket.state


def test_whoever_answers_an_unassigned_ticket_has_it(cast, now):
    ticket = a_ticket(cast.agent, now)
    tickets.reply(ticket=ticket, body="On it.", by=cast.agent, at=now)
    assert Ticket.objects.get().owner == cast.agent
    tickets.reply(ticket=ticket, body="Me too.", by=cast.service_manager, at=now)
    assert Ticket.objects.get().owner == cast.agent


def test_an_answer_may_enter_a_state_in_the_same_breath_and_still_counts_as_the_first(cast, now):
    ticket = a_ticket(cast.agent, now)
    waiting = state("Waiting for the customer")
    tickets.reply(ticket=ticket, body="Which printer?", by=cast.agent, at=now + hours(1), state=waiting)
    ticket = Ticket.objects.get()
    assert ticket.first_response_at == now + hours(1)
    assert ticket.is_paused
    assert ticket.next_due_at is None
    assert history(ticket) == ["opened", "answered", "paused"]


def test_an_answer_to_a_conversation_that_went_on_is_refused_and_shows_what_was_written(cast, now):
    ticket = a_ticket(cast.agent, now)
    seen = ticket.messages.get().pk
    tickets.reply(ticket=ticket, body="I take care.", by=cast.service_manager, at=now)
    with pytest.raises(tickets.NewerMessage) as refusal:
        tickets.reply(ticket=ticket, body="I take care!", by=cast.agent, at=now, seen=seen)
    assert [message.body for message in refusal.value.messages] == ["I take care."]
    assert ticket.messages.count() == 2
    assert Ticket.objects.get().owner == cast.service_manager


def test_the_same_words_sent_twice_in_a_moment_are_one_message(cast, now):
    ticket = a_ticket(cast.agent, now)
    seen = ticket.messages.get().pk
    for second in (0, 1):
        at = now + timedelta(seconds=second)
        tickets.reply(ticket=ticket, body="We are on it.", by=cast.agent, at=at, seen=seen)
        tickets.note(ticket=ticket, body="We are on it.", by=cast.agent, at=at)
    later = now + timedelta(minutes=1)
    tickets.note(ticket=ticket, body="We are on it.", by=cast.agent, at=later)
    said = ticket.messages.exclude(direction="inbound").order_by("pk").values_list("direction", "at")
    assert list(said) == [("outbound", now), ("note", now), ("note", later)]


def test_an_empty_answer_is_refused_and_nothing_changes(cast, now):
    ticket = a_ticket(cast.agent, now)
    with pytest.raises(ValidationError):
        tickets.reply(ticket=ticket, body="  \n", by=cast.agent, at=now)
    assert history(ticket) == ["opened"]
    assert Ticket.objects.get().version == ticket.version


def test_the_customers_answer_resumes_a_paused_ticket(cast, now):
    ticket = a_ticket(cast.agent, now)
    tickets.pause(ticket=ticket, by=cast.agent, at=now + hours(1))
    tickets.customer_replied(ticket=ticket, body="The blue one.", at=now + hours(2))
    ticket = Ticket.objects.get()
    assert ticket.is_open
    assert ticket.waiting_since == now  # nobody has answered since the opening
    assert history(ticket) == ["opened", "paused", "written", "resumed"]


def test_the_customers_answer_reopens_a_resolved_ticket_and_tells_its_owner(cast, now):
    ticket = a_ticket(cast.agent, now, owner=cast.agent)
    tickets.resolve(ticket=ticket, by=cast.agent, at=now + hours(1))
    tickets.customer_replied(ticket=ticket, body="It burns again.", at=now + hours(2))
    ticket = Ticket.objects.get()
    assert (ticket.is_open, ticket.reopen_count, ticket.resolved_at) == (True, 1, None)
    assert ticket.waiting_since == now + hours(2)
    assert told(ticket)[-2:] == ["ticket.written", "ticket.reopened"]
    assert Notification.objects.get(receiver=cast.agent).text == (
        f"The customer wrote on ticket {ticket.number}: The printer is on fire"
    )


def test_an_out_of_office_note_is_kept_and_changes_nothing(cast, now):
    ticket = a_ticket(cast.agent, now)
    resolved = tickets.resolve(ticket=ticket, by=cast.agent, at=now)
    tickets.customer_replied(ticket=ticket, body="I am on the beach.", at=now + hours(1), automatic=True)
    after = Ticket.objects.get()
    assert after.is_resolved
    assert after.version == resolved.version
    assert after.messages.count() == 2


def test_every_transition_writes_what_was_true_then(cast, now):
    ticket = a_ticket(cast.agent, now, queue=a_queue(cast.north))
    tickets.take(ticket=ticket, by=cast.agent, at=now)
    tickets.prioritise(ticket=ticket, priority=Priority.HIGH, by=cast.agent, at=now)
    tickets.resolve(ticket=ticket, by=cast.agent, at=now + hours(1))
    rows = TicketEvent.objects.values_list("type", "category", "owner__name", "team__name", "priority")
    assert list(rows) == [
        ("opened", "open", None, "North", 2),
        ("assigned", "open", "Ada Agent", "North", 2),
        ("prioritised", "open", "Ada Agent", "North", 3),
        ("resolved", "resolved", "Ada Agent", "North", 3),
    ]
    assert told(ticket) == ["ticket.created", "ticket.assigned", "ticket.prioritised", "ticket.resolved"]


@pytest.mark.parametrize("verb", ["resume", "reopen"])
def test_resuming_and_reopening_an_open_ticket_does_nothing(cast, now, verb):
    ticket = a_ticket(cast.agent, now)
    getattr(tickets, verb)(ticket=ticket, by=cast.agent, at=now)
    assert history(ticket) == ["opened"]
    assert Ticket.objects.get().version == 1


@pytest.mark.parametrize("verb", ["pause", "resolve"])
def test_doing_it_twice_does_it_once(cast, now, verb):
    ticket = a_ticket(cast.agent, now)
    getattr(tickets, verb)(ticket=ticket, by=cast.agent, at=now)
    getattr(tickets, verb)(ticket=ticket, by=cast.agent, at=now + hours(1))
    assert history(ticket) == ["opened", f"{verb}d"]


def test_an_open_ticket_cannot_be_closed(cast, now):
    ticket = a_ticket(cast.agent, now)
    with pytest.raises(ValidationError):
        tickets.close(ticket=ticket, by=cast.agent, at=now)
    assert history(ticket) == ["opened"]
    assert Ticket.objects.get().closed_at is None


def test_closing_keeps_when_it_was_resolved(cast, now):
    ticket = a_ticket(cast.agent, now)
    tickets.resolve(ticket=ticket, by=cast.agent, at=now)
    tickets.close(ticket=ticket, by=cast.agent, at=now + hours(2))
    tickets.close(ticket=ticket, by=cast.agent, at=now + hours(3))
    closed = Ticket.objects.get()
    assert (closed.resolved_at, closed.closed_at) == (now, now + hours(2))
    assert closed.state.name == "Closed"
    assert told(closed)[-2:] == ["ticket.resolved", "ticket.closed"]
    assert history(closed) == ["opened", "resolved", "closed"]


def test_moving_to_another_teams_queue_takes_it_from_whoever_had_it(cast, now):
    ticket = a_ticket(cast.agent, now, owner=cast.agent)
    moved = tickets.move(ticket=ticket, queue=a_queue(cast.south), by=cast.agent, at=now)
    assert (moved.owner, moved.team) == (None, cast.south)
    back = tickets.assign(ticket=moved, owner=cast.outsider, by=cast.agent, at=now)
    same_team = tickets.move(ticket=back, queue=a_queue(cast.south), by=cast.agent, at=now)
    assert same_team.owner == cast.outsider


def test_nobody_is_given_a_ticket_who_does_not_work_here_any_more(cast, now):
    gone = cast.person("Greta Gone", cast.north, "support_agent", is_active=False)
    ticket = a_ticket(cast.agent, now)
    with pytest.raises(ValidationError):
        tickets.assign(ticket=ticket, owner=gone, by=cast.agent, at=now)
    assert Ticket.objects.get().owner is None
    assert history(ticket) == ["opened"]


def test_who_is_given_a_ticket_is_told_and_who_takes_one_is_not(cast, now):
    ticket = a_ticket(cast.service_manager, now)
    tickets.assign(ticket=ticket, owner=cast.agent, by=cast.service_manager, at=now)
    assert Notification.objects.get().receiver == cast.agent
    tickets.take(ticket=ticket, by=cast.service_manager, at=now)
    assert Notification.objects.count() == 1


def test_an_edit_that_crosses_another_is_refused(cast, now):
    ticket = a_ticket(cast.agent, now)
    tickets.change(ticket=ticket, changes={"subject": "Smoke"}, by=cast.agent, at=now, version=1)
    with pytest.raises(StaleVersion):
        tickets.change(
            ticket=ticket,
            changes={"subject": "Fire"},
            by=cast.agent,
            at=now,
            version=1,
            base={"subject": "The printer is on fire"},
        )
    assert Ticket.objects.get().subject == "Smoke"
    with pytest.raises(ValueError, match="Not to be changed"):
        tickets.change(ticket=ticket, changes={"resolved_at": now}, by=cast.agent, at=now)


def test_deleting_and_restoring_leave_the_ticket_as_it_was(cast, now):
    ticket = a_ticket(cast.agent, now)
    tickets.delete(ticket=ticket, by=cast.agent, at=now)
    assert not Ticket.objects.visible_to(cast.agent).exists()
    tickets.restore(ticket=ticket, by=cast.agent, at=now)
    restored = Ticket.objects.visible_to(cast.agent).get()
    assert restored.next_due_at == ticket.next_due_at


def test_a_missed_deadline_is_noted_once_and_told_to_the_owner(cast, now):
    ticket = a_ticket(cast.agent, now, owner=cast.agent)
    assert breaches.mark_due(now + hours(4)) == 0  # due exactly now is not late
    assert breaches.mark_due(now + hours(4) + timedelta(seconds=1)) == 1
    assert breaches.mark_due(now + hours(5)) == 0
    assert history(ticket) == ["opened", "breached"]
    assert told(ticket)[-1] == "ticket.sla_breached"
    assert Notification.objects.get(receiver=cast.agent).text == (
        f"Ticket {ticket.number} was not answered in time: The printer is on fire"
    )


def test_a_missed_deadline_of_an_unassigned_ticket_is_told_to_the_queues_manager(cast, now):
    cast.north.manager = cast.service_manager
    cast.north.save()
    a_ticket(cast.agent, now)
    breaches.mark_due(datetime(2026, 5, 18, 12, 0, 1, tzinfo=UTC))
    texts = {note.text.split(" was ")[1] for note in Notification.objects.filter(receiver=cast.service_manager)}
    assert texts == {
        "not answered in time: The printer is on fire",
        "not resolved in time: The printer is on fire",
    }


def test_a_paused_ticket_does_not_miss_its_resolution(cast, now):
    ticket = a_ticket(cast.agent, now)
    tickets.reply(ticket=ticket, body="Which one?", by=cast.agent, at=now, state=state("Waiting for the customer"))
    assert breaches.mark_due(now + timedelta(days=30)) == 0
    assert history(ticket) == ["opened", "answered", "paused"]


def test_a_late_answer_between_two_runs_of_the_job_is_noted_all_the_same(cast, now):
    ticket = a_ticket(cast.agent, now)
    tickets.reply(ticket=ticket, body="Sorry.", by=cast.agent, at=now + hours(4.5))
    assert history(ticket) == ["opened", "breached", "answered"]


def test_the_history_can_be_neither_changed_nor_deleted(cast, now):
    ticket = a_ticket(cast.agent, now)
    for sql in ("UPDATE service_ticketevent SET type = 'closed'", "DELETE FROM service_ticketevent"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert history(ticket) == ["opened"]


def test_the_history_is_deleted_only_within_an_announced_purge(cast, now):
    ticket = a_ticket(cast.agent, now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL yardstick.allow_purge = 'on'")
        cursor.execute("DELETE FROM service_ticketevent")
    assert history(ticket) == []


def test_a_ticket_cannot_be_closed_without_being_resolved_even_in_sql(cast, now):
    ticket = a_ticket(cast.agent, now)
    with pytest.raises(DatabaseError, match="ticket_closed_only_when_resolved"), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(closed_at=now)


def test_an_imported_history_leaves_the_ticket_where_it_says_and_tells_nobody(cast, now):
    queue = a_queue(cast.north)
    opened = now - timedelta(days=7)
    ticket = tickets.open_imported(number="INC1", subject="Old", opened_at=opened, at=now, queue=queue, team=cast.north)
    events = [
        {"type": "opened", "at": opened},
        {"type": "assigned", "at": opened + hours(1), "owner": cast.agent},
        {"type": "answered", "at": opened + hours(1)},
        {"type": "resolved", "at": opened + hours(3), "state": state("Resolved")},
        {"type": "reopened", "at": opened + hours(4), "state": state("In progress")},
        {"type": "resolved", "at": opened + hours(5), "state": state("Resolved")},
        {"type": "closed", "at": opened + timedelta(days=5), "state": state("Closed")},
    ]
    assert tickets.import_history(ticket, events=events, at=now) == 7
    assert tickets.import_history(ticket, events=events, at=now) == 0
    ticket = Ticket.objects.get()
    assert (ticket.owner, ticket.state.name, ticket.reopen_count) == (cast.agent, "Closed", 1)
    assert (ticket.first_response_at, ticket.resolved_at) == (opened + hours(1), opened + hours(5))
    assert ticket.closed_at == opened + timedelta(days=5)
    assert list(ticket.events.filter(type="resolved").values_list("elapsed", flat=True)) == [hours(3), hours(4)]
    assert set(ticket.events.values_list("recorded_at", flat=True)) == {now}
    assert Event.objects.count() == 0
    assert tickets.open_imported(number="INC1", subject="Old", opened_at=opened, at=now, queue=queue) == ticket


def test_who_sees_which_tickets(cast, now):
    mine = a_ticket(cast.agent, now, queue=a_queue(cast.north))
    below = a_ticket(cast.agent, now, queue=a_queue(cast.north_inside))
    south = a_ticket(cast.agent, now, queue=a_queue(cast.south))
    of_rep = a_ticket(cast.agent, now, queue=a_queue(cast.south), customer=a_customer(cast.rep))

    def seen(user):
        return set(Ticket.objects.visible_to(user))

    assert seen(cast.agent) == {mine, of_rep}  # agents see every customer, and with it the customer's tickets
    assert seen(cast.service_manager) == {mine, below, of_rep}
    assert seen(cast.analyst) == seen(cast.administrator) == {mine, below, south, of_rep}
    assert seen(cast.rep) == {of_rep}
    assert seen(cast.outsider) == seen(cast.nobody) == set()
    assert set(Ticket.objects.editable_by(cast.agent)) == {mine}
    assert set(Ticket.objects.editable_by(cast.analyst)) == set()


def test_the_next_ticket_to_take_is_the_one_due_first(cast, now):
    normal = a_ticket(cast.agent, now - hours(1))
    urgent = a_ticket(cast.agent, now, priority=Priority.URGENT)
    low = a_ticket(cast.agent, now, priority=Priority.LOW)
    assert list(Ticket.objects.by_urgency()) == [urgent, normal, low]
    assert list(Ticket.objects.overdue(now + hours(2))) == [urgent]
