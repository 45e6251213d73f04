"""The cells of an export: what `Column.plain` gives, worked out once for a column rather than for each of its rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crm.web.lists.columns import Column, read

Reader = Callable[[Any], Any]


class Cells:
    """One row after the other as cells; the readers are made at the first, in the language that is set then."""

    def __init__(self, columns: Sequence[Column], model: type[Model]) -> None:
        self.columns, self.model = columns, model
        self.readers: list[Reader] = []

    def __call__(self, row: Any) -> list[Any]:
        if not self.readers:
            self.readers = [_reader(column, self.model) for column in self.columns]
        return [reader(row) for reader in self.readers]


def lean(queryset: QuerySet, columns: Sequence[Column]) -> QuerySet:
    """Owners and teams are few: they are read once for a batch of rows, not joined to each of them.

    Where the columns tell which fields they show, nothing else is read of a row: making its object takes longer than
    writing its line.
    """
    shown = _fields(queryset.model, columns)
    joined = queryset.query.select_related
    if not isinstance(joined, dict) or any(joined.values()):
        return queryset
    if shown is None:
        return queryset.select_related(None).prefetch_related(*joined)
    relations = [name for name in joined if name in shown]
    return queryset.select_related(None).prefetch_related(*relations).only(*sorted(shown))


def _fields(model: type[Model], columns: Sequence[Column]) -> set[str] | None:
    """The fields the columns read of a row; None where one may read any."""
    known = {field.name for field in model._meta.concrete_fields}
    found: set[str] = set()
    for column in columns:
        path = column.value or column.code
        names = column.reads or (() if callable(path) else (path.split(".")[0],))
        if not names or column.annotate or not known.issuperset(names):
            return None
        found.update(names)
    return found


def _reader(column: Column, model: type[Model]) -> Reader:
    path = column.value or column.code
    if callable(path):
        return column.plain
    labels = _labels(model, path)
    if labels is not None:
        known, get = labels, attrgetter(path)
        return lambda row: known.get(value := get(row), value)
    words, zone = {True: _("yes"), False: _("no")}, timezone.get_current_timezone()

    def plain(row: Any) -> Any:
        value = read(row, path)
        kind = type(value)
        if kind is str or kind is int or value is None:
            return value
        if isinstance(value, dt.datetime):
            return value.astimezone(zone)
        if kind is bool:
            return words[value]
        return str(value) if isinstance(value, (Model, Promise)) else value

    return plain


def _labels(model: type[Model], name: str) -> dict[Any, Any] | None:
    """The words of a field's choices, where the path is such a field."""
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    found = getattr(field, "flatchoices", None)
    return {value: str(text) for value, text in found} if found else None
