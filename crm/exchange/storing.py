"""Many rows in one statement: new ones by COPY, changed ones by an update from a list."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, models

from crm.exchange.journal import by_attname

# What the driver writes as the database reads it; anything else goes through its field.
NATIVE = frozenset({type(None), str, int, bool, Decimal, dt.datetime, dt.date, dt.time, dt.timedelta, UUID})


def insert(model: type[models.Model], records: Sequence[Any]) -> None:
    """Store new records. They get their keys first, so that nothing has to be read back."""
    if not records:
        return
    alias, keys = connection.alias, _keys(model, len(records))
    for record, key in zip(records, keys, strict=True):
        record.pk = key
        record._state.adding, record._state.db = False, alias
    columns = [(field, _column(field, records)) for field in _written(model)]
    # What nobody has is not spoken of: an empty column has no default in the database.
    said = [(field, column) for field, column in columns if not (field.null and column.count(None) == len(column))]
    fields, values = [field for field, _column in said], [column for _field, column in said]
    _copy(model, [model._meta.pk, *fields], zip(keys, *values, strict=True))


def add(model: type[models.Model], names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> list[int]:
    """Add plain rows with these fields, the others at their defaults; returns their keys. No object is made of them."""
    if not rows:
        return []
    said = [model._meta.get_field(name) for name in names]
    silent = [field for field in _written(model) if field not in said]
    rest = [field.get_default() for field in silent]
    keys = _keys(model, len(rows))
    _copy(model, [model._meta.pk, *said, *silent], ((key, *row, *rest) for key, row in zip(keys, rows, strict=True)))
    return keys


def change(model: type[models.Model], records: Sequence[Any], names: Iterable[str]) -> None:
    """Write these fields of records that exist."""
    known = by_attname(model)
    fields = [field for field in known.values() if field.name in set(names) and not field.primary_key]
    if not records or not fields:
        return
    key: Any = model._meta.pk
    columns = [_column(field, records) for field in fields]
    rows = [
        {key.column: record.pk, **{field.column: _as_json(value) for field, value in zip(fields, values, strict=True)}}
        for record, *values in zip(records, *columns, strict=True)
    ]
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    settings = ", ".join(f"{quote(field.column)} = given.{quote(field.column)}" for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS row SET {settings} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) AS given "
            f"WHERE row.{quote(key.column)} = given.{quote(key.column)}",
            [json.dumps(rows, ensure_ascii=False)],
        )


def _written(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.primary_key and not field.generated]


def _keys(model: type[models.Model], count: int) -> list[int]:
    key: Any = model._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval((SELECT pg_get_serial_sequence(%s, %s)::regclass)) FROM generate_series(1, %s)",
            [connection.ops.quote_name(model._meta.db_table), key.column, count],
        )
        return [row[0] for row in cursor.fetchall()]


def _column(field: Any, records: Sequence[Any]) -> list[Any]:
    """One column of many records. Where a record points at another, that one may have got its key just now."""
    name, is_json = field.attname, isinstance(field, models.JSONField)
    # Not by attribute: what stands there is stored, whoever reads, and Python asks no descriptor a million times.
    values = [vars(record)[name] for record in records]
    if field.is_relation:
        target = field.target_field.attname
        for place, record in enumerate(records):
            if field.name in record._state.fields_cache:
                values[place] = getattr(getattr(record, field.name), target, None)
                setattr(record, name, values[place])
    if NATIVE.issuperset(map(type, values)) and not is_json:
        return values
    return [
        value if type(value) in NATIVE and not is_json else field.get_db_prep_save(value, connection)
        for value in values
    ]


def _copy(model: type[models.Model], fields: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in fields)
    statement = f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _as_json(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, dt.timedelta):
        return f"{value / dt.timedelta(microseconds=1):.0f} microseconds"
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    return getattr(value, "obj", value) if not isinstance(value, (Decimal, UUID, float)) else str(value)
