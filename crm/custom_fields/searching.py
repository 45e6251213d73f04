"""What search finds a record by, of its custom fields."""

from __future__ import annotations

from typing import Any

from crm.custom_fields import known, values, writing
from crm.models.custom_field import CustomField


def texts_of(record: Any) -> list[str]:
    """Of the fields that are searched: texts as they are, of choices what they are called in both languages.

    What is found by is the same for everybody: a field that any role closes is not among it.
    """
    held = writing.custom_of(record)
    if not held:
        return []
    found: list[str] = []
    for field in known.active(record.kind):
        stored = held.get(field.code)
        if not field.is_searched or field.is_closed_somewhere or stored is None:
            continue
        if field.type == CustomField.Type.BOOLEAN:
            continue
        found += _called(field, stored) if field.is_choosing else [values.in_words(field, stored)]
    return found


def _called(field: CustomField, stored: Any) -> list[str]:
    codes = stored if isinstance(stored, list) else [stored]
    chosen = [option for option in field.options if option.code in codes]
    return [label for option in chosen for label in (option.label, option.label_zh) if label]
