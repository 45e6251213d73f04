"""Search results name other records: an opportunity its customer. When those are renamed, the words follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from crm.access import kinds
from crm.search import documents

BATCH = 500


def follow(kind: str, ids: Iterable[int], changed: Iterable[str]) -> int:
    """Describe anew what quotes a changed field of these records, some hundred at a time; returns how many."""
    ids, fields, done = list(ids), set(changed), 0
    for quoting, path in _quoting(kind, fields) if ids else ():
        model: Any = kinds.get(quoting).model
        last = 0
        found = model._default_manager.all().alive().filter(**{f"{path}__in": ids}).order_by("pk")
        while batch := list(found.filter(pk__gt=last)[:BATCH]):
            documents.refresh_many(batch)
            done, last = done + len(batch), batch[-1].pk
    return done


def kinds_quoting(kind: str, fields: Iterable[str]) -> list[str]:
    return sorted({quoting for quoting, _path in _quoting(kind, set(fields))})


def is_quoted(kind: str, changed: Iterable[str]) -> bool:
    return next(_quoting(kind, set(changed)), None) is not None


def _quoting(kind: str, fields: set[str]) -> Iterator[tuple[str, str]]:
    """Kinds whose words repeat one of the fields, with the relation by which they know the record."""
    for quoting, by_path in documents.quotes().items():
        model: Any = kinds.get(quoting).model
        for path, quoted in by_path.items():
            target = model._meta.get_field(path).related_model
            if getattr(target, "kind", None) == kind and fields.intersection(quoted):
                yield quoting, path
