"""Finding records by what people type."""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery
from django.db.models import QuerySet

from crm.models.search_document import SearchDocument
from crm.search import normalise


def ids(kind: str, text: str) -> QuerySet:
    """Ids of the records of one kind whose document holds every word of `text`; says nothing of visibility."""
    return matching(text).filter(kind=kind).values("object_id")


def matching(text: str) -> QuerySet:
    words = normalise.words(text)
    documents = SearchDocument.objects.all()
    if not words:
        return documents.none()
    return documents.filter(words=SearchQuery(" & ".join(f"'{word}':*" for word in words), search_type="raw", config="simple"))
