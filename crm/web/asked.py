"""The numbers of an address or a hand-made form: keys and versions. Anything else is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DIGITS = 18  # what every column for numbers can hold


def number(params: Mapping[str, Any], name: str) -> int | None:
    return whole(params.get(name) or "")


def whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS else None


def record(params: Mapping[str, Any], name: str, rows: Any) -> Any:
    """The one of these rows whose key is said, if one is."""
    pk = number(params, name)
    return None if pk is None else rows.filter(pk=pk).first()
