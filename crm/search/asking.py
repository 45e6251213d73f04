"""What people type, as one tsquery."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass

from crm.search import normalise
from crm.search.lexemes import APART, LONGEST, TYPED_WHOLE, digits_of, forms_of, national

_ANY_LEXEME = re.compile(r"'((?:[^']|'')*)'(:\*)?")
_NO_MARKS = {ord(mark): " " for mark in (APART, TYPED_WHOLE)}  # nobody asks by typing them
CHUNKS = 8  # words of a question that are looked at
_NEXT = " " + string.ascii_lowercase + string.digits  # what most names go on with; a whole word first
_PHONE = re.compile(r"[+＋]?[\d\s().\-/]{5,}")
_HOST = re.compile(r"@?[^\s@]+\.[^\s@]{2,}|@[^\s@]+|[^\s@]+@[^\s@]*")


@dataclass(frozen=True)
class Question:
    """`every` is what a record must hold to be found at all; `exact` and `begins` what puts it first. `longer` are
    names that begin so and go on with this or that letter: most of `begins`, in small parts."""

    every: str
    exact: str
    begins: str
    longer: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.every)


def understood(text: str, *, apart: bool = False, whole: bool = False) -> Question:
    """Every word of the text must be found; a word may be meant in several ways.

    `apart`: also by what is kept apart for those to whom it is open. `whole`: of that, by what was typed whole alone.
    """
    folded = normalise.fold(text.replace("\x00", ""))[:200].translate(_NO_MARKS)
    conditions = [condition for chunk in folded.split()[:CHUNKS] if (condition := _chunk(chunk))]
    every = " & ".join(f"({condition})" for condition in conditions)
    if _PHONE.fullmatch(folded.strip()):
        phone = _phone(folded)
        every = " | ".join(filter(None, [f"({every})" if every else "", phone]))
    if apart:
        every = _ANY_LEXEME.sub(lambda found: f"({found[0]} | '{APART}{found[1]}'{found[2] or ''})", every)
    elif whole and every:
        every = " | ".join([f"({every})", *_typed_whole(folded.strip())])
    said = " ".join(normalise.words(folded))
    if not every or not said:
        return Question("", "", "")
    exact = _lexeme("=" + said)
    if any(letter.isdigit() for letter in said):  # a number; a city that is called so says little of a record
        exact += " | " + _lexeme("#" + said)
    return Question(every, exact, _lexeme("=" + said, prefix=True), tuple(_longer("=" + said)))


def _typed_whole(folded: str) -> Iterator[str]:
    """An address, or a number of which nothing is missing."""
    if "@" in folded and " " not in folded:
        yield _lexeme(TYPED_WHOLE + folded)
    elif _PHONE.fullmatch(folded):
        yield from (_lexeme(TYPED_WHOLE + form) for form in sorted(forms_of(folded)))


def _longer(name: str) -> Iterator[str]:
    if name.isascii() and len(name) < LONGEST:
        yield from (_lexeme(name + letter, prefix=True) for letter in _NEXT)


def _chunk(chunk: str) -> str:
    tokens = normalise.words(chunk)
    if not tokens:
        return ""
    # Only what stands last is still being typed: a prefix of one letter before it would match half of all records.
    ways = [" & ".join([*(_token(token, whole=True) for token in tokens[:-1]), _token(tokens[-1])])]
    if len(tokens) > 1:
        ways.append(_lexeme("".join(tokens), prefix=True))
    if _HOST.fullmatch(chunk):
        ways.append(_lexeme(chunk.strip(".@"), prefix=True))
    if len(tokens) == 1 and chunk.isdigit():
        ways.append(_digits(chunk))
    return " | ".join(f"({way})" for way in ways if way) if len(ways) > 1 else ways[0]


def _token(token: str, *, whole: bool = False) -> str:
    parts = []
    for run, unspaced in normalise.runs(token):
        if unspaced and len(run) > 1:
            parts += [_lexeme(f"~{gram}") for gram in normalise.grams(run)]
        else:
            parts.append(_lexeme(run, prefix=not whole))
    return " & ".join(parts)


def _digits(digits: str) -> str:
    """The last digits of a phone number, or a number without its leading zeros."""
    bare = digits.lstrip("0")
    ways = [_lexeme(f"<{form[::-1]}", prefix=True) for form in {digits, bare} if len(form) >= 3]
    if bare and bare != digits:
        ways.append(_lexeme(bare, prefix=True))
    return " | ".join(ways)


def _phone(text: str) -> str:
    """A phone number however it is written: with or without country code, blanks and leading zero."""
    digits = digits_of(text)
    forms = {form for form in (digits, national(text, digits), digits.lstrip("0")) if len(form) >= 4}
    return " | ".join(
        way for form in sorted(forms) for way in (_lexeme(form, prefix=True), _lexeme(f"<{form[::-1]}", prefix=True))
    )


def _lexeme(text: str, *, prefix: bool = False) -> str:
    """Quoted for a tsquery; one cut to the length of the index is a prefix."""
    cut = text[:LONGEST]
    quoted = cut.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*" if prefix or len(text) > LONGEST else f"'{quoted}'"
