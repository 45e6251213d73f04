"""Text into HTML, for what pages are made of by the hundred: cells of lists, cards of the board."""

from __future__ import annotations

from html import escape
from typing import Any

from django.utils.safestring import SafeString


def html(template: str, /, *values: Any, **named: Any) -> SafeString:
    """Django's `format_html` in half of its time: everything is escaped but what says that it is HTML already.

    Django asks of each value several times whether it is lazy; here it becomes text, which settles that.
    """
    return SafeString(template.format(*map(_safe, values), **{name: _safe(value) for name, value in named.items()}))


def _safe(value: Any) -> str:
    kind = type(value)
    if kind is SafeString:
        return str.__str__(value)
    if kind is int:
        return str(value)
    return str(value.__html__()) if hasattr(value, "__html__") else escape(str(value))
