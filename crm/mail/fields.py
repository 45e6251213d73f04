"""What templates may name: a registered list of fields, put in as plain text. No template language, nothing runs.

Apps say in `AppConfig.ready` which fields their kinds of record have, and which other records stand around one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

NAMED = re.compile(r"\{\s*([A-Za-z_][\w.]*)\s*\}")

Value = Callable[[Any], Any]
Around = Callable[[Any, Any], dict[str, Any]]  # (user, record) -> records by the noun that templates call them


@dataclass(frozen=True)
class Field:
    code: str  # "contact.name"
    label: Any
    value: Value

    @property
    def written(self) -> str:
        return "{" + self.code + "}"


@dataclass(frozen=True)
class Filled:
    """A text with its fields in place; what could not be put in stays as written and is named."""

    text: str
    unknown: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return not self.unknown and not self.empty


_fields: dict[str, Field] = {}
_around: dict[str, Around] = {}
_beginnings: dict[str, tuple[str, str]] = {}


def register(noun: str, fields: Mapping[str, tuple[Any, Value]]) -> None:
    """`register("contact", {"name": (_("name"), lambda contact: contact.name)})`"""
    for name, (label, value) in fields.items():
        code = f"{noun}.{name}"
        _fields[code] = Field(code, label, value)


def stand_around(kind: str, around: Around) -> None:
    """Templates can be filled from records of this kind, with those that stand around one."""
    _around[kind] = around


def begin_with(kind: str, subject: str, text: str) -> None:
    """What a letter about a record of this kind says before anybody writes: message ids, with fields in braces."""
    _beginnings[kind] = (subject, text)


def beginning(kind: str) -> tuple[str, str] | None:
    return _beginnings.get(kind)


def all_fields() -> list[Field]:
    return list(_fields.values())


def kinds_to_fill_from() -> list[str]:
    return list(_around)


def records_around(user: Any, record: models.Model) -> dict[str, Any]:
    """The record and those around it, as far as the person may see them; nobody else's are ever put in."""
    return {**_around[record.kind](user, record), "writer": user}  # type: ignore[attr-defined]


def unknown_in(*texts: str) -> list[str]:
    """What the texts name that there is not."""
    return sorted({code for text in texts for code in NAMED.findall(text) if code.lower() not in _fields})


def fill(text: str, records: Mapping[str, Any]) -> Filled:
    """Put the fields in, once: what a value itself says in braces is its own business."""
    unknown: dict[str, None] = {}
    empty: dict[str, None] = {}

    def put(found: re.Match[str]) -> str:
        code = found[1].lower()
        if code not in _fields:
            unknown[found[1]] = None
            return found[0]
        record = records.get(code.partition(".")[0])
        value = _fields[code].value(record) if record is not None else None
        if value is None or not str(value).strip():
            empty[code] = None
            return found[0]
        return str(value)

    return Filled(NAMED.sub(put, text), tuple(unknown), tuple(empty))
