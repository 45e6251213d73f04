"""Which custom fields there are. Inside `read_once` (a request, a batch of work) they are read by one query."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat

from crm import reading
from crm.access import fields, kinds
from crm.models.custom_field import CustomField, CustomValuesField
from crm.models.prepared import Prepared
from crm.models.role import RoleField
from crm.reading import read_once

PREFIX = "custom_"
Fields = dict[str, list[CustomField]]


def forget() -> None:
    """After a change of the definitions, within the request that made it."""
    reading.forget("custom_fields")


def everything(kind: str) -> list[CustomField]:
    """All fields of a kind in their order, retired ones too; nothing is asked of a kind that takes none."""
    return _all().get(kind, []) if kind in takers() else []


def active(kind: str) -> list[CustomField]:
    return [field for field in everything(kind) if not field.is_retired]


def filled(kind: str) -> list[CustomField]:
    """Of the active ones those that people fill in: a formula is worked out."""
    return [field for field in active(kind) if not field.is_computed]


def readable(kind: str) -> list[CustomField]:
    """Of the active ones those that are not hidden from whoever reads."""
    closed = fields.hidden(kind)
    return [field for field in active(kind) if field.name not in closed]


def writable(kind: str) -> list[CustomField]:
    """Of those that are filled in the ones that whoever asks may write."""
    closed = fields.unwritable(kind)
    return [field for field in filled(kind) if field.name not in closed]


def formulas(kind: str) -> list[CustomField]:
    """Those that are not hidden from whoever reads."""
    return [field for field in readable(kind) if field.is_computed]


def by_code(kind: str) -> dict[str, CustomField]:
    return {field.code: field for field in everything(kind)}


def by_name(kind: str, name: str) -> CustomField | None:
    """The field that is called "custom_<code>" beside the record's own."""
    return by_code(kind).get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None


@cache
def takers() -> Mapping[str, Any]:
    """The kinds of record with a column for custom values, by code."""
    models_of = {kind.code: kind.model for kind in kinds.all_kinds() if kind.model is not None}
    return {code: model for code, model in models_of.items() if takes(model) and not model._meta.proxy}


@cache
def takes(model: type[models.Model]) -> bool:
    try:
        return isinstance(model._meta.get_field("custom"), CustomValuesField)
    except FieldDoesNotExist:
        return False


def _all() -> Fields:
    return reading.kept("custom_fields", _as_they_are)


def _as_they_are() -> Fields:
    found: Fields = {}
    for field in _existing():
        found.setdefault(field.kind, []).append(field)
    return found


def _with_choices() -> models.QuerySet:
    closing = RoleField.objects.filter(kind=OuterRef("kind"), name=Concat(Value(PREFIX), OuterRef("code")))
    rows = CustomField.objects.existing().with_options().annotate(closings_read=Exists(closing.order_by()))
    return rows.order_by("kind", "position", "pk")


_existing = Prepared(_with_choices)

__all__ = [
    "active", "by_code", "by_name", "everything", "filled", "forget", "formulas", "read_once", "readable", "takers",
    "takes", "writable",
]  # fmt: skip
