"""Custom fields in files: mapped, judged, shown before and after, and taken back, each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from crm.custom_fields import known, values, writing
from crm.exchange.drafts import Draft
from crm.models.custom_field import CustomField

Type = CustomField.Type
COLUMN = "custom"


def value_of(field: CustomField, stored: Any) -> Any:
    """As a preview shows it."""
    return None if stored is None else values.in_words(field, stored)


def fill(record: Any, draft: Draft, fields: Mapping[str, CustomField]) -> None:
    """Put the draft's custom values on the record; a new one gets the defaults of what the file does not speak of."""
    said = {field.code: draft.values[name] for name, field in fields.items() if name in draft.values}
    if draft.is_new:
        record.custom = writing.for_new(record.kind, said)
    elif said:
        held = writing.custom_of(record)
        record.custom = writing.merged(held, writing.change(record.kind, said, held))


def problems(draft: Draft, fields: Mapping[str, CustomField]) -> list[ValidationError]:
    """What is wrong with the draft's custom values, field by field."""
    said = {field.code: draft.values[name] for name, field in fields.items() if draft.values.get(name) is not None}
    try:
        writing.change(next(iter(fields.values())).kind, said, {})
    except ValidationError as error:
        return [error]
    return []


def differences(kind: str, before: Any, after: Any) -> dict[str, list[Any]]:
    """By the names of the fields, before and after in words."""
    fields, found = known.by_code(kind), {}
    for code in dict.fromkeys([*(before or {}), *(after or {})]):
        old, new = (before or {}).get(code), (after or {}).get(code)
        if old != new and code in fields:
            found[fields[code].name] = [value_of(fields[code], old), value_of(fields[code], new)]
    return found


def put_back(kind: str, held: Any, before: Any, after: Any, *, force: bool) -> tuple[dict[str, Any], list[str]]:
    """What is held once each changed value is again what it was, and the fields that were changed since."""
    kept, newer = dict(held or {}), []
    fields = known.by_code(kind)
    for code in dict.fromkeys([*(before or {}), *(after or {})]):
        was, became = (before or {}).get(code), (after or {}).get(code)
        if was == became:
            continue
        if not force and kept.get(code) != became:
            newer.append(fields[code].title if code in fields else code)
            continue
        kept[code] = was
    return writing.without_nothing(kept), newer
