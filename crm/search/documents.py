"""What of a record can be searched, kept in the transaction that changes the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, Protocol

from django.db import connection, models
from django.db.models import prefetch_related_objects
from django.db.models.expressions import RawSQL

from crm.access import fields
from crm.access.permissions import Level
from crm.custom_fields import known
from crm.models.role import RoleField
from crm.models.search_document import SearchDocument
from crm.search.lexemes import APART, TYPED_WHOLE, WHOLE, as_tsvector, in_parts, stored
from crm.search.words import Words

__all__ = ["Words", "forget", "keep_with", "quotes", "refresh", "refresh_many", "searchable", "searchable_kinds"]

Describe = Callable[[Any], Words]


class Keep(Protocol):
    """Works out what has to be written, asking the database nothing; what it returns writes it."""

    def __call__(self, kind: str, records: Sequence[Any], /, *, are_new: bool) -> Callable[[], None]: ...


BATCH = 1000
_describers: dict[str, Describe] = {}
_related: dict[str, tuple[str, ...]] = {}
_lists: dict[str, Mapping[str, str]] = {}
_quotes: dict[str, dict[str, tuple[str, ...]]] = {}
_kept_with: dict[str, Keep] = {}
_subtitles: dict[str, str] = {}


def searchable(
    kind: str,
    describe: Describe,
    related: Sequence[str] = (),
    lists: Mapping[str, str] | None = None,
    quotes: Mapping[str, Sequence[str]] | None = None,
    subtitle: str = "",
) -> None:
    """Records of this kind are found by what `describe(record)` says. Called in `AppConfig.ready`.

    `related` names the relations `describe` reads, so that many records are described without a query for each. What
    points at a record is read into a list: `lists` says by relation in which attribute. Beside these `describe` asks
    the database nothing but what it asks once for all: while new records are stored nobody can ask.
    `quotes` says by relation which fields of the other record it repeats; crm/search/quoting.py keeps those right.
    `subtitle` is the field that stands below the title, if a role may close it.
    """
    _describers[kind] = describe
    _related[kind] = tuple(related)
    _lists[kind] = lists or {}
    _subtitles[kind] = subtitle
    _quotes[kind] = {path: tuple(fields) for path, fields in (quotes or {}).items()}


def keep_with(kind: str, keep: Keep) -> None:
    """Something else that is worked out from records of this kind, and has to be right whenever their words are:
    `keep(kind, records, are_new=…)` is called with those that are written, whoever writes them."""
    _kept_with[kind] = keep


def searchable_kinds() -> list[str]:
    return list(_describers)


def quotes() -> dict[str, dict[str, tuple[str, ...]]]:
    return _quotes


def subtitle_field(kind: str) -> str:
    return _subtitles.get(kind, "")


def refresh(record: models.Model) -> None:
    """Bring the record's search document up to date; one in the bin has none."""
    refresh_many([record])


@fields.uncovered
def refresh_many(records: Iterable[models.Model], *, are_new: bool = False) -> None:
    """The same for many records, of one or several kinds, in a few statements for each thousand.

    Where they `are_new`, made in this transaction, nothing is kept of them yet that would have to be compared.
    """
    kept: dict[str, list[Any]] = {}
    gone: dict[str, list[int]] = {}
    for record in records:
        kind = record.kind  # type: ignore[attr-defined]
        if kind not in _describers:
            continue
        if getattr(record, "deleted_at", None):
            gone.setdefault(kind, []).append(record.pk)
        else:
            kept.setdefault(kind, []).append(record)
    for kind, ids in gone.items():
        forget(kind, ids)
    for kind, found in kept.items():
        for start in range(0, len(found), BATCH):
            batch = found[start : start + BATCH]
            with _read_beside(kind, batch):
                _write(kind, batch, are_new)


@contextmanager
def _read_beside(kind: str, records: list[Any]) -> Iterator[None]:
    """Inside, what is read beside the records is read once; after it, their owner sees what comes to them later."""
    prefetch_related_objects(records, *_related[kind])
    for relation, attribute in _lists[kind].items():
        _read_list(records, relation, attribute)
    try:
        yield
    finally:
        for attribute in _lists[kind].values():
            for record in records:
                record.__dict__.pop(attribute, None)


def _read_list(records: list[Any], relation: str, attribute: str) -> None:
    """Most records have an empty one, for which Django would make a queryset each."""
    foreign_key = records[0]._meta.get_field(relation).field
    found: dict[int, list[Any]] = {}
    these = RawSQL("SELECT unnest(%s::bigint[])", [[record.pk for record in records]])
    for each in foreign_key.model._default_manager.filter(**{f"{foreign_key.name}__in": these}):
        found.setdefault(getattr(each, foreign_key.attname), []).append(each)
    for record in records:
        record.__dict__[attribute] = found.get(record.pk, [])


def forget(kind: str, ids: Iterable[int]) -> None:
    SearchDocument.objects.filter(kind=kind, object_id__in=list(ids)).delete()


def _write(kind: str, records: list[Any], are_new: bool) -> None:
    describe, work_out = _describers[kind], _kept_with.get(kind, _nothing)
    with known.read_once():
        if are_new:
            with _adding(kind, records, describe):
                write_the_rest = work_out(kind, records, are_new=True)
        else:
            _put(kind, [_row(record, describe(record)) for record in records])
            write_the_rest = work_out(kind, records, are_new=False)
    write_the_rest()


def _nothing(kind: str, records: Sequence[Any], /, *, are_new: bool) -> Callable[[], None]:
    return lambda: None


def _put(kind: str, rows: list[dict[str, Any]]) -> None:
    """Whether a role hides phones or emails is read with the write: no statement more, and never out of date."""
    table = SearchDocument._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH hidden AS (SELECT kind, name FROM {RoleField._meta.db_table} WHERE level = {Level.HIDDEN:d})
            INSERT INTO {table} (kind, object_id, owner_id, team_id, title, subtitle, words, updated_at)
            SELECT %s, object_id, owner_id, team_id, title, subtitle,
                array_to_tsvector(words || {_reached("phone")} || {_reached("email")}), updated_at
            FROM jsonb_to_recordset(%s::jsonb) AS given(object_id bigint, owner_id bigint, team_id bigint, title text,
                subtitle text, words text[], reached_by text, phones text[], emails text[], updated_at timestamptz)
            ON CONFLICT (kind, object_id) DO UPDATE SET
                owner_id = excluded.owner_id, team_id = excluded.team_id, title = excluded.title,
                subtitle = excluded.subtitle, words = excluded.words, updated_at = excluded.updated_at
            WHERE ({table}.owner_id, {table}.team_id, {table}.title, {table}.subtitle, {table}.words,
                   {table}.updated_at)
                IS DISTINCT FROM (excluded.owner_id, excluded.team_id, excluded.title, excluded.subtitle,
                                  excluded.words, excluded.updated_at)
            """,
            [kind, json.dumps(rows, ensure_ascii=False)],
        )


@contextmanager
def _adding(kind: str, records: list[Any], describe: Describe) -> Iterator[None]:
    """By COPY, which takes them in while the words of the next are looked for: in an import half of the time. It is
    not done when it has the last ones, so inside there is time for whatever asks the database nothing."""
    hidden = set(RoleField.objects.filter(level=Level.HIDDEN).values_list("kind", "name"))
    columns = ("object_id", "owner_id", "team_id", "title", "subtitle", "words", "updated_at")
    statement = f"COPY {SearchDocument._meta.db_table} (kind, {', '.join(columns)}) FROM STDIN"
    first = _row(records[0], describe(records[0]))  # asks what is asked once
    rows = chain([first], (_row(record, describe(record)) for record in records[1:]))
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            row["words"] = as_tsvector(stored(row, hidden))
            copy.write_row((kind, *map(row.__getitem__, columns)))
        yield


def _reached(name: str) -> str:
    """What finds by phones, or by emails: apart from the rest as soon as a role hides them."""
    lexemes = f"FROM unnest({name}s) AS lexeme"
    whole = f"ARRAY(SELECT '{TYPED_WHOLE}' || lexeme {lexemes} WHERE lexeme ~ '{WHOLE[name]}')"
    apart = f"ARRAY(SELECT '{APART}' || lexeme {lexemes}) || {whole}"
    return f"CASE WHEN (reached_by, '{name}') IN (SELECT kind, name FROM hidden) THEN {apart} ELSE {name}s END"


def _row(record: Any, words: Words) -> dict[str, Any]:
    return {
        "object_id": record.pk,
        "owner_id": getattr(record, "owner_id", None),
        "team_id": getattr(record, "team_id", None),
        "title": _shown(words.title),
        "subtitle": _shown(words.subtitle),
        **in_parts(words),  # the database sorts them, so that the same words are the same value
        "reached_by": words.reached_by or record.kind,
        "updated_at": (getattr(record, "updated_at", None) or record.created_at).isoformat(),
    }


def _shown(text: str) -> str:
    return str(text or "").replace("\x00", "")[:300]
