"""Deadlines in business time: weekends, pauses, priorities, changes of clocks."""

from datetime import UTC, datetime, time, timedelta

import pytest

from crm.models import BusinessCalendar, CalendarFrame
from service.actions import tickets
from service.models import Priority, SlaPolicy, SlaTarget, TicketEvent
from tests.factories.service import a_queue, a_ticket, state

pytestmark = pytest.mark.django_db


def at(day: int, hour: int, minute: int = 0, month: int = 5) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


WEDNESDAY_NOON, FRIDAY_16 = at(13, 12), at(15, 16)


def test_a_normal_ticket_is_to_be_answered_in_four_and_resolved_in_24_business_hours(cast):
    ticket = a_ticket(cast.agent, WEDNESDAY_NOON)
    assert ticket.first_response_due_at == at(13, 16)
    assert ticket.resolution_due_at == at(18, 12)  # 5 h on Wednesday, 8 + 8 h, and 3 h on Monday
    assert ticket.next_due_at == at(13, 16)


def test_an_urgent_ticket_of_friday_afternoon_is_due_over_the_weekend_on_monday(cast):
    ticket = a_ticket(cast.agent, FRIDAY_16 + timedelta(minutes=30), priority=Priority.URGENT)
    assert ticket.first_response_due_at == at(18, 9, 30)
    assert ticket.resolution_due_at == at(18, 16, 30)


def test_a_target_used_up_exactly_at_closing_time_is_due_at_closing_time(cast):
    ticket = a_ticket(cast.agent, FRIDAY_16, priority=Priority.URGENT)
    assert ticket.first_response_due_at == at(15, 17)


def test_a_ticket_of_the_weekend_starts_its_clock_on_monday(cast):
    ticket = a_ticket(cast.agent, at(16, 11), priority=Priority.URGENT)
    assert ticket.first_response_due_at == at(18, 10)


def test_waiting_for_the_customer_moves_the_resolution_and_not_the_first_answer(cast):
    ticket = a_ticket(cast.agent, WEDNESDAY_NOON)
    paused = tickets.pause(ticket=ticket, by=cast.agent, at=at(13, 13))
    assert paused.resolution_due_at == at(18, 12)
    assert paused.next_due_at == at(13, 16)  # the answer is still owed
    resumed = tickets.resume(ticket=ticket, by=cast.agent, at=at(15, 11))
    # Paused for 4 h on Wednesday, 8 h on Thursday, 2 h on Friday: 14 business hours later than Monday noon.
    assert resumed.resolution_due_at == at(20, 10)
    assert resumed.first_response_due_at == at(13, 16)


def test_a_pause_over_the_weekend_costs_only_the_open_hours(cast):
    ticket = a_ticket(cast.agent, WEDNESDAY_NOON)
    tickets.pause(ticket=ticket, by=cast.agent, at=at(15, 17))
    resumed = tickets.resume(ticket=ticket, by=cast.agent, at=at(18, 9))
    assert resumed.resolution_due_at == at(18, 12)


def test_two_pauses_add_up(cast):
    ticket = a_ticket(cast.agent, WEDNESDAY_NOON)
    for begin, end in ((at(13, 13), at(13, 14)), (at(14, 9), at(14, 10, 30))):
        tickets.pause(ticket=ticket, by=cast.agent, at=begin)
        ticket = tickets.resume(ticket=ticket, by=cast.agent, at=end)
    assert ticket.resolution_due_at == at(18, 14, 30)


def test_the_time_between_resolving_and_reopening_is_a_pause(cast):
    ticket = a_ticket(cast.agent, WEDNESDAY_NOON)
    tickets.resolve(ticket=ticket, by=cast.agent, at=at(13, 14))
    reopened = tickets.reopen(ticket=ticket, by=cast.agent, at=at(14, 14))
    assert reopened.resolution_due_at == at(19, 12)  # 3 + 5 hours later
    assert reopened.resolved_at is None
    assert reopened.reopen_count == 1


def test_a_new_priority_counts_from_the_opening_and_keeps_the_pauses(cast):
    ticket = a_ticket(cast.agent, WEDNESDAY_NOON)
    tickets.pause(ticket=ticket, by=cast.agent, at=at(13, 13))
    tickets.resume(ticket=ticket, by=cast.agent, at=at(13, 15))
    urgent = tickets.prioritise(ticket=ticket, priority=Priority.URGENT, by=cast.agent, at=at(13, 15))
    assert urgent.first_response_due_at == at(13, 13)
    assert urgent.resolution_due_at == at(14, 14)  # 8 h from noon: 1 + 2 + 5, two hours paused
    assert urgent.resolution_target == timedelta(hours=8)


def test_the_history_keeps_the_business_time_that_had_passed(cast):
    ticket = a_ticket(cast.agent, WEDNESDAY_NOON)
    tickets.pause(ticket=ticket, by=cast.agent, at=at(13, 13))
    tickets.resume(ticket=ticket, by=cast.agent, at=at(13, 15))
    tickets.resolve(ticket=ticket, by=cast.agent, at=at(14, 10))
    lines = list(TicketEvent.objects.exclude(type="breached").values_list("type", "elapsed"))
    assert lines == [
        ("opened", timedelta(0)),
        ("paused", timedelta(hours=1)),
        ("resumed", timedelta(hours=1)),
        ("resolved", timedelta(hours=4)),  # 1 h, then 15 to 17 and 9 to 10
    ]


def test_a_day_that_loses_an_hour_to_daylight_saving_is_counted_in_real_hours(cast):
    calendar = BusinessCalendar.objects.create(name="Berlin nights", timezone="Europe/Berlin")
    for day in (5, 6):
        CalendarFrame.objects.create(calendar=calendar, weekday=day, opens=time(0), closes=time(23, 59))
    policy = SlaPolicy.objects.create(name="Weekend", calendar=calendar)
    day = timedelta(hours=24)
    SlaTarget.objects.create(policy=policy, priority=2, first_response=timedelta(hours=3), resolution=day)
    queue = a_queue(cast.north, sla_policy=policy)
    # Sunday 29 March 2026, 00:00 in Berlin is 23:00 UTC on Saturday; at 02:00 the clock jumps to 03:00.
    spring = a_ticket(cast.agent, datetime(2026, 3, 28, 23, tzinfo=UTC), queue=queue)
    assert spring.first_response_due_at == datetime(2026, 3, 29, 2, tzinfo=UTC)  # 04:00 on the wall
    # The Sunday has 23 hours: the 24th is the first hour of the next Saturday.
    assert spring.resolution_due_at == datetime(2026, 4, 3, 23, tzinfo=UTC)
    autumn = a_ticket(cast.agent, datetime(2026, 10, 24, 22, tzinfo=UTC), queue=queue)
    assert autumn.first_response_due_at == datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert autumn.resolution_due_at == datetime(2026, 10, 25, 22, tzinfo=UTC)  # 25 hours: done at 23:00 local


def test_changing_the_policy_does_not_rewrite_what_was_promised(cast):
    ticket = a_ticket(cast.agent, WEDNESDAY_NOON)
    SlaTarget.objects.filter(policy=ticket.sla_policy).update(resolution=timedelta(hours=1))
    tickets.pause(ticket=ticket, by=cast.agent, at=at(13, 13))
    resumed = tickets.resume(ticket=ticket, by=cast.agent, at=at(13, 14))
    assert resumed.resolution_due_at == at(18, 13)
    assert resumed.resolution_target == timedelta(hours=24)


def test_another_queue_promises_what_its_own_policy_says(cast):
    policy = SlaPolicy.objects.create(name="Gold", calendar=SlaPolicy.objects.get(is_default=True).calendar)
    hour = timedelta(hours=1)
    SlaTarget.objects.create(policy=policy, priority=2, first_response=hour, resolution=2 * hour)
    gold = a_queue(cast.south, sla_policy=policy)
    moved = tickets.move(ticket=a_ticket(cast.agent, WEDNESDAY_NOON), queue=gold, by=cast.agent, at=at(13, 12, 30))
    assert moved.first_response_due_at == at(13, 13)
    assert moved.resolution_due_at == at(13, 14)
    assert moved.sla_policy == policy


def test_without_a_policy_a_ticket_has_no_deadlines_and_works_all_the_same(cast):
    SlaPolicy.objects.update(is_default=False)
    ticket = a_ticket(cast.agent, WEDNESDAY_NOON)
    assert ticket.first_response_due_at is None
    resolved = tickets.resolve(ticket=ticket, by=cast.agent, at=at(13, 13))
    assert resolved.resolved_at == at(13, 13)
    assert TicketEvent.objects.filter(type="resolved").get().elapsed is None


def test_a_calendar_without_hours_promises_nothing_and_stops_nobody(cast):
    CalendarFrame.objects.all().delete()
    ticket = a_ticket(cast.agent, WEDNESDAY_NOON)
    assert ticket.next_due_at is None


def test_what_we_write_first_owes_no_first_answer(cast):
    ticket = a_ticket(cast.agent, WEDNESDAY_NOON, direction="outbound")
    assert ticket.first_response_due_at is None
    assert ticket.waiting_since is None
    urgent = tickets.prioritise(ticket=ticket, priority=Priority.URGENT, by=cast.agent, at=at(13, 13))
    assert urgent.first_response_due_at is None
    assert urgent.resolution_due_at == at(14, 12)


def test_an_own_paused_state_stands_still_like_the_shipped_one(cast):
    own = state("Waiting for the customer")._meta.model.objects.create(name="At the workshop", category="paused")
    ticket = a_ticket(cast.agent, WEDNESDAY_NOON)
    tickets.change_state(ticket=ticket, state=own, by=cast.agent, at=at(13, 13))
    resumed = tickets.change_state(ticket=ticket, state=state("In progress"), by=cast.agent, at=at(13, 14))
    assert resumed.resolution_due_at == at(18, 13)
