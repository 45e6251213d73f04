"""What formulas come to: the same expression for a page, a list, its filters and orders, a file and a program."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from crm.custom_fields import known
from crm.custom_fields.formulas import compiling
from crm.custom_fields.formulas.types import OWN_CURRENCY, Part
from crm.models.custom_field import CustomField


def part_of(field: CustomField) -> Part:
    return compiling.compiled(field, known.by_code(field.kind))


def expression_of(field: CustomField) -> Any:
    return part_of(field).expression


def with_values(queryset: QuerySet, fields: Iterable[CustomField]) -> QuerySet:
    """Each row with what the formulas come to, under their names."""
    return queryset.annotate(**{field.name: expression_of(field) for field in fields})


def values_of(record: Any, fields: Iterable[CustomField]) -> dict[str, Any]:
    """By code what the formulas come to, where that is anything: as the row was read, or by one query for all."""
    wanted = list(fields)
    if not wanted:
        return {}
    if all(field.name in record.__dict__ for field in wanted):
        row = record.__dict__
    else:
        rows = with_values(type(record)._base_manager.filter(pk=record.pk), wanted)
        row = rows.values(*(field.name for field in wanted)).first() or {}
    return {field.code: plain(row[field.name]) for field in wanted if row.get(field.name) is not None}


def value_in(field: CustomField, row: Any) -> Any:
    """Of a row that was read with it."""
    return plain(getattr(row, field.name))


def plain(value: Any) -> Any:
    """A number without the zeros that the database counted with."""
    return Decimal(_written(value)) if isinstance(value, Decimal) else value


def currency_column(field: CustomField) -> str | None:
    """Of an amount the column that says its currency, or OWN_CURRENCY; None of what is no amount."""
    if "currency_known" not in field.__dict__:  # lists ask again and again
        field.__dict__["currency_known"] = part_of(field).currency
    found: str | None = field.__dict__["currency_known"]
    return found


def as_kept(value: Any) -> Any:
    """As a custom field of the same type would be kept: decimals as text, days ISO 8601."""
    if isinstance(value, Decimal):
        return _written(value)
    return value.isoformat() if isinstance(value, date) else value


def _written(number: Decimal) -> str:
    text = format(number.normalize(), "f")
    return "0" if text == "-0" else text


__all__ = [
    "OWN_CURRENCY", "as_kept", "currency_column", "expression_of", "part_of", "plain", "value_in", "values_of",
    "with_values",
]  # fmt: skip
