"""The words by which a person is known, taken out of text and of JSON; everything else stays as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.search.normalise import HAN

ERASED = gettext_noop("[erased]")  # as it is kept and as programs get it; people read it in their language
_READ = re.compile(rf'(?<!value="){re.escape(ERASED)}')  # a form sends back what is kept
SHORTEST, SHORTEST_HAN = 3, 2
DIGITS = 7  # fewer are no number of anybody's
MOST = 500  # alternatives of one expression
# What may stand between the digits of a number, as people write it.
_BETWEEN = r"[ ()./\u00a0-]*"
_BEFORE = r"(?:[+0-9(][+0-9 ()./\u00a0-]*)?"


class Words:
    """Names, addresses and numbers of one person, found in any case, and numbers however they are written.

    Latin words are found whole, so that "Ann" leaves "Annual" alone; Chinese ones stand in no spaces.
    """

    def __init__(self, words: Iterable[str] = (), numbers: Iterable[str] = ()) -> None:
        said = sorted({word.strip() for word in words if _says_something(word)}, key=lambda word: (-len(word), word))
        parts = [_part(word) for word in said[:MOST]]
        parts += [pattern for number in sorted(set(numbers)) if (pattern := _number(number))]
        self.pattern = "|".join(parts)
        self._compiled = re.compile(self.pattern, re.IGNORECASE) if parts else None

    def __bool__(self) -> bool:
        return self._compiled is not None

    @property
    def in_sql(self) -> str:
        """For `~*`; in the text of JSON a quotation mark has a backslash before it."""
        return self.pattern.replace('"', r'\\*"')

    def are_in(self, text: str) -> bool:
        return self._compiled is not None and self._compiled.search(text) is not None

    def out_of(self, value: Any) -> Any:
        """The same value without them, however deep they stand."""
        if self._compiled is None:
            return value
        return mapped(value, lambda text: self._compiled.sub(ERASED, text))


def as_read(text: str) -> str:
    """The mark in the reader's language, wherever a page or a paper says it."""
    return _READ.sub(_(ERASED), text) if ERASED in text else text


def mapped(value: Any, change: Any) -> Any:
    """Every text in a value changed: those of lists and the values of dictionaries; a key only where it changes."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [mapped(each, change) for each in value]
    if isinstance(value, dict):
        return {change(key): mapped(each, change) for key, each in value.items()}
    return value


def blanked(value: Any, codes: Collection[str] = ()) -> Any:
    """No text is left in it; numbers and the shape stay, and what stands under one of the `codes`."""
    if isinstance(value, str):
        return ERASED if value else value
    if isinstance(value, list):
        return [blanked(each, codes) for each in value]
    if isinstance(value, dict):
        return {key: each if key in codes else blanked(each, codes) for key, each in value.items()}
    return value


def _says_something(word: str) -> bool:
    bare = word.strip()
    return len(bare) >= (SHORTEST_HAN if HAN.search(bare) else SHORTEST) and bare != ERASED


def _part(word: str) -> str:
    escaped = r"\s+".join(re.escape(piece) for piece in word.split())
    before = r"(?<![\w])" if _is_latin(word[0]) else ""
    after = r"(?![\w])" if _is_latin(word[-1]) else ""
    return f"{before}{escaped}{after}"


def _is_latin(char: str) -> bool:
    return char.isalnum() and not HAN.search(char)


def _number(number: str) -> str:
    """By its last nine digits: with or without the code of the country, in whatever groups."""
    digits = re.sub(r"\D", "", number)[-9:]
    return _BEFORE + _BETWEEN.join(digits) if len(digits) >= DIGITS else ""
