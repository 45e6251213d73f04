"""Periodic work is done once a slot, however many beats tick and whatever the clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crm.advisory_lock import AdvisoryLock
from crm.jobs import schedule
from crm.models import JobRun, failure

pytestmark = pytest.mark.django_db


@pytest.fixture
def only(monkeypatch):
    """Register a job as the only one there is; returns the times it ran at."""

    def register(every: str, hour: int = 2, fail: bool = False):
        ran: list[datetime] = []

        def run(now):
            ran.append(now)
            if fail:
                raise ValueError("broken job")

        monkeypatch.setattr(schedule, "_jobs", {})
        schedule.periodic("tested", every=every, hour=hour)(run)
        return ran

    return register


def tick(now):
    for run in schedule.open_slots(now):
        schedule.run_slot(run.pk, now)


def test_an_hourly_job_runs_once_an_hour_however_often_it_is_ticked(only, now):
    ran = only("hour")
    for minute in range(0, 120, 7):
        tick(now + timedelta(minutes=minute))
        tick(now + timedelta(minutes=minute))
    assert len(ran) == 2


def test_a_daily_job_runs_once_a_local_day_over_both_clock_changes(only, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    for day in (datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)):
        ran = only("day", hour=2)
        JobRun.objects.all().delete()
        for quarter in range(3 * 96):
            tick(day + timedelta(minutes=15 * quarter))
        assert len(ran) == 3, day


def test_a_daily_job_waits_for_its_hour(only, now):
    ran = only("day", hour=13)
    tick(now)
    assert ran == []
    tick(now + timedelta(hours=1))
    assert len(ran) == 1


def test_a_clock_that_jumps_back_does_not_run_a_slot_twice(only, now):
    ran = only("minute")
    for jump in (0, 60, 0, -60, 0, 60):
        tick(now + timedelta(seconds=jump))
    assert len(ran) == 3


def test_a_failing_job_is_tried_three_times_and_its_error_kept(only, now):
    ran = only("hour", fail=True)
    for minute in range(10):
        tick(now + timedelta(minutes=minute))
    assert len(ran) == 3
    run = JobRun.objects.get()
    assert (run.finished_at, run.attempts) == (None, 3)
    assert failure.sentence(run.error) == "ValueError: broken job"
    assert failure.kept("  far above\n" * 999 + run.error).endswith("ValueError: broken job\n")
    schedule.retry(run)
    tick(now + timedelta(minutes=11))
    assert len(ran) == 4


def test_a_job_that_another_process_is_at_is_left_to_it(only, now, django_db_blocker):
    from django.db import connection

    ran = only("hour")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [AdvisoryLock("job:tested").key])
        tick(now)
        assert ran == []
    finally:
        other.close()
    tick(now)
    assert len(ran) == 1
