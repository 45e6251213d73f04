"""What a value of each type looks like, how it is kept, and how people read it. Every writer comes through `kept`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from crm.joining import listed
from crm.models.custom_field import CustomField

Type = CustomField.Type
LONGEST = {Type.TEXT: 200, Type.LONG_TEXT: 10_000, Type.LINK: 500}
LARGEST = Decimal(10) ** 15  # exact in every program that reads JSON
DECIMALS = 6
YES_NO = {"true": True, "false": False, "True": True, "False": False}
_is_link = URLValidator(schemes=["http", "https"])


def kept(field: CustomField, given: Any, *, before: Any = None) -> Any:
    """The one form in which a value is kept: JSON that compares by value. Nothing is None.

    What stood there `before` may stay although its choice is retired by now. ValidationError says what is wrong.
    """
    if given is None or given in ("", [], ()):
        return None
    if before is not None and type(given) is type(before) and given == before:
        return given
    return _KEEPERS[Type(field.type)](field, given, before)


def python(field: CustomField, stored: Any) -> Any:
    """A kept value as Python counts with it; what could not have been kept is nothing."""
    try:
        if stored is None:
            return None
        if field.type == Type.DATE:
            return date.fromisoformat(stored)
        if field.type == Type.NUMBER:
            return stored if type(stored) is int else None
        return Decimal(stored) if field.type == Type.DECIMAL else stored
    except (TypeError, ValueError, InvalidOperation):
        return None


def in_words(field: CustomField, stored: Any) -> str:
    """A kept value in the reader's language: choices by their labels."""
    if stored is None or stored == "":
        return ""
    if field.is_choosing:
        titles = {option.code: option.title for option in field.options}
        codes = stored if isinstance(stored, list) else [stored]
        return listed(titles.get(code, str(code)) for code in codes)
    if field.type == Type.BOOLEAN:
        return _("yes") if stored else _("no")
    return str(stored)


def default_of(field: CustomField) -> Any:
    """What a new record has unless something else is said; a default that is none any more is nothing."""
    offered = [option.code for option in field.options if option.is_default and not option.is_retired]
    given: Any = field.default
    if field.is_choosing:
        given = offered if field.type == Type.CHOICES else next(iter(offered), None)
    try:
        return kept(field, given)
    except ValidationError:
        return None


def _text(field: CustomField, given: Any, before: Any) -> str:
    if not isinstance(given, str):
        raise ValidationError(_("Write a text."))
    text = given.replace("\x00", "")
    text = text.strip() if field.type == Type.LONG_TEXT else " ".join(text.split())
    longest = LONGEST[Type(field.type)]
    if len(text) > longest:
        raise ValidationError(_("At most %(count)s characters.") % {"count": longest})
    return text or None  # type: ignore[return-value]


def _number(field: CustomField, given: Any, before: Any) -> int:
    number = _exact(given)
    if number is None or number != number.to_integral_value():
        raise ValidationError(_("Write a whole number."))
    return int(_bounded(number))


def _decimal(field: CustomField, given: Any, before: Any) -> str:
    number = _exact(given)
    if number is None:
        raise ValidationError(_("Write a number."))
    _bounded(number)
    if number != number.quantize(Decimal(1).scaleb(-DECIMALS)):
        raise ValidationError(_("At most %(count)s decimals.") % {"count": DECIMALS})
    plain = format(number.normalize(), "f")
    return "0" if plain == "-0" else plain


def _exact(given: Any) -> Decimal | None:
    if isinstance(given, bool) or not isinstance(given, (int, float, str, Decimal)):
        return None
    text = str(given).strip()
    if len(text) > 60 or not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", text, re.ASCII):
        return None
    return Decimal(text)


def _bounded(number: Decimal) -> Decimal:
    if abs(number) >= LARGEST:
        raise ValidationError(_("The number is too large."))
    return number


def _date(field: CustomField, given: Any, before: Any) -> str:
    if isinstance(given, date) and not isinstance(given, datetime):
        return given.isoformat()
    try:
        day = parse_date(given.strip()) if isinstance(given, str) else None
    except ValueError:
        day = None
    if day is None:
        raise ValidationError(_("Write a date as 2026-12-31."))
    return day.isoformat()


def _boolean(field: CustomField, given: Any, before: Any) -> bool:
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given in YES_NO:
        return YES_NO[given]
    raise ValidationError(_("Say true or false."))


def _choice(field: CustomField, given: Any, before: Any) -> str:
    return _offered(field, given, [before])


def _choices(field: CustomField, given: Any, before: Any) -> list[str]:
    """In the order of the choices, each once, so that the same choice is the same value."""
    if not isinstance(given, (list, tuple, set, frozenset)):
        raise ValidationError(_("Give a list of choices."))
    chosen = {_offered(field, code, before if isinstance(before, list) else []) for code in given}
    order = [option.code for option in field.options]
    return sorted(chosen, key=lambda code: (order.index(code) if code in order else len(order), code))


def _offered(field: CustomField, code: Any, before: list[Any]) -> str:
    known = {option.code: option for option in field.options}
    if not isinstance(code, str) or (code not in known and code not in before):
        offered = listed(option.code for option in field.options if not option.is_retired)
        raise ValidationError(_("“%(text)s” is none of: %(known)s.") % {"text": str(code)[:80], "known": offered})
    if code not in before and known[code].is_retired:
        raise ValidationError(_("“%(text)s” is no longer offered.") % {"text": known[code].title})
    return code


def _link(field: CustomField, given: Any, before: Any) -> str:
    text = given.strip() if isinstance(given, str) else ""
    if len(text) > LONGEST[Type.LINK]:
        raise ValidationError(_("At most %(count)s characters.") % {"count": LONGEST[Type.LINK]})
    try:
        _is_link(text)
    except ValidationError:
        raise ValidationError(_("Write an address that begins with https:// or http://.")) from None
    return text


_KEEPERS: dict[Type, Callable[[CustomField, Any, Any], Any]] = {
    Type.TEXT: _text,
    Type.LONG_TEXT: _text,
    Type.NUMBER: _number,
    Type.DECIMAL: _decimal,
    Type.DATE: _date,
    Type.BOOLEAN: _boolean,
    Type.CHOICE: _choice,
    Type.CHOICES: _choices,
    Type.LINK: _link,
}
