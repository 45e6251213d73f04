"""Several things in one sentence, with the marks of the reader's language: "a, b" is 「a、b」 in Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import pgettext


def listed(things: Iterable[Any]) -> str:
    return pgettext("between the things of a list", ", ").join(map(str, things))


def clauses(parts: Iterable[Any]) -> str:
    return pgettext("between the parts of a sentence", "; ").join(map(str, parts))


def labelled(label: Any, text: Any) -> str:
    """A label and what it says: "state: open" is 「状态：开放」."""
    return f"{label}{colon(label)}{text}"


def bracketed(text: Any, aside: Any) -> str:
    """ "Win rate (points)" is 「赢单率（百分点）」."""
    sentence = pgettext("something, and in brackets what is said of it", "%(text)s (%(aside)s)")
    return sentence % {"text": text, "aside": aside}


def open_bracket() -> str:
    return bracketed("", "|").partition("|")[0]


def close_bracket() -> str:
    return bracketed("", "|").partition("|")[2]


def colon(after: Any = "") -> str:
    """The own mark of a question or a sentence is enough."""
    if str(after).endswith(("?", ".")):
        return " "
    return "" if str(after).endswith(("？", "。")) else pgettext("between a label and what it says", ": ")


def gap() -> str:
    """Between two sentences: after a full-width mark there is room already."""
    return " " if full_stop().isascii() else ""


def sentences(said: Iterable[Any]) -> str:
    return gap().join(map(str, said))


def comma() -> str:
    """Between two facts; the things of a list are `listed`."""
    return pgettext("between two facts", ", ")


def list_comma() -> str:
    return listed(["", ""])


def full_stop() -> str:
    return pgettext("at the end of a sentence", ".")
