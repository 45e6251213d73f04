"""The first rows of a list for whoever may see rows for several reasons: their own, their team's.

Asked for "mine or my team's, newest first", PostgreSQL walks the newest of everybody until it has met enough of them:
where somebody imported 100,000 customers yesterday, past all of these. Asked for the newest of mine and for the newest
of my team's, it reads each off the index that ends in that order, and the first of both are the first of all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.db.models import Q, QuerySet

MOST = 8  # ways; somebody above twenty teams sees so much that walking the newest meets theirs soon enough


def first(rows: QuerySet, path: str, ordered: Callable[[QuerySet], QuerySet], many: int) -> QuerySet:
    """The first `many` of the rows as `ordered` sorts them, which is by `path`."""
    ways = separate(rows, path)
    if len(ways) < 2:
        return ordered(rows)[:many]
    bare = rows.select_related(None)
    each = [ordered(bare.filter(way))[:many].values("pk") for way in ways]
    return ordered(rows.filter(pk__in=each[0].union(*each[1:])))[:many]


def separate(rows: QuerySet, path: str) -> list[Q]:
    """What the rows can be asked by one after the other, each by an index of its own; nothing where one lacks it."""
    found: list[Q] = []
    for way in getattr(rows, "ways", ()):
        parts = _parts(way, _indexed(rows.model, path))
        if not parts:
            return []
        found += parts
    return found if len(found) <= MOST else []


def _parts(way: Q, indexed: frozenset[str]) -> list[Q]:
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
