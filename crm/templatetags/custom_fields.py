"""What a record holds in the fields the administrator defined, on its page."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import template
from django.conf import settings
from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.custom_fields import computed, known, values, writing
from crm.models.custom_field import CustomField
from crm.templatetags import values as shown

register = template.Library()
Type = CustomField.Type


@register.inclusion_tag("components/custom_facts.html")
def custom_facts(record: Any) -> dict[str, Any]:
    """Those of no group that hold something, inside a list of facts."""
    return {"facts": [fact for title, facts in groups_of(record) for fact in facts if not title]}


@register.inclusion_tag("components/custom_fact_groups.html")
def custom_fact_groups(record: Any, everything: bool = False, inside: str = "") -> dict[str, Any]:
    """What the groups hold, below their names; `everything` where the page has no list of facts of its own.

    `inside` are the classes of the box around them, where there are any.
    """
    return {"groups": [(title, facts) for title, facts in groups_of(record) if title or everything], "inside": inside}


def groups_of(record: Any) -> list[tuple[str, list[tuple[str, SafeString]]]]:
    """Label and value of each field that holds something, those of one group together."""
    held = writing.custom_of(record)
    held = held | computed.values_of(record, known.formulas(record.kind))
    filled = [field for field in known.readable(record.kind) if held.get(field.code) is not None] if held else []
    order = list(dict.fromkeys(field.group for field in filled))
    filled.sort(key=lambda field: (bool(field.group), order.index(field.group)))
    return [
        (title, [(field.title, shown_of(record, field, held[field.code])) for field in fields])
        for title, fields in groupby(filled, key=lambda field: field.group_title)
    ]


@register.inclusion_tag("components/custom_form_fields.html")
def custom_form_fields(form: Any) -> dict[str, Any]:
    """The custom fields of a form, group by group, inside its grid."""
    return {"groups": form.custom_groups}


def shown_of(record: Any, field: CustomField, value: Any) -> SafeString:
    if not field.is_computed:
        return in_html(field, value)
    currency = computed.currency_column(field)
    if currency is not None:
        return shown.money(value, getattr(record, currency) if currency else settings.CURRENCY)
    if isinstance(value, bool):
        return format_html("{}", _("yes") if value else _("no"))
    if field.result == CustomField.Result.DATE:
        return shown.day(value)
    return format_html("{}", value) if field.result == CustomField.Result.TEXT else shown.exact(value)


def in_html(field: CustomField, stored: Any) -> SafeString:
    if field.type == Type.DATE:
        return shown.day(values.python(field, stored))
    if field.type in (Type.NUMBER, Type.DECIMAL):
        return shown.exact(values.python(field, stored))
    text = values.in_words(field, stored)
    if field.type == Type.LINK:
        return format_html('<a href="{}" rel="noopener noreferrer" target="_blank">{}</a>', text, text)
    if field.type == Type.LONG_TEXT:
        return linebreaksbr(text)
    return format_html("{}", text)
