"""What an address or a form names by its key: anything that is no key names nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DIGITS = 19  # what a key can have, and one more


def key(params: Mapping[str, Any], name: str) -> int | None:
    text = params.get(name) or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < DIGITS else None


def record(params: Mapping[str, Any], name: str, rows: Any) -> Any:
    """The one of these rows that is named, if one is."""
    pk = key(params, name)
    return None if pk is None else rows.filter(pk=pk).first()
