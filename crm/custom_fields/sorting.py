"""Custom values in the database: what a list is ordered by and what its filters compare."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Func, QuerySet, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Lower
from django.db.models.lookups import Regex

from crm.models.custom_field import CustomField

Type = CustomField.Type
NUMBERS = (Type.NUMBER, Type.DECIMAL)
ORDERED = (Type.TEXT, Type.NUMBER, Type.DECIMAL, Type.DATE, Type.BOOLEAN, Type.CHOICE)
# Kept values always look like this; a row that somebody wrote past us must not break the list.
NUMERIC = r"^-?[0-9]+(\.[0-9]+)?$"


def text_of(field: CustomField) -> Any:
    return KeyTextTransform(field.code, "custom")


def number_of(field: CustomField) -> Any:
    exact = models.DecimalField(max_digits=24, decimal_places=6)
    is_number = When(Regex(text_of(field), NUMERIC), then=_as_numeric(text_of(field), exact))
    return Case(is_number, default=Value(None), output_field=exact)


def order_of(field: CustomField) -> Any:
    """What rows are ordered by: numbers by size, days by date, choices as they are arranged, texts by their letters."""
    if field.type in NUMBERS:
        return number_of(field)
    if field.type == Type.CHOICE:
        codes = Value([option.code for option in field.options], ArrayField(models.TextField()))
        place = Func(Cast(codes, ArrayField(models.TextField())), text_of(field), function="array_position")
        return Cast(place, models.IntegerField())
    if field.type == Type.TEXT:
        return Lower(text_of(field), output_field=models.TextField())
    return Cast(text_of(field), models.TextField())


def ordered(queryset: QuerySet, field: CustomField) -> QuerySet:
    return queryset.annotate(**{field.name: order_of(field)})


def _as_numeric(text: Any, output: Any) -> Any:
    return Func(text, template="(%(expressions)s)::numeric", output_field=output)
