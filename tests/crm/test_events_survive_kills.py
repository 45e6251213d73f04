"""A worker killed twenty times during a thousand deliveries loses none and doubles none, on either broker."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.utils import timezone

from crm import events
from crm.models import Delivery
from tests.crm.killing.workers import Workers, doorbell, environment, redis_server
from tests.factories.crm import TeamFactory

DELIVERIES = 1000
KILLS = 20
PATIENCE = 240  # seconds for all of it


@pytest.fixture
def effects(transactional_db) -> Iterator[None]:
    """A table without a unique constraint, so that a doubled effect would be seen."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kill_effect (event_id bigint NOT NULL)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE kill_effect")


def happen(count: int) -> None:
    team = TeamFactory(name="Killed")
    events.subscribe("killing.happened", name="killing.count")(_nothing)
    try:
        with transaction.atomic():
            for number in range(count):
                events.record("killing.happened", team, by=None, at=timezone.now(), data={"number": number})
    finally:
        from crm.events import subscribing

        subscribing.unsubscribe("killing.count")


def _nothing(event) -> None:
    """Stands for the worker's subscriber in this process, which only writes the deliveries."""


def done() -> int:
    return Delivery.objects.filter(state=Delivery.State.DONE).count()


@pytest.mark.parametrize("broker", ["filesystem", "redis"])
def test_twenty_kills_lose_nothing_and_double_nothing(broker, effects, tmp_path):
    happen(DELIVERIES)
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(redis_server(tmp_path)) if broker == "redis" else "filesystem://"
        env = environment(url, tmp_path)
        bell = doorbell(env)
        deadline = time.monotonic() + PATIENCE
        workers = Workers(env, tmp_path / "worker.log")
        stack.callback(workers.end)
        workers.start()
        kills = 0
        mark = DELIVERIES // (KILLS + 2)
        while done() < DELIVERIES:
            assert time.monotonic() < deadline, workers.log.read_text()[-3000:]
            bell.send_task("crm.deliver_events", ignore_result=True)
            if kills < KILLS and done() >= mark * (kills + 1):
                workers.kill()
                kills += 1
                workers.start()
            time.sleep(0.05)
        bell.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT event_id) FROM kill_effect")
        total, distinct = cursor.fetchone()
    lost, doubled = DELIVERIES - distinct, total - distinct
    assert (kills, lost, doubled) == (KILLS, 0, 0)
    assert Delivery.objects.filter(state=Delivery.State.DONE).count() == DELIVERIES
