"""Phone numbers by the library that knows them; plain ones without it, since each takes it a tenth of a millisecond."""

from __future__ import annotations

import re
from functools import cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

_PLAIN = re.compile(r"\+[1-9][0-9]{7,14}")
_LONGEST_CODE = 3


def is_plain(number: str) -> bool:
    """Whether this is E.164 in which nothing has to be cut off or added: what the library would give back unchanged."""
    return bool(_rest(number))


def national(number: str) -> str:
    """The number, "+" and digits, without its country code; nothing where the library sees no number."""
    rest = _rest(number)
    if rest:
        return rest.lstrip("0") or "0"
    try:
        return str(phonenumbers.parse(number, None).national_number)
    except phonenumbers.NumberParseException:
        return ""


def _rest(number: str) -> str:
    """What follows the country code of a plain number."""
    if not _PLAIN.fullmatch(number):
        return ""
    for length in range(1, _LONGEST_CODE + 1):
        code = int(number[1 : 1 + length])
        if code in COUNTRY_CODE_TO_REGION_CODE:
            rest = number[1 + length :]
            prefix = _prefix(code)
            return "" if len(rest) < 4 or (prefix and prefix.match(rest)) else rest
    return ""


@cache
def _prefix(code: int) -> re.Pattern[str] | None:
    """What people of the country dial before a number, and which is no part of it."""
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, COUNTRY_CODE_TO_REGION_CODE[code][0])
    pattern = metadata.national_prefix_for_parsing if metadata else None
    return re.compile(pattern) if pattern else None
