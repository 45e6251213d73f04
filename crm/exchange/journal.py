"""Before and after of records, kept as JSON exactly enough to put them back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import models


def columns_of(record: models.Model) -> dict[str, Any]:
    """Every column of the record's own table, by attribute."""
    return {column.attname: getattr(record, column.attname) for column in record._meta.concrete_fields}


def as_stored(value: Any) -> Any:
    """A column's value as the journal keeps it; `restored` reads it back."""
    if value is None or isinstance(value, (bool, int, str, list, dict)):
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value)


def restored(column: Any, value: Any) -> Any:
    if isinstance(column, models.DurationField) and value is not None:
        return timedelta(seconds=value)
    return column.to_python(value) if value is not None else None


def by_attname(model: type[models.Model]) -> dict[str, Any]:
    """The columns by attribute; a relation's column is the one its target's key is kept in."""
    return {column.attname: column for column in model._meta.concrete_fields}


def differences(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What differs between two states, as stored."""
    names = [name for name in after if as_stored(before[name]) != as_stored(after[name])]
    return {name: as_stored(before[name]) for name in names}, {name: as_stored(after[name]) for name in names}
