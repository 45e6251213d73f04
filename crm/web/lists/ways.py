"""The first rows of a list for whoever may see rows for several reasons: their own, their team's.

Asked for "mine or my team's, newest first", PostgreSQL walks the newest of everybody until it has met enough of them:
where somebody imported 100,000 customers yesterday, past all of these. Asked for the newest of mine and for the newest
of my team's, it reads each off the index that ends in that order, and the first of both are the first of all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, Q, QuerySet
from django.db.models.lookups import IsNull

from crm.access.querysets import Reasons

MOST = 8  # ways; somebody above twenty teams sees so much that walking the newest meets theirs soon enough


def first(rows: QuerySet, path: str, ordered: Callable[[QuerySet], QuerySet], many: int) -> QuerySet:
    """The first `many` of the rows as `ordered` sorts them, which is by `path`."""
    ways = separate(rows, path)
    if len(ways) < 2:
        return ordered(rows)[:many]
    bare = rows.select_related(None)
    each = [ordered(bare.by_way(way))[:many].values("pk") for way in ways]
    return ordered(rows.filter(pk__in=each[0].union(*each[1:])))[:many]


def separate(rows: QuerySet, path: str) -> list[Q]:
    """What the rows can be asked by one after the other, each by an index of its own; nothing where one lacks it.

    Beside a way through another table any other goes without: together the two are slower than without an index.
    """
    found: list[Q] = []
    ways = getattr(rows, "ways", ())
    through = any(_questions(way) for way in ways)
    for way in ways:
        parts = _parts(way, _indexed(rows.model, path)) or ([way] if through else [])
        if not parts:
            return []
        found += parts
    return found if len(found) <= MOST else []


def count(rows: QuerySet, most: int) -> int:
    """How many there are, up to `most`.

    A way through another table is asked by itself: among others it would first list everything that can be seen there.
    It is not asked at all where another alone leads to as many as are counted.
    """
    ways = [(way, _questions(way)) for way in getattr(rows, "ways", ())]
    if len(ways) < 2 or not any(questions for _, questions in ways):
        return _count_together(rows, most)
    own = _statements(rows, [way for way, questions in ways if not questions], most)
    through = _statements(rows, [each for _, questions in ways for each in questions], most)
    together = [*own, *through]
    if not together:
        return 0
    union = " UNION ".join(f"({sql})" for sql, _ in together)
    return _count_unless_enough(own, f"{union} LIMIT {most}", [value for _, each in together for value in each], most)


def _count_together(rows: QuerySet, most: int) -> int:
    """All the ways at once, for which PostgreSQL may walk through the rows of everybody: 15 ms where a team has 300,000
    customers. How many a team has is read off an index in 2: where nothing else narrows the rows it is asked first."""
    together = rows.select_related(None).order_by()[:most]
    conditions = [child for child in rows.query.where.children if not isinstance(child, Reasons)]
    alone = all(isinstance(condition, IsNull) for condition in conditions)
    of_teams = [way for way in getattr(rows, "ways", ()) if _asks_the_team(way)] if alone else []
    enough = _statements(rows, of_teams, most)
    if not enough:
        return together.count()
    return _count_unless_enough(enough, *together.values("pk").query.sql_with_params(), most)


def _count_unless_enough(enough: list[tuple[str, tuple[Any, ...]]], sql: str, values: Sequence[Any], most: int) -> int:
    """How many rows the statement finds; it is not asked where one of the others alone finds as many as are counted."""
    cases = " ".join(f"WHEN (SELECT count(*) FROM ({each}) AS way) = {most} THEN {most}" for each, _ in enough)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT CASE {cases or 'WHEN false THEN 0'} ELSE (SELECT count(*) FROM ({sql}) AS counted) END",
            [*(value for _, each in enough for value in each), *values],
        )
        return int(cursor.fetchone()[0])


def _asks_the_team(way: Q) -> bool:
    asked = way.children[0] if len(way.children) == 1 and not way.negated else None
    return isinstance(asked, tuple) and asked[0] in ("team", "team__in")


def _statements(rows: QuerySet, ways: list[Q], most: int) -> list[tuple[str, tuple[Any, ...]]]:
    found = []
    for way in ways:
        with suppress(EmptyResultSet):  # it leads nowhere
            found.append(rows.by_way(way).select_related(None).order_by().values("pk")[:most].query.sql_with_params())
    return found


def _questions(way: Q) -> list[Q]:
    """The way as questions to other tables, any of which is enough; nothing where it is not that."""
    asked = [child for child in way.children if isinstance(child, Exists)]
    alone = len(asked) == len(way.children) and not way.negated and (way.connector == Q.OR or len(asked) == 1)
    return [Q(child) for child in asked] if alone else []


def _parts(way: Q, indexed: frozenset[str]) -> list[Q]:
    if questions := _questions(way):
        return questions
    if len(way.children) != 1 or way.negated or not isinstance(way.children[0], tuple):
        return []
    name, value = way.children[0]
    if name == "pk__in" or name in indexed:
        return [way]
    column = name.removesuffix("__in")
    return [Q(**{column: one}) for one in value] if column in indexed else []


@cache
def _indexed(model: Any, path: str) -> frozenset[str]:
    """The fields by which an index of the model holds its rows in the order of `path`."""
    orders = [[name.removeprefix("-") for name in index.fields] for index in model._meta.indexes]
    return frozenset(names[0] for names in orders if len(names) == 3 and names[1:] == [path, "id"])
