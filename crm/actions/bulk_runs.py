"""Work on more records than one request can hold: asked for once, done some at a time, gone on with where it was.

A run is worked on by one worker at a time, under a lock that dies with it. What was done and how far the run is are
stored together, so a worker that is killed neither loses nor doubles anything.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog
from celery import current_app
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.access import fields
from crm.access.grants import access_of
from crm.actions.notifications import notify
from crm.actions.since import Conflict
from crm.advisory_lock import AdvisoryLock
from crm.models import BulkRun
from crm.ringing import ring

TASK = "crm.work_on_bulk_run"
TURN = timedelta(seconds=20)  # so long a worker stays at one run: mail and everything else wait behind it
STOPPED = gettext_noop("%(what)s stopped: %(changed)s changed so far.")
NAMED = 1_000  # of those left out, how many are kept with their reasons
State = BulkRun.State
Clock = Callable[[], datetime]  # a worker is at it for minutes
Some = Callable[[BulkRun, datetime], None]  # does the next records of a run and says so in it, inside a transaction
_workers: dict[str, tuple[Some, Callable[[BulkRun], Any]]] = {}


def worked_by(type: str, some: Some, title: Callable[[BulkRun], Any]) -> None:
    """`some` does the next records of runs of this type; `title` says in words what they are."""
    _workers[type] = (some, title)


def title_of(run: BulkRun) -> Any:
    return _workers[run.type][1](run)


@transaction.atomic
def ask(*, type: str, total: int, by: Any, at: datetime, token: str = "", **more: Any) -> BulkRun:
    """Note what is wanted and ring for a worker. The same form sent again is the run that it was the first time."""
    wanted = {"type": type, "total": total, "asked_at": at, "touched_at": at, **more}
    run, is_new = BulkRun.objects.get_or_create(by=by, token=token or uuid4().hex, defaults=wanted)
    if is_new:
        transaction.on_commit(lambda: _ring(run.pk, 0))
    return run


@transaction.atomic
def go_on(run: BulkRun, *, at: datetime) -> BulkRun:
    """With one that stopped; what is done stays done."""
    run = BulkRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.may_go_on:
        run.state, run.problem, run.touched_at = State.RUNNING, "", at
        run.save(update_fields=["state", "problem", "touched_at"])
        transaction.on_commit(lambda: _ring(run.pk, run.settled))
    return run


@transaction.atomic
def stop(run: BulkRun, *, by: Any, at: datetime) -> BulkRun:
    """After the records it is at, which are waited for: what is done stays done, and can be undone or gone on with."""
    run = BulkRun.objects.select_for_update(of=("self",)).select_related("by").get(pk=run.pk)
    if run.is_working and run.undoes_id is None:
        run.state, run.touched_at = State.STOPPED, at
        run.save(update_fields=["state", "touched_at"])
        if by != run.by:
            _tell(run, STOPPED, at)
    return run


def work(run_id: int, clock: Clock, settled: int | None = None) -> None:
    """Do what is left of a run, a turn long, and line up again. Somebody else being at it already is fine.

    With `settled`, how far it was when this was asked for: whoever was asked twice finds it further, and lets it be.
    """
    run = BulkRun.objects.filter(pk=run_id).first()
    if run is None or settled not in (None, run.settled):
        return
    if _take_a_turn(run_id, clock):
        run.refresh_from_db(fields=["settled"])
        _ring(run_id, run.settled)


def _take_a_turn(run_id: int, clock: Clock) -> bool:
    """Returns whether there is more to do."""
    began = clock()
    with AdvisoryLock(f"bulk-run:{run_id}") as is_mine:
        if not is_mine:
            return False
        try:
            while some(run_id, clock()):
                if clock() - began >= TURN:
                    return True
        except ValidationError as refusal:
            _fail(run_id, " ".join(refusal.messages), clock())
        except Exception:
            structlog.get_logger(__name__).exception("bulk_run_failed", run=run_id)
            _fail(run_id, "", clock())
            raise
    return False


def take_up_again() -> None:
    """Ring for runs nobody works on although somebody should; a lock tells a living worker from a dead one."""
    for pk, settled in BulkRun.objects.unfinished().values_list("pk", "settled"):
        _ring(pk, settled)


def forget_old(now: datetime) -> int:
    return BulkRun.objects.past(now).delete()[0]


def leave(run: BulkRun, conflict: Conflict) -> None:
    """One stays as it is, and why."""
    run.left_count += 1
    if len(run.left) < NAMED:
        run.left.append(conflict.as_json())


@transaction.atomic
def some(run_id: int, at: datetime) -> bool:
    """The next records, by what the person may do now; returns whether there are more."""
    run = BulkRun.objects.select_for_update(of=("self",)).select_related("by").filter(pk=run_id).first()
    if run is None or not run.is_working:
        return False
    named, by = len(run.left), run.by
    with (
        translation.override(by.language or settings.LANGUAGE_CODE),
        fields.reading(lambda: access_of(by), covers=False),
    ):  # what is refused is read by them
        if not by.is_active:
            raise ValidationError(_("This person no longer works here."))
        _workers[run.type][0](run, at)
    run.touched_at = at
    if run.settled >= run.total:
        run.state = State.DONE
        _tell(run, gettext_noop("%(what)s is done: %(changed)s changed, %(left)s left out."), at)
    columns = ["settled", "changed", "left_count", "touched_at", "state", "operation"]
    run.save(update_fields=[*columns, "left"] if len(run.left) > named else columns)
    return run.is_working


def _fail(run_id: int, problem: str, at: datetime) -> None:
    """Note that it stopped; what is done stays, and can be gone on with or undone."""
    run = BulkRun.objects.select_related("by").get(pk=run_id)
    run.state, run.problem, run.touched_at = State.FAILED, problem, at
    run.save(update_fields=["state", "problem", "touched_at"])
    _tell(run, STOPPED, at)


def _tell(run: BulkRun, message: str, at: datetime) -> None:
    values = {"what": title_of(run), "changed": run.changed, "left": run.left_count}
    key = f"bulk-run-{run.pk}-{run.state}-{run.settled}"
    notify(run.by, message, values=values, url=reverse("bulk-run-detail", args=[run.pk]), key=key, at=at)


def _ring(run_id: int, settled: int) -> None:
    ring(current_app.tasks[TASK], run_id=run_id, settled=settled)
