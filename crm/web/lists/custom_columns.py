"""A column for each field the administrator defined."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from crm.custom_fields import sorting, values, writing
from crm.models.custom_field import CustomField
from crm.web.lists.columns import Column

Type = CustomField.Type
FORMATS = {Type.NUMBER: "number", Type.DECIMAL: "exact", Type.DATE: "day", Type.BOOLEAN: "yesno"}
SHOWN = 120


class LongText(str):
    """Whole in a file, its beginning in a list."""

    def __html__(self) -> SafeString:
        return format_html("{}", Truncator(str(self)).chars(SHOWN))


def custom_column(field: CustomField) -> Column:
    is_ordered = field.type in sorting.ORDERED
    return Column(
        field.name,
        field.title,
        value=partial(value_of, field),
        sort=field.name if is_ordered else None,
        format=FORMATS.get(Type(field.type), "text"),
        url=partial(value_of, field) if field.type == Type.LINK else None,
        annotate=partial(sorting.ordered, field=field) if is_ordered else None,
        is_wanted=field.is_shown,
    )


def value_of(field: CustomField, row: Any) -> Any:
    """What a file keeps: numbers, days and yes or no as such, choices in words."""
    stored = writing.custom_of(row).get(field.code)
    if field.type in FORMATS:
        return values.python(field, stored)
    text = values.in_words(field, stored)
    return LongText(text) if field.type == Type.LONG_TEXT else text
