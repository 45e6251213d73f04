"""Text on paper, in any of our languages.

Latin text is set in a font every PDF reader has, everything else in a Chinese one: what is used of it goes into the
file where this machine has one, else readers are told its name. No font is shipped, and none has to be installed.
"""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from crm.actions.redaction_words import as_read
from crm.web import paper_fonts

LATIN, LATIN_BOLD = "Helvetica", "Helvetica-Bold"
NARROW_SPACE = "\u202f"  # no standard font has it
MARGIN = 57


def marked_up(text: str, *, bold: bool = False) -> str:
    """Each stretch of text in the font that has its characters; what neither has, without its accents."""
    known = "".join(_known(char) for char in as_read(str(text)).replace(NARROW_SPACE, "\u00a0"))
    latin = LATIN_BOLD if bold else LATIN
    parts = groupby(known, key=lambda char: latin if _has(char, "cp1252") else _chinese(char))
    return "".join(f'<font name="{font}">{escape("".join(chars))}</font>' for font, chars in parts).replace(
        "\n", "<br/>"
    )


def _chinese(char: str) -> str:
    return paper_fonts.EMBEDDED if paper_fonts.has(char) else paper_fonts.NAMED


def is_chinese(text: str) -> bool:
    """Mostly: then a line may end anywhere, else between words."""
    return sum(not _has(char, "cp1252") for char in text) * 4 > len(text)


def page_number(canvas: Any, document: Any) -> None:
    """At the foot of each page."""
    canvas.setFont(LATIN, 8)
    canvas.drawRightString(document.pagesize[0] - MARGIN, 34, str(canvas.getPageNumber()))


def _known(char: str) -> str:
    if _has(char, "cp1252") or paper_fonts.has(char):
        return char
    bare = unicodedata.normalize("NFKD", char)[0]
    # Where the font is only named: pinyin's letters (ń, ǎ) are in GBK, but not in every reader's Chinese font.
    if _has(char, "gbk") and not (bare.isascii() and bare.isalpha()):
        return char
    return bare if _has(bare, "gbk") else "?"


def _has(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
