"""What the answers of a lead ad say of a lead: which goes to which field. What fits nowhere stands in the note."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from crm.custom_fields import known
from crm.custom_fields.known import PREFIX
from crm.models import CustomField
from customers.models import tidy
from customers.sales.models.lead import Lead
from customers.sales.models.lead_source import NOWHERE

# What the provider calls its own questions.
WELL_KNOWN = {
    "full_name": "name", "first_name": "first_name", "last_name": "last_name", "email": "email",
    "work_email": "email", "phone": "phone", "phone_number": "phone", "work_phone_number": "phone",
    "company_name": "organisation", "city": "city", "state": "province", "province": "province", "country": "country",
}  # fmt: skip
LONGEST_NOTE = 10_000
IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")
YES, NO = {"yes", "true", "1", "on", "是"}, {"no", "false", "0", "off", "否"}


@dataclass
class Read:
    """The fields of the lead, what was said beside them, and what the questions were called."""

    values: dict[str, Any] = field(default_factory=dict)
    beside: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


def answers(raw: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Questions by their names with all that was answered, however oddly it came."""
    found = []
    given = raw.get("field_data")
    for one in given if isinstance(given, list) else []:
        if not isinstance(one, dict):
            continue
        values = one.get("values")
        texts = [_text(value) for value in (values if isinstance(values, list) else [values])]
        found.append((tidy.one_line(str(one.get("name") or "?")), [text for text in texts if text]))
    return found


def agrees(raw: Mapping[str, Any], key: str) -> bool:
    """Whether the tick box with this key is ticked."""
    boxes = raw.get("custom_disclaimer_responses")
    return any(
        isinstance(box, dict) and box.get("checkbox_key") == key and str(box.get("is_checked")).lower() in YES
        for box in (boxes if isinstance(boxes, list) else [])
    )


def goes_to(question: str, mapping: Mapping[str, str]) -> str:
    """The mapping is by question in small letters."""
    folded = question.casefold()
    return mapping.get(folded) or WELL_KNOWN.get(folded, "note")


def read(raw: Mapping[str, Any], mapping: Mapping[str, str]) -> Read:
    """Raises ValidationError where it says neither a name nor how to answer."""
    found, said = Read(), {}
    custom: dict[str, list[str]] = {}
    for question, texts in answers(raw):
        found.questions.append(question)
        target, text = goes_to(question, mapping), ", ".join(texts)
        if not text or target == NOWHERE:
            continue
        if target.startswith(PREFIX):
            custom.setdefault(target.removeprefix(PREFIX), []).extend(texts)
        elif target == "note" or target in said or not _fits(target, text):
            found.beside.append(f"{question}: {text}")
        else:
            said[target] = text
    found.values = _whole(said, found)
    found.values["note"] = "\n".join(found.beside)[:LONGEST_NOTE]
    fields = known.by_code(Lead.kind)
    found.values["custom"] = {
        code: _for(fields[code], texts) if code in fields else texts for code, texts in custom.items()
    }
    return found


def _whole(said: dict[str, str], found: Read) -> dict[str, Any]:
    first, last = said.pop("first_name", ""), said.pop("last_name", "")
    parted = f"{last}{first}" if IDEOGRAPH.search(first + last) else f"{first} {last}".strip()
    name = said.pop("name", "") or parted or said.get("email", "").partition("@")[0]
    name = name or (_("Without a name") if said.get("phone") else "")  # no number: that may be a closed field
    if not name:
        asked = ", ".join(found.questions)
        raise ValidationError(_("It says neither name nor mail nor phone, only: %(questions)s") % {"questions": asked})
    values: dict[str, Any] = {"name": tidy.one_line(name)[:120], **said}
    if "employees" in said:
        values["employees"] = int(said["employees"])
    return values


def _fits(target: str, text: str) -> bool:
    if target == "email":
        try:
            validate_email(text.strip().lower())
        except ValidationError:
            return False
    if target == "employees":
        return text.isascii() and text.isdecimal() and len(text) < 9
    column = "name" if target in ("first_name", "last_name") else target
    return len(text) <= (Lead._meta.get_field(column).max_length or LONGEST_NOTE)  # type: ignore[union-attr]


def _for(field: CustomField, texts: list[str]) -> Any:
    """As the field takes it: choices by what they are called in either language; what it refuses, it says itself."""
    if field.type == CustomField.Type.CHOICES:
        return [_option(field, text) for text in texts]
    text = ", ".join(texts)
    if field.type == CustomField.Type.CHOICE:
        return _option(field, text)
    if field.type == CustomField.Type.BOOLEAN:
        return True if text.lower() in YES else False if text.lower() in NO else text
    return text


def _option(field: CustomField, text: str) -> str:
    folded = text.casefold()
    named = (one.code for one in field.options if folded in (one.code, one.label.casefold(), one.label_zh.casefold()))
    return next(named, text)


def _text(value: Any) -> str:
    if value is None or isinstance(value, (dict, list)):
        return ""
    return str(value).strip()
