"""What a file said is kept while its import can be taken back, and no longer: it is somebody's data a second time."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from crm.models.import_batch import ImportBatch, ImportJournal, ImportRow

PART = 5_000  # rows, or records, in one transaction


def clear_old(now: datetime) -> int:
    """Empty what is past its time; safe to begin again. Returns how many imports that were."""
    due = ImportBatch.objects.past(now - timedelta(days=settings.IMPORT_UNDO_DAYS))
    pks = list(due.values_list("pk", flat=True))
    for pk in pks:
        clear(pk, now)
    return len(pks)


def clear(batch_id: int, at: datetime) -> None:
    """An import that was never started goes; of the others stays who imported what when, and which row became what."""
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch_id)
        if batch.started_at is None:
            batch.delete()
            return
        batch.cleared_at = at  # from here on it can neither go on nor be undone
        batch.save(update_fields=["cleared_at"])
    _empty(ImportRow, "number", batch_id, "cells = '{}', reason = '', changes = '{}'")
    _empty(ImportJournal, "id", batch_id, "label = '', before = '{}', after = '{}', parts = '{}', reason = ''")
    ImportBatch.objects.filter(pk=batch_id).update(is_emptied=True)


def _empty(model: type[ImportRow | ImportJournal], place: str, batch_id: int, emptied: str) -> None:
    """Some thousand at a time, in their order: no lock is held for long."""
    table, after = model._meta.db_table, 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""WITH part AS (SELECT id, {place} AS place FROM {table}
                        WHERE batch_id = %s AND {place} > %s ORDER BY {place} LIMIT %s),
                    done AS (UPDATE {table} AS row SET {emptied} FROM part WHERE row.id = part.id)
                SELECT max(place) FROM part""",
                [batch_id, after, PART],
            )
            last = cursor.fetchone()[0]
        if last is None:
            return
        after = last
