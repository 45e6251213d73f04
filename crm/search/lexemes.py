"""What of a record goes into the index, as the lexemes of one tsvector.

Marks tell them apart, so that one index and one condition answer every way of asking:
`word`, `=whole title`, `#whole text`, `~二字` (two characters), `<reversed digits`, `user@host`, `host`.

Where a role hides phones or mail addresses, what finds by them is kept apart: each such lexeme behind a `§`, which only
those are asked with to whom they are open, and `!whole address` for those who typed the whole of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

from crm.search import normalise, phones
from crm.search.words import Words

LONGEST = 60  # of a lexeme, in characters
MOST = 600  # lexemes of one record
READ = 4000  # characters of one text
NAME = 80  # a text up to this length is a name: also found as a whole and by pinyin
STARTS = 12  # characters of a Chinese name at which its pinyin may begin
_NO_DIGITS = re.compile(r"\D")
_CUT = itemgetter(slice(LONGEST))


APART, TYPED_WHOLE = "§", "!"
WHOLE = {"phone": "^[0-9]{7,}$", "email": "@"}  # which of the lexemes are a whole one: a number, user@host


def lexemes(words: Words) -> list[str]:
    """Everything the record can be found by."""
    return _kept(chain(_of_record(words), _of_phones(words), _of_emails(words)))


def in_parts(words: Words) -> dict[str, list[str]]:
    """The same in parts, of which the last two can be kept apart."""
    return {
        "words": _kept(_of_record(words)),
        "phones": _kept(_of_phones(words)),
        "emails": _kept(_of_emails(words)),
    }


def stored(parts: Mapping[str, Any], hidden: Collection[tuple[str, str]]) -> list[str]:
    """What is kept of a record that is found by `parts["reached_by"]`'s addresses; `hidden` are the kinds and fields
    that some role hides. The same as crm/search/documents.py says in SQL."""
    found = list(parts["words"])
    for name in WHOLE:
        reached = parts[f"{name}s"]
        if (parts["reached_by"], name) in hidden:
            found += [APART + lexeme for lexeme in reached]
            found += [TYPED_WHOLE + lexeme for lexeme in reached if re.search(WHOLE[name], lexeme)]
        else:
            found += reached
    return found


def as_tsvector(lexemes: Collection[str]) -> str:
    """As PostgreSQL reads one: each in quotes."""
    mark = "\0"  # of no lexeme
    text = mark.join(lexemes).replace("\\", "\\\\").replace("'", "''").replace(mark, "' '")
    return f"'{text}'" if text else ""


def _kept(all: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(map(_CUT, filter(None, all))))[:MOST]


def _of_record(words: Words) -> Iterator[str]:
    yield whole("=", words.title)
    yield from spelled(words.title)
    yield from of_text(words.title)
    for text in filter(None, words.texts):
        yield from of_name(text) if len(text) <= NAME else of_text(text[:READ])


def _of_phones(words: Words) -> Iterator[str]:
    for phone in filter(None, words.phones):
        yield from of_phone(phone)
    for handle in filter(None, words.handles):
        yield from of_name(handle) if len(handle) <= NAME else of_text(handle)


def _of_emails(words: Words) -> Iterator[str]:
    for email in filter(None, words.emails):
        yield from of_email(email)


def whole(mark: str, text: str) -> str:
    said = " ".join(normalise.words(text))
    return mark + said if said else ""


def spelled(title: str) -> Iterator[str]:
    """A Chinese title is also its pinyin and initials: 张伟 comes first for zhangwei, before what only mentions him."""
    first = next(iter(normalise.words(title)), "") if len(title) <= NAME else ""
    if normalise.HAN.match(first):
        for syllables in readings(first):
            yield "=" + "".join(syllables)
            yield "=" + "".join(syllable[0] for syllable in syllables if syllable)


@lru_cache(maxsize=4096)
def of_name(text: str) -> tuple[str, ...]:
    """Many records say the same here: a place, an industry, a customer's name."""
    return (whole("#", text), *of_text(text))


def of_text(text: str) -> Iterator[str]:
    is_name = len(text) <= NAME
    for chunk in normalise.fold(text).split():
        tokens = normalise.words_of(chunk)
        if len(tokens) > 1:
            yield "".join(tokens)  # "T-12" is found as t12, "O'Brien" as obrien
        if "." in chunk or "@" in chunk:
            yield from of_host(chunk.rpartition("@")[2].strip(".,;:()<>"))
        for token in tokens:
            yield from of_token(token, is_name)


def of_token(token: str, is_name: bool) -> Iterator[str]:
    yield token
    if token.isdigit() and token.startswith("0"):
        yield token.lstrip("0")
    if token.isascii():
        return  # the same script throughout
    for run, unspaced in normalise.runs(token):
        yield run
        if unspaced:
            yield from (f"~{gram}" for gram in normalise.grams(run))
            if is_name and normalise.HAN.search(run):
                yield from of_pinyin(run)


def of_pinyin(run: str) -> Iterator[str]:
    """zhangwei, wei, zw: from each of the first characters on, so that a part of a name is found too."""
    for syllables in readings(run):
        for start in range(min(len(syllables), STARTS)):
            rest = syllables[start:]
            yield "".join(rest)
            if len(rest) > 1:
                yield "".join(syllable[0] for syllable in rest if syllable)


def readings(run: str) -> list[list[str]]:
    usual = list(normalise.syllables(run))
    found = [usual]
    surname = normalise.SURNAMES.get(run[0])
    if surname and surname != usual[0]:
        found.append([surname, *usual[1:]])
    if any("v" in syllable for syllable in usual):  # 吕 is typed lv and lu
        found.append([syllable.replace("v", "u") for syllable in usual])
    return found


def of_email(email: str) -> Iterator[str]:
    folded = normalise.fold(email.strip())
    user, _at, host = folded.rpartition("@")
    yield folded
    yield from normalise.words_of(user)
    yield from of_host(host)
    yield from normalise.words_of(host)


def of_host(host: str) -> Iterator[str]:
    """mail.example.com is found as itself and as example.com."""
    labels = [label for label in host.split(".") if label]
    for start in range(max(len(labels) - 1, 0)):
        yield ".".join(labels[start:])


def of_phone(phone: str) -> Iterator[str]:
    forms = forms_of(phone)
    yield from forms
    # Always asked for by how it begins, and the end of a number backwards is how the whole of it begins.
    longer = [form for form in forms if not any(form != other and other.endswith(form) for other in forms)]
    yield from (f"<{form[::-1]}" for form in longer)


def forms_of(phone: str) -> set[str]:
    """Its digits as one may type them: with and without the code of the country and the leading zeros."""
    digits = digits_of(phone)
    if len(digits) < 3:
        return set()
    return {form for form in (digits, national(phone, digits) or digits, digits.lstrip("0")) if form}


def digits_of(text: str) -> str:
    return _NO_DIGITS.sub("", normalise.fold(text))


def national(phone: str, digits: str) -> str:
    """The number without its country code, where it says which country."""
    says_which = phone.strip().startswith(("+", "00", "＋"))
    return phones.national("+" + digits.lstrip("0")) if says_which else ""
