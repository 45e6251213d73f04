"""The Chinese font of what is printed: cut out of one of this machine's into the file, else only named in it.

ReportLab cuts down fonts with TrueType outlines. Noto's CJK fonts have PostScript ones and cannot be used.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

NAMED = "STSong-Light"  # Adobe's standard Chinese font: readers with its font pack know it by name
EMBEDDED = "YardstickChinese"
FREE_FONTS = ("wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "uming.ttc", "gbsn00lp.ttf")
SHARED = "/usr/local/share:/usr/share"  # as the XDG base directories say

logger = logging.getLogger(__name__)


def register() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont(NAMED))
    if font := embedded(settings.PAPER_FONT):
        pdfmetrics.registerFont(font)


def has(char: str) -> bool:
    """Whether the font that goes into the file has the character."""
    font = embedded(settings.PAPER_FONT)
    return font is not None and ord(char) in font.face.charToGlyph


@cache
def embedded(path: str) -> Any:
    """The font of that file, else the first free one that is installed; None where there is none that can be used."""
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    for file in [Path(path)] if path else installed():
        try:
            return TTFont(EMBEDDED, str(file))
        except (TTFError, OSError) as error:
            logger.warning("The font %s cannot be put into PDFs: %s", file, error)
    return None


def installed() -> list[Path]:
    folders = [Path(folder) / "fonts" for folder in os.environ.get("XDG_DATA_DIRS", SHARED).split(":") if folder]
    found = {file.name: file for folder in folders if folder.is_dir() for file in folder.rglob("*.tt[cf]")}
    return [found[name] for name in FREE_FONTS if name in found]


@checks.register("paper", deploy=True)
def check_fonts(**_: Any) -> list[checks.CheckMessage]:
    if embedded(settings.PAPER_FONT) is not None:
        return []
    if settings.PAPER_FONT:
        said = "PAPER_FONT names no font with TrueType outlines that can be read."
        return [checks.Error(said, hint=f"It is {settings.PAPER_FONT!r}.", id="paper.E001")]
    said = "PDFs only name their Chinese font: readers without Adobe's Asian font pack show boxes."
    return [
        checks.Info(said, hint="Install fonts-wqy-microhei, or say in PAPER_FONT where a font is.", id="paper.I001")
    ]
