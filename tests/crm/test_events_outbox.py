"""What happened is told to every listener once, whatever fails in between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from crm import events
from crm.events import delivering, subscribing, timeline
from crm.models import Delivery, Event, Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def listen():
    """Subscribe functions for one test."""
    names = []

    def subscribe(handler, types="team.tested", name="tests.listener"):
        names.append(name)
        events.subscribe(types, name=name)(handler)

    yield subscribe
    for name in names:
        subscribing.unsubscribe(name)


def happen(cast, now, **fields) -> Event:
    return events.record("team.tested", cast.north, by=cast.rep, at=now, **fields)


def test_an_event_outside_a_transaction_is_refused(cast, now, transactional_db):
    with pytest.raises(RuntimeError, match="outside a transaction"):
        happen(cast, now)
    assert Event.objects.count() == 0


def test_an_event_disappears_with_the_transaction_it_belongs_to(cast, now, listen, transactional_db):
    listen(lambda event: None)
    cast.rep  # noqa: B018
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
        happen(cast, now)
        1 / 0  # noqa: B018
    assert (Event.objects.count(), Delivery.objects.count()) == (0, 0)


def test_a_listener_is_told_once(cast, now, listen):
    told = []
    listen(lambda event: told.append(event.data))
    happen(cast, now, data={"answer": 42})
    assert delivering.deliver_due(now) == 1
    assert delivering.deliver_due(now + timedelta(days=1)) == 0
    assert told == [{"answer": 42}]


def test_the_effect_of_a_failing_listener_is_rolled_back_and_tried_again(cast, now, listen):
    attempts = []

    def handler(event):
        Team.objects.create(name=f"Attempt {len(attempts)}")
        attempts.append(event.pk)
        if len(attempts) == 1:
            raise ValueError("not yet")

    listen(handler)
    happen(cast, now)
    delivering.deliver_due(now)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.due_at) == ("pending", 1, now + timedelta(seconds=10))
    assert "not yet" in delivery.error
    assert not Team.objects.filter(name__startswith="Attempt").exists()

    assert delivering.deliver_due(now) == 0  # not before its time
    delivering.deliver_due(now + timedelta(seconds=10))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error) == ("done", "")
    assert Team.objects.filter(name__startswith="Attempt").count() == 1


def test_after_eight_attempts_it_is_given_up_and_can_be_retried(cast, now, listen):
    broken = [True]

    def handler(event):
        if broken:
            raise ValueError("still broken")

    listen(handler)
    happen(cast, now)
    moment = now
    for _ in range(delivering.ATTEMPTS):
        delivering.deliver_due(moment)
        moment += timedelta(days=1)
    delivery = Delivery.objects.dead().get()
    assert delivering.deliver_due(moment) == 0

    broken.clear()
    delivering.retry(delivery, moment)
    assert delivering.deliver_due(moment) == 1
    assert Delivery.objects.get().state == "done"


def test_a_listener_that_was_removed_leaves_its_deliveries_to_the_dead(cast, now, listen):
    listen(lambda event: None)
    happen(cast, now)
    subscribing.unsubscribe("tests.listener")
    delivering.deliver_due(now)
    assert "No subscriber is called 'tests.listener'" in Delivery.objects.get().error


def test_a_timeline_pages_from_new_to_old_without_loss_at_equal_times(cast, now):
    for number in range(25):
        happen(cast, now - timedelta(minutes=number // 5), data={"number": number})
    collected, before = [], None
    while True:
        entries, before = timeline.page(cast.analyst, cast.north, before, limit=7)
        collected += [entry.item.data["number"] for entry in entries]
        if before is None:
            break
    assert sorted(collected) == list(range(25))
    assert [number // 5 for number in collected] == sorted(number // 5 for number in range(25))
