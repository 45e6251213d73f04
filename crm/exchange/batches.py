"""A batch from the file to its rows: staging, choosing columns, and the order in which rows are taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from crm.exchange import declaring, profiles, reading
from crm.exchange.drafts import Row
from crm.exchange.mapping import Mapper
from crm.exchange.profiles import Profile
from crm.exchange.unusable import Unusable
from crm.models.import_batch import ImportBatch, ImportRow

CHUNK = 1000
TABLE = ImportRow._meta.db_table
State = ImportBatch.State


@transaction.atomic
def stage(
    file: IO[bytes], *, target: str, file_name: str, by: Any, at: datetime, encoding: str = "", separator: str = "",
    sheet: str = "",
) -> ImportBatch:  # fmt: skip
    """Read a file into the rows of a new batch, by COPY as it streams."""
    declaring.get(target)
    table = reading.open_table(file, encoding=encoding, separator=separator, sheet=sheet)
    batch = ImportBatch.objects.create(
        target=target, file_name=file_name[-200:], heads=table.heads, reading=table.reading, by=by, team=by.team,
        created_at=at,
    )  # fmt: skip
    is_workbook = "sheet" in table.reading
    width, count = len(table.heads), 0
    with connection.cursor() as cursor:
        with cursor.copy(
            f"COPY {TABLE} (batch_id, number, cells, bunch, turn, outcome, reason, changes) FROM STDIN"
        ) as copy:
            for number, cells in table.rows:
                # A workbook and a spreadsheet's CSV leave out, or add, empty cells at the end of a row.
                while len(cells) > width and not cells[-1]:
                    cells.pop()
                if is_workbook:
                    cells += [""] * (width - len(cells))
                copy.write_row((batch.pk, number, _array(cells), number, 0, "", "", "{}"))
                count += 1
        if not count:
            raise Unusable(_("The file has column names, but no rows."))
    batch.rows = count
    batch.save(update_fields=["rows"])
    return batch


def _array(cells: list[str]) -> str:
    """The cells as PostgreSQL writes an array; psycopg's own way takes half the time of reading a file."""
    return "{" + ",".join('"' + cell.replace("\\", "\\\\").replace('"', '\\"') + '"' for cell in cells) + "}"


def choose(batch: ImportBatch, content: dict[str, Any], *, at: datetime) -> Profile:
    """Take over a profile for the batch, if it says enough about the file."""
    profile = profiles.understand(declaring.get(batch.target), content, batch.heads)
    batch.profile = content
    batch.enter(State.MAPPED, at)
    batch.counts, batch.settled, batch.problem = {}, 0, ""
    batch.save()
    return profile


def profile_of(batch: ImportBatch) -> Profile:
    return profiles.understand(declaring.get(batch.target), batch.profile, batch.heads)


@transaction.atomic
def arrange(batch: ImportBatch, profile: Profile) -> set[tuple[str, str]]:
    """Forget what rows became, and put them in order: those of one record together, those that point at later.

    Returns what they point at: the texts, each with the field that is to hold it.
    """
    ImportRow.objects.filter(batch=batch).exclude(outcome="").update(
        outcome="", reason="", changes={}, record_id=None, turn=0
    )
    if profile.in_bunches:
        _bunch(batch, profile)
        return set()
    return _take_turns(batch, profile)


def rows_of(batch: ImportBatch) -> Iterator[Row]:
    """All rows in the order of the file, by a cursor of the server."""
    found = ImportRow.objects.filter(batch=batch).order_by("number")
    with transaction.atomic():
        for number, cells, outcome, reason in found.values_list("number", "cells", "outcome", "reason").iterator(2000):
            yield Row(number, cells, outcome=outcome, reason=reason)


def chunks(batch: ImportBatch, profile: Profile) -> Iterator[list[Row]]:
    """Rows that are not settled yet, a thousand at a time, never parting the rows of one record."""
    place = (-1, -1)
    while True:
        rows = _next(batch, place)
        if not rows:
            return
        place = (rows[-1][3], rows[-1][2])
        yield [Row(number, cells, bunch=bunch) for number, cells, bunch, _turn in rows]


def _next(batch: ImportBatch, place: tuple[int, int]) -> list[tuple[int, list[str], int, int]]:
    """The rows of the next bunches of one turn: a bunch that does not fit the chunk is taken whole all the same."""
    rows = _ahead(batch, "(turn, bunch) > (%s, %s)", place, CHUNK)
    rows = [row for row in rows if row[3] == rows[0][3]]
    if len(rows) == CHUNK:
        number, _cells, bunch, turn = rows[-1]
        rows += _ahead(batch, "turn = %s AND bunch = %s AND number > %s", (turn, bunch, number), None)
    return rows


def _ahead(
    batch: ImportBatch, where: str, place: tuple[int, ...], limit: int | None
) -> list[tuple[int, list[str], int, int]]:
    """Plain enough for any plan to walk along the index, also while the statistics know nothing of the batch."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT number, cells, bunch, turn FROM {TABLE}
            WHERE batch_id = %s AND outcome = '' AND {where} ORDER BY turn, bunch, number LIMIT %s""",
            [batch.pk, *place, limit],
        )
        return cursor.fetchall()


def _bunch(batch: ImportBatch, profile: Profile) -> None:
    """Rows with one identity form a bunch, numbered by its first row."""
    mapper = Mapper(profile, batch.heads)
    first: dict[Any, int] = {}
    moved: list[tuple[int, int]] = []
    for row in rows_of(batch):
        mapper.read(row)
        key = mapper.identity(row)
        if any(value is not None for value in key) and first.setdefault(key, row.number) != row.number:
            moved.append((row.number, first[key]))
    _write(batch, "bunch", moved)


def _take_turns(batch: ImportBatch, profile: Profile) -> set[tuple[str, str]]:
    """A row that points at another row of the file comes in a later turn; a circle is left to be refused."""
    if not profile.pointers:
        return set()
    mapper = Mapper(profile, batch.heads)
    named: dict[tuple[str, str], int] = {}
    points: dict[int, list[tuple[str, str]]] = {}
    for row in rows_of(batch):
        mapper.read(row)
        for source in profile.pointers:
            name = row.values.get(source.by)
            if name is not None:
                named.setdefault((source.by, str(name)), row.number)
            target = row.values.get(source.field.name)
            if target is not None:
                points.setdefault(row.number, []).append((source.by, str(target)))
    turns: dict[int, int] = {}
    for number in points:
        _turn_of(number, points, named, turns)
    _write(batch, "turn", [(number, turn) for number, turn in turns.items() if turn])
    return {target for targets in points.values() for target in targets}


def _turn_of(
    number: int, points: dict[int, list[tuple[str, str]]], named: dict[tuple[str, str], int], turns: dict[int, int]
) -> int:
    """How many rows have to come before this one, counted along the longest way; a circle counts as its length."""
    path = [number]
    while path:
        here = path[-1]
        ahead = [named[target] for target in points.get(here, ()) if target in named and named[target] != here]
        waiting = [each for each in ahead if each not in turns and each not in path]
        if waiting:
            path.append(waiting[0])
            continue
        turns[here] = min(max((turns.get(each, 0) + 1 for each in ahead), default=0), 30_000)
        path.pop()
    return turns[number]


def _write(batch: ImportBatch, column: str, pairs: list[tuple[int, int]]) -> None:
    if not pairs:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE {TABLE} AS row SET {column} = given.value
            FROM unnest(%s::int[], %s::int[]) AS given(number, value)
            WHERE row.batch_id = %s AND row.number = given.number""",
            [[number for number, _value in pairs], [value for _number, value in pairs], batch.pk],
        )


def field_label(batch: ImportBatch, name: str) -> Any:
    """How a field of the batch's kind is called on screen."""
    found = declaring.get(batch.target).field(name)
    return found.label if found else name
