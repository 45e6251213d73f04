"""Names, addresses and numbers in the one form in which they are kept, whoever writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import phonenumbers
from django.conf import settings

from crm.search import phones


def fields(values: dict[str, Any]) -> dict[str, Any]:
    """The same values, with those that have one form in that form."""
    return {
        name: _FORMS[name](value) if name in _FORMS and isinstance(value, str) else value
        for name, value in values.items()
    }


def one_line(text: str) -> str:
    return " ".join(text.split())


def email(text: str) -> str:
    return text.strip().lower()


def phone(text: str) -> str:
    """E.164 where the number is a possible one, else as it was typed: a wrong number is still a clue."""
    typed = one_line(text)
    number = "+" + typed[2:] if typed.startswith("00") else typed
    if number == typed and phones.is_plain(typed):
        return typed
    try:
        parsed = phonenumbers.parse(number, settings.PHONE_REGION)
    except phonenumbers.NumberParseException:
        return typed
    if not phonenumbers.is_possible_number(parsed) or parsed.extension:
        return typed
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def phone_for_reading(text: str) -> str:
    """+442079460958 → +44 20 7946 0958."""
    try:
        parsed = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


_FORMS: dict[str, Callable[[str], str]] = {
    "name": one_line,
    "subject": one_line,
    "title": one_line,
    "city": one_line,
    "email": email,
    "phone": phone,
}
