"""Words in the one form in which they are stored and searched; the database's own collation is not relied on."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources

# Scripts written without spaces between words: Chinese, kana, Hangul.
UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD = re.compile(r"[^\W_]+")
_RUN = re.compile(f"[{UNSPACED}]+|[^{UNSPACED}]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")
# Characters read otherwise when they are a family name.
SURNAMES = {"曾": "zeng", "单": "shan", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "朴": "piao", "盖": "ge"}


def fold(text: str) -> str:
    """NFKC, case-folded, without accents, in simplified Chinese."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    folded = unicodedata.normalize("NFC", bare)  # Hangul falls apart above and is put together again here
    return folded.translate(_simplified()) if HAN.search(folded) else folded


def words(text: str) -> list[str]:
    """The words of a text: letters and digits of any script, folded."""
    return words_of(fold(text))


def words_of(folded: str) -> list[str]:
    return _WORD.findall(folded)


def runs(word: str) -> list[tuple[str, bool]]:
    """A word cut where the script changes: ("abc", False), ("公司", True) for one written without spaces."""
    return [(run, is_unspaced(run)) for run in _RUN.findall(word)]


def is_unspaced(text: str) -> bool:
    return _UNSPACED.search(text) is not None


def grams(run: str) -> list[str]:
    """Each two neighbouring characters."""
    return [run[place : place + 2] for place in range(len(run) - 1)]


@lru_cache(maxsize=4096)
def syllables(run: str) -> tuple[str, ...]:
    """The pinyin of Chinese text, a syllable for each character."""
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin(run))


def sort_key(text: str) -> str:
    """Folded text for sorting; Chinese characters by their pinyin, so that 张伟 stands at "zhang wei"."""
    folded = fold(text)
    if folded.isascii() or not HAN.search(folded):
        return folded
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(folded))


@cache
def _simplified() -> dict[int, str]:
    """From each traditional character to the simplified one."""
    # The library's table alone: its loader leaves the file open, and single characters are all we need.
    table = json.loads(resources.files("zhconv").joinpath("zhcdict.json").read_text("utf-8"))["zh2Hans"]
    return {ord(old): new for old, new in table.items() if len(old) == len(new) == 1 and old != new}
