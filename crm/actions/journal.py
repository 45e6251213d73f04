"""One journal of what can be taken back: merges, bulk edits; imports keep theirs beside (crm/exchange/undoing.py).

Inside `recording` every change that goes through `records.update` is noted with its values before and after. Undoing
puts them back, but for those that were changed since: these are listed first, and left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.access.permissions import Verb
from crm.actions.putting_back import put_back, restored_with
from crm.actions.since import Conflict, as_changes, conflicts, told, values_of
from crm.models import Operation, OperationPart

__all__ = [
    "Conflict",
    "Conflicts",
    "as_changes",
    "as_stored",
    "columns_of",
    "conflicts",
    "forget_old",
    "handing_over",
    "is_undone_by_its_app",
    "note",
    "note_added",
    "note_taken_away",
    "note_undone",
    "one_operation",
    "put_back",
    "recording",
    "refuse",
    "restored_with",
    "resumed",
    "told",
    "undo",
    "undone_with",
    "values_of",
    "write",
]
CHANGE = "change"
NAMED = 200  # conflicts that are named one by one


class Conflicts(Exception):
    """Something was changed since: nothing is undone until the person says that the rest should be."""

    def __init__(self, found: list[Conflict]) -> None:
        self.found = found
        super().__init__(f"{len(found)} records were changed since")


@dataclass
class Whole:
    """What several recordings make together, so far."""

    operation: Operation | None


Undo = Callable[..., int]  # (operation, kept=, by=, at=) -> how many records it put back
_undoers: dict[str, Undo] = {}
_refusals: dict[str, Callable[[Operation], None]] = {}
_noted: ContextVar[list[OperationPart] | None] = ContextVar("noted", default=None)
_whole: ContextVar[Whole | None] = ContextVar("whole", default=None)


def undone_with(type: str, undo: Undo, refuse: Callable[[Operation], None] | None = None) -> None:
    """Operations of this type are taken back by a function of their app; `refuse` raises where that cannot be."""
    _undoers[type] = undo
    if refuse is not None:
        _refusals[type] = refuse


@contextmanager
def recording(
    *, kind: str, message: str, by: Any, at: datetime, values: dict[str, Any] | None = None, url: str = ""
) -> Iterator[None]:
    """What is changed inside can be taken back as one. Inside another recording it belongs to that one."""
    if by is None or _noted.get() is not None:
        yield
        return
    with transaction.atomic():
        parts: list[OperationPart] = []
        token = _noted.set(parts)
        try:
            yield
        finally:
            _noted.reset(token)
        if parts:
            _keep(parts, kind=kind, message=message, values=values or {}, url=url, by=by, at=at)


def handing_over(kind: str, to: Any, *, by: Any, at: datetime) -> AbstractContextManager[None]:
    """Many are given to somebody else, or to nobody: taken back as one."""
    message = gettext_noop("Handed over to %(to)s")
    return recording(kind=kind, message=message, values={"to": str(to or "")}, by=by, at=at)


@contextmanager
def one_operation(so_far: Operation | None) -> Iterator[Whole]:
    """What is recorded inside belongs to `so_far`, or to the operation that the first recording makes."""
    whole = Whole(so_far)
    token = _whole.set(whole)
    try:
        yield whole
    finally:
        _whole.reset(token)


@contextmanager
def resumed(table: str, pk: int, at: datetime) -> Iterator[Operation | None]:
    """What an app above does because of an operation belongs to it: the one that changed this record at `at`."""
    found = Operation.objects.filter(at=at, parts__table=table, parts__ids__contains=[pk]).distinct()
    operation = Operation.objects.select_for_update().filter(pk__in=found.order_by().values("pk")).first()
    if operation is None or operation.undone_at is not None:
        yield operation
        return
    parts: list[OperationPart] = []
    token = _noted.set(parts)
    try:
        yield operation
    finally:
        _noted.reset(token)
    _store(operation, parts)


def columns_of(record: models.Model, *, always: bool = False) -> dict[str, Any]:
    """What `note` compares with; nothing outside a recording, unless `always`."""
    if _noted.get() is None and not always:
        return {}
    return {column.attname: getattr(record, column.attname) for column in record._meta.concrete_fields}


def note(record: models.Model, before: dict[str, Any], changed: Iterable[str]) -> None:
    """Called by whoever changes a record, with the names of the fields; outside a recording nothing is kept."""
    parts = _noted.get()
    if parts is None:
        return
    names = [column.attname for column in record._meta.concrete_fields if {column.name, column.attname} & set(changed)]
    was, now = ({name: as_stored(held(name)) for name in names} for held in (before.get, partial(getattr, record)))
    parts.append(OperationPart(table=record._meta.label, ids=[record.pk], before=was, after=now))


def note_added(rows: Iterable[models.Model], columns: Iterable[str]) -> None:
    """Rows that were not there before: taking it back takes them away, but for those of which one changed since."""
    _note_rows(rows, columns, was_there=False)


def note_taken_away(rows: Iterable[models.Model]) -> None:
    """Rows that are there no more, noted with all of their columns: taking it back makes them again."""
    for row in rows:
        _note_rows([row], [column.attname for column in row._meta.concrete_fields], was_there=True)


def _note_rows(rows: Iterable[models.Model], columns: Iterable[str], *, was_there: bool) -> None:
    parts, names = _noted.get(), list(columns)
    found = list(rows)
    if parts is None or not found:
        return
    said = {name: as_stored(getattr(found[0], name)) for name in names}
    before, after = (said, {}) if was_there else ({}, said)
    parts.append(OperationPart(table=found[0]._meta.label, ids=[row.pk for row in found], before=before, after=after))


def as_stored(value: Any) -> Any:
    """A column's value as the journal keeps it; the column's own `to_python` reads it back, to the microsecond."""
    if value is None or isinstance(value, (bool, int, str, list, dict)):
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value.total_seconds() if isinstance(value, timedelta) else value)


def _keep(parts: list[OperationPart], **said: Any) -> None:
    """As an operation of its own, or with the one that it is a piece of."""
    whole = _whole.get()
    if whole is None or whole.operation is None:
        operation = write(CHANGE, parts, **said)
        if whole is not None:
            whole.operation = operation
        return
    operation = Operation.objects.select_for_update(of=("self",)).get(pk=whole.operation.pk)
    operation.values = {**operation.values, "count": operation.values.get("count", 0) + _count(parts)}
    operation.save(update_fields=["values"])
    _store(operation, parts)


def _count(parts: list[OperationPart]) -> int:
    return len({pk for part in parts if part.table == parts[0].table for pk in part.ids})


def write(
    type: str, parts: list[OperationPart], *, kind: str, message: str, values: dict[str, Any], url: str, by: Any,
    at: datetime,
) -> Operation:  # fmt: skip
    values = {**values, "count": _count(parts)}
    operation = Operation.objects.create(
        type=type, subject_kind=kind, message=message, values=values, url=url, by=by, at=at
    )
    _store(operation, parts)
    return operation


def _store(operation: Operation, parts: list[OperationPart]) -> None:
    for part in parts:
        part.operation = operation
    OperationPart.objects.bulk_create(parts)
    operation.count += sum(len(part.ids) for part in parts)
    operation.save(update_fields=["count"])


@transaction.atomic
def undo(operation: Operation, *, by: Any, at: datetime, rest: bool = False) -> Operation:
    """Take it back. What was changed since is left alone, if `rest` says that this is wanted; else nothing is done.

    Doing it twice does it once.
    """
    operation = Operation.objects.select_for_update(of=("self",)).get(pk=operation.pk)
    if operation.undone_at is not None or operation.undoing is not None:
        return operation
    refuse(operation, by=by, at=at)
    kept = conflicts(operation)
    if kept and not rest:
        raise Conflicts(kept)
    if operation.type in _undoers:
        _undoers[operation.type](operation, kept=kept, by=by, at=at)
    else:
        left = {(conflict.table, conflict.pk) for conflict in kept}
        refused = put_back(operation.parts.order_by("-id"), left=left, by=by, at=at)
        if refused and not rest:
            raise Conflicts(refused)
        kept += refused
    note_undone(operation, [conflict.as_json() for conflict in kept], by=by, at=at)
    return operation


def refuse(operation: Operation, *, by: Any, at: datetime) -> None:
    """Raise where it cannot be taken back, or not by this person."""
    if not operation.may_undo(at):
        raise ValidationError(_("It is too late to undo this: what it changed is no longer on record."))
    if not any(by.access.may(operation.subject_kind, verb) for verb in (Verb.EDIT, Verb.ASSIGN)):
        raise ValidationError(_("Your role does not allow this."))
    if operation.runs.unfinished().exists():
        raise ValidationError(_("This is still going on. Undo it when it is done."))
    if operation.type in _refusals:
        _refusals[operation.type](operation)


def note_undone(operation: Operation, kept: list[dict[str, Any]], *, by: Any, at: datetime) -> None:
    operation.undone_at, operation.undone_by, operation.kept = at, by, kept[:NAMED]
    operation.save(update_fields=["undone_at", "undone_by", "kept"])


def is_undone_by_its_app(operation: Operation) -> bool:
    return operation.type in _undoers


def forget_old(now: datetime) -> int:
    return Operation.objects.past(now).delete()[0]
