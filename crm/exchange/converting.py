"""Texts to values. What could be read in two ways is refused, not guessed."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from crm.exchange import declaring
from crm.exchange.drafts import Refused
from crm.exchange.profiles import Source
from crm.joining import listed

TRUE = {"true", "yes", "y", "1", "x", "是", "对"}
FALSE = {"false", "no", "n", "0", "否"}
ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](.+))?$")
PARTED = re.compile(r"^(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})(?:,?\s+(.+))?$")
CHINESE = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日\s*(.*)$")
CLOCK = re.compile(r"^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(am|pm)?\s*(z|[+-]\d{2}:?\d{2})?$", re.IGNORECASE)
SEPARATORS = re.compile(r"[;,|；，、]")
ORDERS = {"day first": (2, 1, 0), "month first": (2, 0, 1), "year first": (0, 1, 2)}


def convert(text: str, source: Source) -> Any:
    """The value of a text that is not empty, for the source's field. References stay texts; they are looked up."""
    return _READERS[source.field.type](text, source)


def _text(text: str, source: Source) -> str:
    return text


def _number(text: str, source: Source) -> int:
    value = _decimal(text, source)
    if value != value.to_integral_value():
        raise Refused(_("“%(text)s” is not a whole number.") % {"text": text}, source.field.name)
    return int(value)


def _money(text: str, source: Source) -> Decimal:
    value = _decimal(text, source)
    try:
        exact = value.quantize(Decimal("0.01"))
    except InvalidOperation:
        raise Refused(_("“%(text)s” is too large.") % {"text": text}, source.field.name) from None
    if exact != value:
        raise Refused(_("“%(text)s” has more than two decimals.") % {"text": text}, source.field.name)
    return exact


def _decimal(text: str, source: Source) -> Decimal:
    """With the decimal sign the profile names; blanks and the other sign may part thousands, in threes."""
    other = "," if source.decimal == "." else "."
    plain = text.replace(" ", "").replace("\u00a0", "").replace("\u202f", "").replace("'", "")
    whole, _sign, rest = plain.partition(source.decimal)
    if other in whole:
        groups = whole.lstrip("+-").split(other)
        if len(groups[0]) > 3 or not groups[0] or any(len(group) != 3 for group in groups[1:]):
            raise Refused(
                _("“%(text)s” is not a number as the profile writes them.") % {"text": text}, source.field.name
            )
        whole = whole.replace(other, "")
    try:
        if not re.fullmatch(r"[+-]?\d*", whole) or not re.fullmatch(r"\d*", rest):
            raise InvalidOperation
        value = Decimal(f"{whole}.{rest}" if rest else whole)
    except InvalidOperation:
        raise Refused(_("“%(text)s” is not a number.") % {"text": text}, source.field.name) from None
    return value * source.multiply if source.multiply is not None else value


def _date(text: str, source: Source) -> dt.date:
    day, clock = _split(text, source)
    if clock and _time(clock, text, source)[0] != dt.time(0):
        raise Refused(_("“%(text)s” has a time; this field is a day.") % {"text": text}, source.field.name)
    return day


def _datetime(text: str, source: Source) -> dt.datetime:
    """In the profile's time zone, unless the text itself names an offset. A day alone begins at midnight."""
    day, clock = _split(text, source)
    time, zone = _time(clock, text, source) if clock else (dt.time(0), None)
    return dt.datetime.combine(day, time, tzinfo=zone or source.zone).astimezone(dt.UTC)


def _split(text: str, source: Source) -> tuple[dt.date, str]:
    try:
        if "%" in source.dates:
            moment = dt.datetime.strptime(text, source.dates)  # noqa: DTZ007 - its zone comes with the profile
            return moment.date(), moment.time().isoformat() if "%H" in source.dates or "%I" in source.dates else ""
        for shape in (ISO, CHINESE):
            match = shape.match(text)
            if match:
                year, month, day, clock = match.groups()
                return dt.date(int(year), int(month), int(day)), clock or ""
        match = PARTED.match(text)
        if match:
            *parts, clock = match.groups()
            return _ordered(parts, text, source), clock or ""
    except ValueError:
        pass
    raise Refused(_("“%(text)s” is not a date the profile can read.") % {"text": text}, source.field.name)


def _ordered(parts: list[str], text: str, source: Source) -> dt.date:
    if len(parts[0]) == 4:
        return dt.date(*(int(part) for part in parts))
    if source.dates not in ORDERS:
        raise Refused(
            _("“%(text)s”: say in the profile whether the day or the month comes first.") % {"text": text},
            source.field.name,
        )
    year, month, day = (parts[place] for place in ORDERS[source.dates])
    if len(year) != 4:
        raise Refused(_("“%(text)s” has no year of four digits.") % {"text": text}, source.field.name)
    return dt.date(int(year), int(month), int(day))


def _time(clock: str, text: str, source: Source) -> tuple[dt.time, dt.tzinfo | None]:
    match = CLOCK.match(clock.strip())
    if match:
        hour, minute, second, half, offset = match.groups()
        hours = int(hour) % 12 + (12 if half.lower() == "pm" else 0) if half else int(hour)
        try:
            return dt.time(hours, int(minute), int(second or 0)), _offset(offset)
        except ValueError:
            pass
    raise Refused(_("“%(text)s” is not a time the profile can read.") % {"text": text}, source.field.name)


def _offset(text: str | None) -> dt.tzinfo | None:
    if not text:
        return None
    if text in "zZ":
        return dt.UTC
    sign = -1 if text[0] == "-" else 1
    return dt.timezone(sign * dt.timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def _choice(text: str, source: Source) -> Any:
    """By the stored value or by what the screen calls it, in any language: a file has its own."""
    wanted = text.casefold()
    for value, _label in source.field.choices:
        if wanted == str(value).casefold():
            return value
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for value, label in source.field.choices:
                if wanted == str(label).casefold():
                    return value
    known = listed(dict.fromkeys(str(value) for value, _label in source.field.choices))
    raise Refused(
        _("“%(text)s” is none of: %(known)s. A value mapping can translate it.") % {"text": text, "known": known},
        source.field.name,
    )


def _choices(text: str, source: Source) -> list[Any]:
    """Several in one cell, parted by any mark of a list; a value mapping may translate each."""
    parts = [part.strip() for part in SEPARATORS.split(text)]
    return [_choice(source.values.get(part, part), source) for part in parts if part]


def _boolean(text: str, source: Source) -> bool:
    if text.casefold() in TRUE:
        return True
    if text.casefold() in FALSE:
        return False
    raise Refused(_("“%(text)s” is neither yes nor no.") % {"text": text}, source.field.name)


_READERS = {
    declaring.TEXT: _text,
    declaring.NUMBER: _number,
    declaring.MONEY: _money,
    declaring.DATE: _date,
    declaring.DATETIME: _datetime,
    declaring.CHOICE: _choice,
    declaring.CHOICES: _choices,
    declaring.DECIMAL: _decimal,
    declaring.BOOLEAN: _boolean,
    declaring.REFERENCE: _text,
}
AS_WRITTEN = {type for type, read in _READERS.items() if read is _text}
