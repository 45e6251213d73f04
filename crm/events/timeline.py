"""Everything about one record, newest first, from the event log and from tables with histories of their own."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef

from crm import keyset
from crm.access import kinds
from crm.models.event import Event, EventLink


@dataclass(frozen=True)
class Entry:
    """One line of a timeline. `template` renders it with `entry.item`; `key` orders entries of one moment."""

    at: datetime
    key: tuple[str, int]
    item: Any
    template: str


Before = tuple[datetime, str, int] | None
# (user, record, before, limit) -> entries before the cursor, newest first, only what the user may see.
Source = Callable[[Any, models.Model, Before, int], Iterable[Entry]]

_sources: dict[str, dict[Source, str]] = defaultdict(dict)  # with the kind of what each shows
_templates: dict[str, str] = {}
_others: dict[str, Callable[[models.Model], Iterable[int]]] = {}


def add_source(kind: str, source: Source, *, shows: str = "") -> None:
    """Merge a table's rows, of the kind `shows`, into the timelines of records of this kind: they need no links."""
    _sources[kind][source] = shows


def show_with(event_type: str, template: str) -> None:
    """Render events of this type with a template of their own instead of components/event.html."""
    _templates[event_type] = template


def tell_also(kind: str, others: Callable[[models.Model], Iterable[int]]) -> None:
    """Records of this kind tell the story of others of it too: of those that were merged into them."""
    _others[kind] = others


def page(
    user: Any, record: models.Model, before: Before = None, limit: int = 30, *, only: str = ""
) -> tuple[list[Entry], Before]:
    """Up to `limit` entries before the cursor, and the cursor of the next page or None at the end.

    `only` leaves what is about records of one kind: "activity", "task", the record's own kind for its changes.
    """
    kind = record.kind  # type: ignore[attr-defined]
    sources = [source for source, shows in _sources[kind].items() if only in ("", shows)]
    sources.append(partial(events_about, only=only) if only else events_about)
    heads = [list(source(user, record, before, limit + 1)) for source in sources]
    merged = list(heapq.merge(*heads, key=lambda entry: (entry.at, *entry.key), reverse=True))[: limit + 1]
    shown = merged[:limit]
    more = len(merged) > limit
    return shown, (shown[-1].at, *shown[-1].key) if more and shown else None


def events_about(user: Any, record: models.Model, before: Before, limit: int, *, only: str = "") -> list[Entry]:
    """Events linked to the record whose own subject the user may see."""
    entries: list[Entry] = []
    told = [record.pk, *_others[record.kind](record)] if record.kind in _others else [record.pk]  # type: ignore[attr-defined]
    while len(entries) < limit:
        events = _linked_events(record, told, before, limit, only)
        visible = _visible_subjects(user, events, record, told)
        entries += [_entry(event) for event in events if (event.subject_kind, event.subject_id) in visible]
        if len(events) < limit:
            break
        before = (events[-1].at, "event", events[-1].pk)
    return entries[:limit]


def _linked_events(record: models.Model, told: list[int], before: Before, limit: int, only: str) -> list[Event]:
    links = EventLink.objects.filter(kind=record.kind)  # type: ignore[attr-defined]
    if len(told) == 1:
        links = links.filter(object_id=told[0])
    else:  # what is about several of them is told once
        again = links.filter(event=OuterRef("event"), object_id__in=told, object_id__lt=OuterRef("object_id"))
        links = links.filter(~Exists(again), object_id__in=told)
    if only:
        links = links.filter(event__subject_kind=only)
    if before is not None:
        at, source, key = before
        # Entries of one moment are ordered by source name first, then by id.
        if source > "event":
            links = links.filter(at__lte=at)
        elif source == "event":
            links = keyset.after(links, ("at", "event_id"), (at, key), descending=True)
        else:
            links = links.filter(at__lt=at)
    links = links.order_by("-at", "-event_id").select_related("event__by")[:limit]
    return [link.event for link in links]


def _visible_subjects(user: Any, events: list[Event], record: models.Model, told: list[int]) -> set[tuple[str, int]]:
    ids: dict[str, set[int]] = defaultdict(set)
    for event in events:
        ids[event.subject_kind].add(event.subject_id)
    seen = {(record.kind, pk) for pk in told}  # type: ignore[attr-defined]
    for kind, wanted in ids.items():
        if wanted <= set(told) and kind == record.kind:  # type: ignore[attr-defined]
            continue
        model: Any = kinds.get(kind).model
        seen |= {(kind, pk) for pk in model.objects.visible_to(user).filter(pk__in=wanted).values_list("pk", flat=True)}
    return seen


def _entry(event: Event) -> Entry:
    template = _templates.get(event.type, "components/event.html")
    return Entry(event.at, ("event", event.pk), event, template)
