"""Words in the one form in which they are stored and searched; the database's own collation is not relied on."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from crm.models.search_document import SearchDocument

if TYPE_CHECKING:
    from crm.search.documents import Words

_WORD = re.compile(r"\w+")


def fold(text: str) -> str:
    """NFKC, case-folded, without accents."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


def save(record: Any, words: Words) -> None:
    from django.contrib.postgres.search import SearchVector
    from django.db.models import Value

    text = " ".join(_WORD.findall(fold(" ".join([words.title, *words.texts]))))
    SearchDocument.objects.update_or_create(
        kind=record.kind,
        object_id=record.pk,
        defaults={
            "owner_id": getattr(record, "owner_id", None),
            "team_id": getattr(record, "team_id", None),
            "about_id": words.about_id,
            "title": words.title[:300],
            "subtitle": words.subtitle[:300],
            "words": SearchVector(Value(text), config="simple"),
            "updated_at": getattr(record, "updated_at", None) or record.created_at,
        },
    )


def sort_key(text: str) -> str:
    """Folded text for sorting; Chinese characters by their pinyin, so that 张伟 stands at "zhang wei"."""
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(fold(text))) if not text.isascii() else fold(text)
