"""Who works on a batch: one worker at a time, held by an advisory lock that dies with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import translation

from crm.exchange import running, undoing
from crm.exchange.unusable import Unusable
from crm.models.import_batch import ImportBatch
from crm.ringing import ring

LOCK = 7_410
State = ImportBatch.State


def ask(batch: ImportBatch) -> None:
    """Ask a worker to take the batch up. When the broker is away, the sweep finds it within a minute."""
    transaction.on_commit(lambda: _ring(batch.pk))


def work(batch_id: int, now: datetime) -> None:
    """Do what the batch's state asks for. Somebody else being at it already is fine."""
    with _held(batch_id) as is_mine:
        if not is_mine:
            return
        batch = ImportBatch.objects.filter(pk=batch_id).select_related("by").first()
        if batch is None or not batch.is_working:
            return
        try:
            with translation.override(batch.by.language or settings.LANGUAGE_CODE):  # what is refused is read by them
                _carry_on(batch, now)
        except Unusable as problem:
            fail(batch_id, str(problem), now)
        except Exception:
            structlog.get_logger(__name__).exception("import_failed", batch=batch_id)
            fail(batch_id, "", now)
            raise


def fail(batch_id: int, problem: str, now: datetime) -> None:
    """Note that it stopped; what was imported so far stays, and can be gone on with or undone."""
    ImportBatch.objects.filter(pk=batch_id).update(state=State.FAILED, problem=problem, touched_at=now)


def take_up_again(now: datetime) -> None:
    """Ring for batches nobody works on although somebody should; a lock tells a living worker from a dead one."""
    for pk in ImportBatch.objects.unfinished().values_list("pk", flat=True):
        _ring(pk)


def _carry_on(batch: ImportBatch, now: datetime) -> None:
    if batch.state == State.CHECKING:
        running.check(batch, at=now)
    elif batch.state == State.RUNNING:
        running.run(batch)
    elif batch.state == State.UNDOING:
        undoing.undo(batch, by=batch.by)


def _ring(batch_id: int) -> None:
    from crm.exchange.tasks import work_on_import

    ring(work_on_import, batch_id=batch_id)


@contextmanager
def _held(batch_id: int) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, batch_id])
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, batch_id])
