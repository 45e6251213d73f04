"""Periodic work: a minute tick turns the clock into slots, and each slot is run once.

Two beats, a clock that jumps or a daylight-saving change do no harm: the slot is unique in the database and the
job itself runs under an advisory lock. A slot missed while everything was down is caught up by the next tick.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from crm.advisory_lock import AdvisoryLock
from crm.joining import bracketed
from crm.models import failure
from crm.models.job import JobRun

Run = Callable[[datetime], None]
ATTEMPTS = 3


@dataclass(frozen=True)
class Job:
    name: str
    every: str  # "minute", "hour" or "day"
    run: Run
    hour: int = 2  # local hour after which a daily job is due
    label: Any = ""  # what it is for, in words

    def slot(self, now: datetime) -> str | None:
        """The slot `now` falls in, or None before the daily hour."""
        if self.every == "minute":
            return now.strftime("%Y-%m-%dT%H:%M")
        if self.every == "hour":
            return now.strftime("%Y-%m-%dT%H")
        local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
        return local.date().isoformat() if local.hour >= self.hour else None


_jobs: dict[str, Job] = {}


def periodic(name: str, *, every: str, hour: int = 2, label: Any = "") -> Callable[[Run], Run]:
    """Decorator: run `function(now)` once a minute, hour or local day. It must be safe to repeat."""
    if every not in {"minute", "hour", "day"}:
        raise ValueError(f"every={every!r}; write minute, hour or day.")

    def register(run: Run) -> Run:
        _jobs[name] = Job(name, every, run, hour, label)
        return run

    return register


def all_jobs() -> list[Job]:
    return list(_jobs.values())


def in_words(name: str) -> str:
    """What a job is for, and its name; of one that is no longer installed, the name alone."""
    job = _jobs.get(name)
    return bracketed(job.label, name) if job and job.label else name


def open_slots(now: datetime) -> list[JobRun]:
    """Note the slots that have come due, and return every unfinished one that may still be tried."""
    slots = [JobRun(job=job.name, slot=slot) for job in _jobs.values() if (slot := job.slot(now))]
    JobRun.objects.bulk_create(slots, ignore_conflicts=True)
    return list(
        JobRun.objects.filter(finished_at__isnull=True, attempts__lt=ATTEMPTS, job__in=_jobs).order_by("id")[:100]
    )


def retry(run: JobRun) -> None:
    """One that was given up, or waits for its next attempt, is run at the next tick."""
    run.attempts = 0
    run.save(update_fields=["attempts"])


def run_slot(run_id: int, now: datetime) -> bool:
    """Run one slot unless another process is at this job or it is done already; returns whether it ran."""
    run = JobRun.objects.filter(pk=run_id).first()
    job = _jobs.get(run.job) if run else None
    if run is None or job is None:
        return False
    with AdvisoryLock(f"job:{job.name}") as mine:
        if not mine:
            return False
        run.refresh_from_db()
        if run.finished_at is not None:
            return False
        run.start(now)
        try:
            job.run(now)
        except Exception:
            run.error = failure.kept(traceback.format_exc())
        else:
            run.finish(now)
        run.save()
    return True


def forget_old_slots(now: datetime) -> None:
    JobRun.objects.filter(finished_at__lt=now - timedelta(days=60)).delete()
