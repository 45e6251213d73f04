"""One journal of what can be taken back: merges, bulk edits; imports keep theirs beside (crm/exchange/undoing.py).

Inside `recording` every change that goes through `records.update` is noted with its values before and after. Undoing
puts them back, but for those that were changed since: these are listed first, and left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from crm.access.permissions import Verb
from crm.joining import listed
from crm.models import Operation, OperationPart

CHANGE = "change"
NAMED = 200  # conflicts that are named one by one


@dataclass(frozen=True)
class Conflict:
    """A record that undoing would leave as it is, and why."""

    table: str
    pk: int
    label: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        return {"table": self.table, "id": self.pk, "label": self.label, "reason": self.reason}


class Conflicts(Exception):
    """Something was changed since: nothing is undone until the person says that the rest should be."""

    def __init__(self, found: list[Conflict]) -> None:
        self.found = found
        super().__init__(f"{len(found)} records were changed since")


Undo = Callable[..., int]  # (operation, kept=, by=, at=) -> how many records it put back
Restore = Callable[..., Any]  # (record, changes, by=, at=)
_undoers: dict[str, Undo] = {}
_refusals: dict[str, Callable[[Operation], None]] = {}
_restorers: dict[str, Restore] = {}
_noted: ContextVar[list[OperationPart] | None] = ContextVar("noted", default=None)


def undone_with(type: str, undo: Undo, refuse: Callable[[Operation], None] | None = None) -> None:
    """Operations of this type are taken back by a function of their app; `refuse` raises where that cannot be."""
    _undoers[type] = undo
    if refuse is not None:
        _refusals[type] = refuse


def restored_with(table: str, restore: Restore) -> None:
    """Records of this table get their old values by an action of their app rather than by `records.update`."""
    _restorers[table] = restore


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
            write(CHANGE, parts, kind=kind, message=message, values=values or {}, url=url, by=by, at=at)


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


def as_stored(value: Any) -> Any:
    """A column's value as the journal keeps it; the column's own `to_python` reads it back, to the microsecond."""
    if value is None or isinstance(value, (bool, int, str, list, dict)):
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value.total_seconds() if isinstance(value, timedelta) else value)


def write(
    type: str, parts: list[OperationPart], *, kind: str, message: str, values: dict[str, Any], url: str, by: Any,
    at: datetime,
) -> Operation:  # fmt: skip
    count = len({part.ids[0] for part in parts if part.table == parts[0].table})
    operation = Operation.objects.create(
        type=type, subject_kind=kind, message=message, values={**values, "count": count}, url=url, by=by, at=at
    )
    _store(operation, parts)
    return operation


def _store(operation: Operation, parts: list[OperationPart]) -> None:
    for part in parts:
        part.operation = operation
    OperationPart.objects.bulk_create(parts)
    operation.count += sum(len(part.ids) for part in parts)
    operation.save(update_fields=["count"])


def conflicts(operation: Operation) -> list[Conflict]:
    """What was changed since, so that undoing would leave it as it is."""
    found: list[Conflict] = []
    parts = list(operation.parts.all())
    held = _held(parts)
    for part in parts:
        model: Any = apps.get_model(part.table)
        after = values_of(model, part.after)
        gone, changed = _since(part, model, after, held)
        for pk in gone:
            found.append(Conflict(part.table, pk, f"{model._meta.verbose_name} {pk}", _("It no longer exists.")))
        for row in changed:
            names = listed(_labels(model, [name for name, value in after.items() if getattr(row, name) != value]))
            reason = _("Changed since: %(fields)s.") % {"fields": names}
            found.append(Conflict(part.table, row.pk, str(row)[:200], reason))
    return found


def _held(parts: list[OperationPart]) -> dict[str, dict[int, Any]]:
    """Of each table the records that stand alone in their part, read together: a thousand changes are one question."""
    alone: dict[str, set[int]] = {}
    for part in parts:
        if len(part.ids) == 1:
            alone.setdefault(part.table, set()).add(part.ids[0])
    return {table: apps.get_model(table)._base_manager.in_bulk(pks) for table, pks in alone.items()}


def _since(
    part: OperationPart, model: Any, after: dict[str, Any], held: dict[str, dict[int, Any]]
) -> tuple[list[int], list[Any]]:
    """What of a part is there no more, and what is not as it was left."""
    if len(part.ids) == 1:
        row = held[part.table].get(part.ids[0])
        is_changed = row is not None and any(getattr(row, name) != value for name, value in after.items())
        return ([] if row else list(part.ids)), ([row] if is_changed else [])
    rows = model._base_manager.filter(pk__in=part.ids)
    gone = sorted(set(part.ids) - set(rows.order_by().values_list("pk", flat=True)))
    return gone, list(rows.exclude(**after).order_by("pk"))


def told(user: Any, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Conflicts as the person may read them: without the name of a record that is not theirs to see."""
    by_table: dict[str, set[int]] = {}
    for each in found:
        by_table.setdefault(each["table"], set()).add(each["id"])
    seen: set[tuple[str, int]] = set()
    for table, pks in by_table.items():
        rows: Any = apps.get_model(table)._default_manager.all()
        if hasattr(rows, "visible_to"):
            visible = rows.visible_to(user).filter(pk__in=pks).order_by()
            seen |= {(table, pk) for pk in visible.values_list("pk", flat=True)}
    return [each if (each["table"], each["id"]) in seen else {**each, "label": None} for each in found]


@transaction.atomic
def undo(operation: Operation, *, by: Any, at: datetime, rest: bool = False) -> Operation:
    """Take it back. What was changed since is left alone, if `rest` says that this is wanted; else nothing is done.

    Doing it twice does it once.
    """
    operation = Operation.objects.select_for_update(of=("self",)).get(pk=operation.pk)
    if operation.undone_at is not None:
        return operation
    if not operation.may_undo(at):
        raise ValidationError(_("It is too late to undo this: what it changed is no longer on record."))
    if not any(by.access.may(operation.subject_kind, verb) for verb in (Verb.EDIT, Verb.ASSIGN)):
        raise ValidationError(_("Your role does not allow this."))
    if operation.type in _refusals:
        _refusals[operation.type](operation)
    kept = conflicts(operation)
    if kept and not rest:
        raise Conflicts(kept)
    undo_it: Undo = _undoers.get(operation.type, _put_back)
    undo_it(operation, kept=kept, by=by, at=at)
    operation.undone_at, operation.undone_by = at, by
    operation.kept = [conflict.as_json() for conflict in kept[:NAMED]]
    operation.save(update_fields=["undone_at", "undone_by", "kept"])
    return operation


def forget_old(now: datetime) -> int:
    return Operation.objects.past(now).delete()[0]


def values_of(model: Any, stored: dict[str, Any]) -> dict[str, Any]:
    """Columns as the journal keeps them, back as they were."""
    columns = {column.attname: column for column in model._meta.concrete_fields}
    return {name: columns[name].to_python(value) for name, value in stored.items()}


def _put_back(operation: Operation, *, kept: list[Conflict], by: Any, at: datetime) -> int:
    """Record by record, through the actions, the last change first."""
    left = {(conflict.table, conflict.pk) for conflict in kept}
    done = 0
    for part in operation.parts.order_by("-id"):
        model: Any = apps.get_model(part.table)
        restore: Any = _restorers.get(part.table)
        if restore is None:
            from crm.actions.records import update as restore  # it notes its changes here
        for record in model._base_manager.filter(pk__in=part.ids).order_by("pk"):
            if (part.table, record.pk) not in left:
                restore(record, as_changes(model, part.before), by=by, at=at)
                done += 1
    return done


def as_changes(model: Any, stored: dict[str, Any]) -> dict[str, Any]:
    """By field, with the records themselves where a column points at one."""
    changes = {}
    for column in model._meta.concrete_fields:
        if column.attname in stored:
            value = column.to_python(stored[column.attname])
            if column.is_relation and value is not None:
                value = column.related_model._base_manager.filter(pk=value).first()
            changes[column.name] = value
    return changes


def _labels(model: Any, names: list[str]) -> list[str]:
    columns = {column.attname: column for column in model._meta.concrete_fields}
    return [str(columns[name].verbose_name) for name in names]
