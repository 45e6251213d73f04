"""Filling large tables quickly: COPY, with the indexes made afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection

MASK = 2**64 - 1


def mix(first: int, second: int = 0, salt: int = 0) -> int:
    """A number below 2**31 that looks random and is always the same: rows are made without remembering others."""
    x = (first * 0x9E3779B97F4A7C15 + second * 0xBF58476D1CE4E5B9 + salt * 0x94D049BB133111EB) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x >> 33


def chance(first: int, second: int = 0, salt: int = 0) -> float:
    return mix(first, second, salt) / 2**31


def copy(table: str, columns: str, rows: Iterable[tuple]) -> None:
    """`rows` may ask the database only before its first row: while a COPY runs, the connection is taken."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as file:
            file.write_row(first)
            for row in rows:
                file.write_row(row)
        if columns.startswith("id,"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 1) FROM {table}))"
            )


def is_empty(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT NOT EXISTS (SELECT FROM {table})")
        return bool(cursor.fetchone()[0])


def tidy(tables: Iterable[str]) -> None:
    """What autovacuum would see to within minutes: the planner knows the new rows, and no index has a pending list."""
    with connection.cursor() as cursor:
        for table in dict.fromkeys(tables):
            cursor.execute(f"VACUUM (ANALYZE) {table}")


@contextmanager
def indexes_apart(*tables: str) -> Iterator[None]:
    """Without the indexes that no constraint needs; they are made again, and the tables analysed, at the end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT index.indexrelid::regclass::text, pg_get_indexdef(index.indexrelid) FROM pg_index AS index "
            "WHERE index.indrelid = ANY (%s::regclass[]) AND NOT index.indisunique",
            [list(tables)],
        )
        known = cursor.fetchall()
        for name, _ in known:
            cursor.execute(f"DROP INDEX {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '256MB'")
        for _, definition in known:
            cursor.execute(definition)
        for table in tables:
            cursor.execute(f"VACUUM (FREEZE, ANALYZE) {table}")
        cursor.execute("RESET maintenance_work_mem")
