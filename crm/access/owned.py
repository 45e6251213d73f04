"""What somebody has on their hands, to be handed over before they go. Apps register theirs in `AppConfig.ready`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from crm.access import kinds


@dataclass(frozen=True)
class Owned:
    """The unfinished records of a kind, and the list (with `narrowed`) from which many are handed over at once."""

    kind: str
    unfinished: Callable[[Any], Any]
    list_url: str
    narrowed: dict[str, Any]

    @property
    def label(self) -> str:
        return str(kinds.get(self.kind).label_plural)

    def url(self, person: Any) -> str:
        return f"{reverse(self.list_url)}?{urlencode({'owner': person.pk, **self.narrowed}, doseq=True)}"

    def count(self, person: Any) -> int:
        rows = kinds.rows_of(self.kind).alive().filter(owner=person)
        return int(self.unfinished(rows).order_by().count())


_owned: dict[str, Owned] = {}


def register(kind: str, list_url: str, unfinished: Callable[[Any], Any] = lambda rows: rows, **narrowed: Any) -> None:
    """The same kind more than once is counted once: as it was registered last."""
    _owned[kind] = Owned(kind, unfinished, list_url, narrowed)


def by(person: Any) -> Iterator[tuple[Owned, int]]:
    """What there is of each, without what there is none of."""
    for each in _owned.values():
        if count := each.count(person):
            yield each, count
