"""A column for each field the administrator defined."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Lower
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from crm.custom_fields import computed, sorting, values, writing
from crm.models.custom_field import CustomField
from crm.web.lists.columns import Column

Type = CustomField.Type
Result = CustomField.Result
FORMATS = {Type.NUMBER: "number", Type.DECIMAL: "exact", Type.DATE: "day", Type.BOOLEAN: "yesno"}
RESULTS = {Result.NUMBER: "exact", Result.DATE: "day", Result.BOOLEAN: "yesno"}
SHOWN = 120


class LongText(str):
    """Whole in a file, its beginning in a list."""

    def __html__(self) -> SafeString:
        return format_html("{}", Truncator(str(self)).chars(SHOWN))


def custom_column(field: CustomField) -> Column:
    if field.is_computed:
        return computed_column(field)
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
        divides=parts_of(field),
    )


def parts_of(field: CustomField) -> Any:
    """What the rows of a list can be divided by: the values of the field, where there are few and each row has one."""
    if field.type == Type.BOOLEAN:
        return sorting.text_of(field), (("true", _("yes")), ("false", _("no")))
    if field.type == Type.CHOICE:
        return sorting.text_of(field), tuple((option.code, option.title) for option in field.options)
    return None


def computed_column(field: CustomField) -> Column:
    """Ordered like a field of what the formula gives: texts by their letters, whatever their size."""
    currency = computed.currency_column(field)
    is_text = field.result == Result.TEXT
    return Column(
        field.name,
        field.title,
        value=partial(computed.value_in, field),
        sort=f"order_of_{field.name}" if is_text else field.name,
        format="money" if currency is not None else RESULTS.get(Result(field.result), "text"),
        currency=currency or None,
        annotate=partial(with_computed, field=field, is_text=is_text),
        is_wanted=field.is_shown,
    )


def with_computed(queryset: QuerySet, field: CustomField, is_text: bool) -> QuerySet:
    queryset = computed.with_values(queryset, [field])
    return queryset.annotate(**{f"order_of_{field.name}": Lower(F(field.name))}) if is_text else queryset


def value_of(field: CustomField, row: Any) -> Any:
    """What a file keeps: numbers, days and yes or no as such, choices in words."""
    stored = writing.custom_of(row).get(field.code)
    if field.type in FORMATS:
        return values.python(field, stored)
    text = values.in_words(field, stored)
    return LongText(text) if field.type == Type.LONG_TEXT else text
