"""The writes every kind of record shares. Apps call them from actions of their own, in business words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction

from crm import directions, events
from crm.access import fields
from crm.actions import journal
from crm.custom_fields import known, writing
from crm.models.record import Record, StaleVersion, one_line_fields

R = TypeVar("R", bound=models.Model)
B = TypeVar("B", bound=Record)  # one that knows the bin


@fields.uncovered
@transaction.atomic
def create(
    record: R, *, by: Any, at: datetime, data: dict[str, Any] | None = None, about: Iterable[models.Model | None] = ()
) -> R:
    """Validate and store a new record, and note "<kind>.created"."""
    if isinstance(record, Record):
        record.created_at = record.updated_at = at
    if known.takes(type(record)):
        with known.read_once():
            record.custom = writing.for_new(record.kind, record.custom)  # type: ignore[attr-defined]
    record.full_clean()
    record.save(force_insert=True)
    events.record(f"{record.kind}.created", record, by=by, at=at, data=data, about=about)  # type: ignore[attr-defined]
    return record


@fields.uncovered
@transaction.atomic
def update(
    record: R,
    changes: dict[str, Any],
    *,
    by: Any,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
    event: str = "updated",
    about: Iterable[models.Model | None] = (),
) -> R:
    """Change fields of a record and note "<kind>.updated" with each field's before and after.

    With `version` (what the editor had before them) a change by somebody else in between is refused with
    StaleVersion when both touched the same field: `base` holds the values the editor started from, and without
    it every newer version is refused. Disjoint changes merge. Changing nothing writes nothing.

    "custom" in `changes` holds new values of custom fields by code; each is a field like the others, named
    "custom_<code>" in what is noted and refused.
    """
    locked = type(record)._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
    changes, base = _with_custom_fields(locked, changes, base)
    if version is not None and isinstance(locked, Record) and locked.version != version:
        _refuse_overlap(locked, changes, base)
        # A form sends every field: what the editor left as it was must not undo what the others wrote.
        known = base or {}
        changes = {name: value for name, value in changes.items() if name not in known or value != known[name]}
    diff = {}
    was = journal.columns_of(locked)
    for name, given in changes.items():
        value = directions.straight(given) if name in one_line_fields(type(locked)) else given
        before = writing.held(locked, name)
        if before != value:
            writing.put(locked, name, value)
            diff[name] = [as_json(before), as_json(value)]
    if not diff:
        return locked
    if isinstance(locked, Record):
        locked.version += 1
        locked.updated_at = at
    locked.full_clean()
    locked.save()
    journal.note(locked, was, ["custom" if writing.is_custom(locked, name) else name for name in diff])
    events.record(f"{locked.kind}.{event}", locked, by=by, at=at, data=diff, about=about)  # type: ignore[attr-defined]
    return locked


@fields.uncovered
@transaction.atomic
def delete(record: B, *, by: Any, at: datetime, about: Iterable[models.Model | None] = ()) -> B:
    """Move a record to the bin; doing it twice does nothing."""
    locked = type(record)._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
    if not locked.is_in_bin:
        was = journal.columns_of(locked)
        locked.move_to_bin(at)
        locked.version += 1
        locked.save()
        journal.note(locked, was, ["deleted_at"])
        events.record(f"{locked.kind}.deleted", locked, by=by, at=at, about=about)
    return locked


@fields.uncovered
@transaction.atomic
def restore(record: B, *, by: Any, at: datetime, about: Iterable[models.Model | None] = ()) -> B:
    """Take a record out of the bin."""
    locked = type(record)._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
    if locked.is_in_bin:
        locked.deleted_at = None
        locked.version += 1
        locked.full_clean()
        locked.save()
        events.record(f"{locked.kind}.restored", locked, by=by, at=at, about=about)
    return locked


def as_json(value: Any) -> Any:
    """A field's value as the event log keeps it."""
    if isinstance(value, models.Model):
        return {"id": value.pk, "label": str(value)}
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    return value


def _with_custom_fields(
    record: models.Model, changes: dict[str, Any], base: dict[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Custom values beside the record's own fields, in the form in which they are kept."""
    if "custom" not in changes or not known.takes(type(record)):
        return changes, base
    held, seen = writing.custom_of(record), (base or {}).get("custom")
    said = writing.change(record.kind, changes["custom"], held, seen)  # type: ignore[attr-defined]
    flat = writing.side_by_side(changes | {"custom": said})
    return flat, None if base is None else writing.side_by_side(base)


def _refuse_overlap(current: Record, changes: dict[str, Any], base: dict[str, Any] | None) -> None:
    if base is None:
        raise StaleVersion(current, sorted(changes))
    overlap = [
        name
        for name, value in changes.items()
        if value != base.get(name) and writing.held(current, name) not in (base.get(name), value)
    ]
    if overlap:
        raise StaleVersion(current, sorted(overlap))
