"""What of a record can be searched, kept in the transaction that changes the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import models

from crm.models.search_document import SearchDocument
from crm.search import normalise


@dataclass(frozen=True)
class Words:
    """What a record offers to search: a title and subtitle to show, and further texts that find it."""

    title: str
    subtitle: str = ""
    texts: Iterable[str] = field(default_factory=tuple)  # names, notes, numbers
    phones: Iterable[str] = field(default_factory=tuple)
    emails: Iterable[str] = field(default_factory=tuple)
    about_id: int | None = None  # the customer whose visibility is enough to find the record


Describe = Callable[[models.Model], Words]
_describers: dict[str, Describe] = {}


def searchable(kind: str, describe: Describe) -> None:
    """Records of this kind are found by what `describe(record)` says. Called in `AppConfig.ready`."""
    _describers[kind] = describe


def searchable_kinds() -> list[str]:
    return list(_describers)


def refresh(record: models.Model) -> None:
    """Bring the record's search document up to date; one in the bin has none."""
    describe = _describers.get(record.kind)  # type: ignore[attr-defined]
    if describe is None:
        return
    if getattr(record, "deleted_at", None):
        SearchDocument.objects.filter(kind=record.kind, object_id=record.pk).delete()  # type: ignore[attr-defined]
        return
    normalise.save(record, describe(record))
