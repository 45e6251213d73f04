"""A person's words taken out of everything that remembers: the log, the journal, imports, notifications, answers.

That something happened, when, by whom and to which record stays; what was said of the person goes. The rows that tell
of the person's own records are found by their kind and id; in all others only what names nobody else is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib.admin.models import LogEntry
from django.db import models
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.urls import NoReverseMatch, reverse

from crm.access import kinds
from crm.actions.redaction_words import ERASED, Words, blanked, mapped
from crm.models import (
    BulkRun,
    Delivery,
    Event,
    EventLink,
    IdempotencyKey,
    ImportBatch,
    ImportJournal,
    ImportRow,
    IncomingMail,
    JobRun,
    Notification,
    Operation,
    OperationPart,
    SavedView,
    WebhookCall,
)

BATCH = 500
TITLES = {"name", "subject", "title"}  # columns by which a record is called
# Of what an event of the person's own record says beside its fields, only these are no words about the person.
CODES = {
    "type", "direction", "state", "from", "to", "basis", "purpose", "channel", "reason", "currency", "amount", "score",
    "about_kind", "about_id", "kind", "id", "priority", "owner", "team", "user", "queue", "message", "count", "said_at",
    "operation", "sla", "deadline", "due_at", "kept", "format", "rows", "field", "fields", "stage", "pipeline",
}  # fmt: skip


@dataclass(frozen=True)
class Traces:
    """By what a person is found again in what was written down elsewhere."""

    records: Mapping[str, frozenset[int]]  # by kind: those whose words are all the person's
    wiped: Mapping[str, frozenset[str]]  # by kind: the columns that are
    everywhere: Words  # what names nobody but the person
    near: Words  # names and titles that say something beside a record of theirs
    beside: Mapping[str, frozenset[int]] = field(default_factory=dict)  # by kind: what their records belong to

    def has(self, kind: str, pk: int) -> bool:
        return pk in self.records.get(kind, ())


def redact(traces: Traces) -> dict[str, int]:
    """Clean every log there is; returns how many rows of each were changed."""
    done = {"event": _events(traces), "notification": _notifications(traces), "journal": _journal(traces)}
    done["import"] = _imports(traces)
    done["other"] = sum(
        rewrite(model, columns, traces.everywhere)
        for model, columns in (
            (BulkRun, ("asked", "left", "problem")),
            (Delivery, ("error",)),
            (JobRun, ("error",)),
            (WebhookCall, ("answer",)),
            (LogEntry, ("object_repr", "change_message")),
        )
    )
    done["other"] += _answers(traces) + _views(traces.everywhere) + _mail(traces.everywhere)
    return {name: count for name, count in done.items() if count}


def rewrite(
    model: type[models.Model], columns: Iterable[str], words: Words, rows: models.QuerySet[Any] | None = None
) -> int:
    """Take the words out of these columns wherever they stand; returns how many rows that were."""
    if not words:
        return 0
    names = tuple(columns)
    found = saying(model._base_manager.all() if rows is None else rows, names, words)
    return _store(found, names, lambda row, name: words.out_of(getattr(row, name)))


def saying(rows: models.QuerySet[Any], columns: Iterable[str], words: Words) -> models.QuerySet[Any]:
    """Those in which one of the words stands."""
    if not words:
        return rows.none()
    there = Q(pk=None)
    for name in columns:
        rows = rows.alias(**{f"said_{name}": Cast(name, TextField())})
        there |= Q(**{f"said_{name}__iregex": words.in_sql})
    return rows.filter(there)


def _events(traces: Traces) -> int:
    theirs = Q(pk=None)
    for kind, ids in traces.records.items():
        theirs |= Q(subject_kind=kind, subject_id__in=ids)
    done = _store(Event.objects.filter(theirs), ("subject_label", "data"), _of_own_event(traces))
    about = Q(pk=None)
    for kind, ids in (*traces.records.items(), *traces.beside.items()):
        about |= Q(kind=kind, object_id__in=ids)
    linked = Event.objects.filter(pk__in=EventLink.objects.filter(about).values("event"))
    done += rewrite(Event, ("subject_label", "data"), traces.near, linked)
    return done + rewrite(Event, ("subject_label", "data"), traces.everywhere)


def _of_own_event(traces: Traces) -> Callable[[Any, str], Any]:
    def change(event: Any, name: str) -> Any:
        wiped = traces.wiped.get(event.subject_kind, frozenset())
        if name == "subject_label":
            return ERASED if wiped & TITLES and event.subject_label else traces.near.out_of(event.subject_label)
        model: Any = kinds.get(event.subject_kind).model
        columns = {column.name for column in model._meta.concrete_fields}
        said = {}
        for key, value in event.data.items():
            keeps = key in CODES or (key in columns and key not in wiped) or _is_record(value)
            said[key] = traces.near.out_of(value) if keeps else blanked(value, CODES)
        return said

    return change


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"id", "label"}


def _notifications(traces: Traces) -> int:
    """Those that lead to one of the person's records say nothing of it any more."""
    urls = [url for kind, ids in traces.records.items() for pk in ids if (url := kinds.get(kind).url_for(pk))]
    done = 0
    for start in range(0, len(urls), BATCH):
        rows = Notification.objects.filter(url__in=urls[start : start + BATCH])
        done += _store(rows, ("values",), lambda row, name: blanked(row.values))
    return done + rewrite(Notification, ("values", "key"), traces.everywhere)


def _journal(traces: Traces) -> int:
    """What was changed can still be taken back, but for what was said of the person."""
    done = 0
    for kind, ids in traces.records.items():
        label = kinds.get(kind).model._meta.label  # type: ignore[union-attr]
        parts = OperationPart.objects.filter(table=label, ids__overlap=list(ids))
        done += _store(parts, ("before", "after"), _without(traces.wiped.get(kind, frozenset()), traces.near))
        named = Operation.objects.filter(pk__in=parts.values("operation"))
        done += rewrite(Operation, ("values", "kept"), traces.near, named)
    done += rewrite(OperationPart, ("before", "after"), traces.everywhere)
    return done + rewrite(Operation, ("values", "kept"), traces.everywhere)


def _without(wiped: frozenset[str], near: Words) -> Callable[[Any, str], Any]:
    def change(row: Any, name: str) -> Any:
        return near.out_of({key: value for key, value in getattr(row, name).items() if key not in wiped})

    return change


def _imports(traces: Traces) -> int:
    done = 0
    for kind, ids in traces.records.items():
        rows = ImportRow.objects.filter(batch__target=kind, record_id__in=ids)
        done += _store(rows, ("cells", "changes", "reason"), _emptied)
        entries = ImportJournal.objects.filter(kind_code=kind, record_id__in=ids)
        done += _store(entries, ("before", "after"), _without(traces.wiped.get(kind, frozenset()), traces.near))
        done += _store(entries, ("label",), lambda row, name: ERASED)
    done += rewrite(ImportRow, ("cells", "changes", "reason"), traces.everywhere)
    done += rewrite(ImportJournal, ("label", "before", "after", "reason"), traces.everywhere)
    return done + rewrite(ImportBatch, ("file_name", "heads", "problem", "reading"), traces.everywhere)


def _emptied(row: Any, name: str) -> Any:
    """A row of a file keeps its number of cells; a batch that was not run yet finds nothing in them."""
    return {"cells": [""] * len(row.cells), "changes": blanked(row.changes), "reason": ""}[name]


def _answers(traces: Traces) -> int:
    """What programs were answered: kept for a day, with the texts of the records they wrote."""
    done = 0
    for kind, ids in traces.records.items():
        with suppress(NoReverseMatch):
            address = reverse(f"api:{kind}-list")
            rows = IdempotencyKey.objects.filter(path__contains=f" {address}", body__id__in=list(ids))
            done += _store(rows, ("body",), lambda row, name: blanked(row.body))
    return done + rewrite(IdempotencyKey, ("body", "headers", "path"), traces.everywhere)


def _views(words: Words) -> int:
    """Filters are kept as the query of an address, so they are read as one."""
    if not words:
        return 0
    done = 0
    for view in SavedView._base_manager.exclude(query="", name="").only("name", "query").iterator():
        pairs = parse_qsl(view.query, keep_blank_values=True)
        clean = [(name, words.out_of(value)) for name, value in pairs]
        name = words.out_of(view.name)
        if clean != pairs or name != view.name:
            view.name, view.query = (name, urlencode(clean)) if clean != pairs else (name, view.query)
            view.save(update_fields=["name", "query"])
            done += 1
    return done


def _mail(words: Words) -> int:
    """Letters that could not be read, or wait: those of the person are let go, unread."""
    if not words:
        return 0
    gone = []
    for mail in IncomingMail.objects.exclude(raw=b"", heading="").only("heading", "raw").iterator(BATCH):
        if words.are_in(mail.heading) or words.are_in(bytes(mail.raw).decode("utf-8", "replace")):
            gone.append(mail.pk)
    empty: dict[str, Any] = {"raw": b"", "heading": "", "reason": "", "state": IncomingMail.State.IGNORED}
    return IncomingMail.objects.filter(pk__in=gone).update(**empty)


def _store(rows: models.QuerySet[Any], names: tuple[str, ...], change: Callable[[Any, str], Any]) -> int:
    """Write what is different, some hundred at a time."""
    done = 0
    for batch in _batches(rows):
        changed = []
        for row in batch:
            values = {name: change(row, name) for name in names}
            if any(getattr(row, name) != value for name, value in values.items()):
                for name, value in values.items():
                    setattr(row, name, _fitting(row, name, value))
                changed.append(row)
        if changed:
            type(changed[0])._base_manager.bulk_update(changed, names)
        done += len(changed)
    return done


def _batches(rows: models.QuerySet[Any]) -> Iterator[list[Any]]:
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def _fitting(row: Any, name: str, value: Any) -> Any:
    """No longer than the column."""
    limit = getattr(row._meta.get_field(name), "max_length", None)
    return mapped(value, lambda text: text[:limit]) if limit else value
