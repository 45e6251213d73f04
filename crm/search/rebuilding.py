"""All search documents anew, in batches: after an import past the actions, or when the words of a kind changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from crm.access import kinds
from crm.models.search_document import SearchDocument
from crm.search import documents

BATCH = 1000


def rebuild(kind: str, *, are_new: bool = False) -> Iterator[int]:
    """Describe every record of the kind again and drop what is left of gone ones. Yields how many are done so far.

    Each batch is a transaction of its own: it can be stopped and started again at any time, beside other work.
    Where none of them has a document yet, they `are_new`: that is faster.
    """
    model: Any = kinds.get(kind).model
    alive = model._default_manager.all().alive()
    done, last = 0, 0
    while True:
        with transaction.atomic():
            # Locked, so that nobody changes a record between reading it here and writing down what finds it.
            batch = list(alive.filter(pk__gt=last).order_by("pk").select_for_update(of=("self",), no_key=True)[:BATCH])
            documents.refresh_many(batch, are_new=are_new)
        if not batch:
            break
        done, last = done + len(batch), batch[-1].pk
        yield done
    _drop_gone(kind, model)


def _drop_gone(kind: str, model: Any) -> None:
    table = connection.ops.quote_name(model._meta.db_table)
    key = connection.ops.quote_name(model._meta.pk.column)
    has_bin = any(field.name == "deleted_at" for field in model._meta.get_fields())
    alive = "AND r.deleted_at IS NULL" if has_bin else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            DELETE FROM {SearchDocument._meta.db_table} d
            WHERE d.kind = %s AND NOT EXISTS (SELECT 1 FROM {table} r WHERE r.{key} = d.object_id {alive})
            """,
            [kind],
        )


def drop_unknown_kinds() -> None:
    """Documents of kinds that are not searchable any more."""
    SearchDocument.objects.exclude(kind__in=documents.searchable_kinds()).delete()
