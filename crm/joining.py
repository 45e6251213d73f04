"""Several things in one sentence, with the marks of the reader's language: "a, b" is 「a、b」 in Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import pgettext


def listed(things: Iterable[Any]) -> str:
    return pgettext("between the things of a list", ", ").join(map(str, things))


def clauses(parts: Iterable[Any]) -> str:
    return pgettext("between the parts of a sentence", "; ").join(map(str, parts))
