from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchDocument(models.Model):
    """What the palette finds, one row for each record of every kind, with visibility beside the words.

    `words` is a `simple` tsvector of normalised words, pinyin, initials, numbers and mail domains, searched by
    prefix; `grams` are the two-character grams of Chinese text.
    """

    kind = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    owner_id = models.BigIntegerField(null=True)
    team_id = models.BigIntegerField(null=True)
    # The record it is about, whose visibility is enough to find it (one kind in practice: see `documents`).
    about_id = models.BigIntegerField(null=True)
    title = models.CharField(max_length=300)
    subtitle = models.CharField(max_length=300, blank=True)
    words = SearchVectorField()
    grams = ArrayField(models.TextField(), default=list)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="search_document_once")]
        indexes = [
            GinIndex(fields=["words"], name="search_words"),
            GinIndex(fields=["grams"], name="search_grams"),
            models.Index(fields=["-updated_at", "-id"], name="search_newest"),
        ]

    def __str__(self) -> str:
        return self.title
