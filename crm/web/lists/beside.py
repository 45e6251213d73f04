"""What a page reads of the records beside its rows.

A list is joined to whatever one of its columns may say: a ticket to seven records. Making these of every row takes
longer than drawing its cells, so where the columns of a page tell what they look at, the others are left out, and of a
customer of whom only the name is shown only the name is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet

from crm.web.lists.columns import Column


def narrowed(queryset: QuerySet, columns: Sequence[Column], order: str) -> QuerySet:
    """The rows with no more beside them than the columns and the order say; as they are where one may say anything."""
    joined = queryset.query.select_related
    paths = _paths(queryset.model, columns)
    if paths is None or not isinstance(joined, dict):
        return queryset
    asked: dict[str, set[str]] = {}
    for path in [*paths, order.replace("__", ".")]:
        head, _, field = path.partition(".")
        asked.setdefault(head, set()).add(field)
    needed = {name: further for name, further in joined.items() if name in asked}
    own = [field.name for field in queryset.model._meta.concrete_fields]
    parts = [f"{name}__{field}" for name in needed if "" not in asked[name] for field in asked[name]]
    queryset = queryset.only(*own, *parts)
    queryset.query.select_related = needed or False
    return queryset


def _paths(model: type[Model], columns: Iterable[Column]) -> set[str] | None:
    """Fields of the row, and of records beside it ("owner.name"), that the columns look at; None where one may look at
    any: what is worked out does not say of what."""
    found: set[str] = set()
    for column in columns:
        paths: list[Any] = [column.value or column.code] if type(column) is Column else []
        paths = [*(column.reads or paths or [None]), *(path for path in (column.url, column.currency) if path)]
        if not all(isinstance(path, str) and _is_stored(model, path) for path in paths) or callable(column.unit):
            return None
        found.update(paths)
    return found


def _is_stored(model: Any, path: str) -> bool:
    """Whether this is a field of the model, or of a record that one of its fields leads to."""
    name, _, further = path.partition(".")
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    if not further:
        return bool(field.concrete)
    return bool(field.many_to_one) and "." not in further and _is_stored(field.related_model, further)
