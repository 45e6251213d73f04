"""Queries whose SQL is written once: for the few that nearly every request asks.

Django writes the SQL of a queryset anew each time, which takes it longer than PostgreSQL takes to answer by a key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet

NUMBER = 4_611_686_018_427_380_000  # no row has such a key: what stands there is the argument
TEXT = "\ue000argument {}\ue000"


class Prepared:
    """`build` makes the queryset from its arguments: whole numbers, texts, or lists of whole numbers.

    It is called once (for lists: once for each length), with stand-ins that the arguments of each call replace, and so
    has to be one and the same query for all of them: no `if` about a value. Rows come as of `values_list`, or as
    instances with their annotations; related rows are not read along.
    """

    def __init__(self, build: Callable[..., QuerySet[Any]]) -> None:
        self.build = build
        self._written: dict[tuple[int | None, ...], Statement | None] = {}

    def __call__(self, *arguments: Any) -> list[Any]:
        shape = tuple(len(one) if isinstance(one, list) else None for one in arguments)
        if shape not in self._written:
            self._written[shape] = self._write(arguments)
        statement = self._written[shape]
        return statement.rows(_flat(arguments)) if statement else []

    def _write(self, arguments: tuple[Any, ...]) -> Statement | None:
        """The statement, or nothing where nothing can be found by it: in an empty list."""
        flat = _flat(arguments)
        stand_ins = [NUMBER + place if isinstance(one, int) else TEXT.format(place) for place, one in enumerate(flat)]
        left = iter(stand_ins)
        given = [[next(left) for _ in one] if isinstance(one, list) else next(left) for one in arguments]
        queryset = self.build(*given)
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            return None
        places = [stand_ins.index(one) if one in stand_ins else None for one in params]
        if set(range(len(stand_ins))) - set(places):
            raise ValueError("An argument does not reach the statement as it is: it cannot be prepared.")
        return Statement(queryset, compiler, sql, list(zip(places, params, strict=True)))


@dataclass
class Statement:
    """One SQL text, and how its rows become values or instances. `params`: which argument, or else which constant."""

    queryset: QuerySet[Any]
    compiler: Any
    sql: str
    params: list[tuple[int | None, Any]]

    def rows(self, arguments: list[Any]) -> list[Any]:
        connection = connections[DEFAULT_DB_ALIAS]
        params = [constant if place is None else arguments[place] for place, constant in self.params]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            found: list[Any] = cursor.fetchall()
        if self.converters:
            found = [self._converted(row, connection) for row in found]
        return found if self.made is None else [self._instance(row) for row in found]

    @cached_property
    def converters(self) -> Any:
        return self.compiler.get_converters([expression for expression, _sql, _alias in self.compiler.select])

    def _converted(self, row: Any, connection: Any) -> tuple[Any, ...]:
        values = list(row)
        for place, (steps, expression) in self.converters.items():
            for step in steps:
                values[place] = step(values[place], expression, connection)
        return tuple(values)

    @cached_property
    def made(self) -> tuple[type[Model], int, int, list[str]] | None:
        """The model, which columns are its own, and their names; nothing where rows are values."""
        known = self.compiler.klass_info
        if not known or self.queryset._fields is not None:  # type: ignore[attr-defined]
            return None
        first, last = known["select_fields"][0], known["select_fields"][-1] + 1
        return known["model"], first, last, [column.target.attname for column, _, _ in self.compiler.select[first:last]]

    def _instance(self, row: Any) -> Any:
        model, first, last, names = self.made  # type: ignore[misc]
        made: Any = model.from_db(DEFAULT_DB_ALIAS, names, row[first:last])
        for name, place in self.compiler.annotation_col_map.items():
            setattr(made, name, row[place])
        return made


def _flat(arguments: tuple[Any, ...]) -> list[Any]:
    return [part for one in arguments for part in (one if isinstance(one, list) else [one])]
