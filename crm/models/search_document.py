from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchDocument(models.Model):
    """What the palette finds, one row for each record of every kind, with visibility beside the words.

    `words` holds lexemes made in Python (crm/search/lexemes.py), searched by prefix: the database neither parses
    nor folds them.
    """

    kind = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    owner_id = models.BigIntegerField(null=True)
    team_id = models.BigIntegerField(null=True)
    title = models.CharField(max_length=300)
    subtitle = models.CharField(max_length=300, blank=True)
    words = SearchVectorField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="search_document_once")]
        indexes = [
            # At once: else whoever fills the list of what waits puts all of it in, which takes a second or two.
            GinIndex(fields=["words"], name="search_words", fastupdate=False),
            models.Index(fields=["-updated_at", "-id"], name="search_newest"),
            models.Index(fields=["owner_id", "-updated_at", "-id"], name="search_owner"),
            models.Index(fields=["team_id", "-updated_at", "-id"], name="search_team"),
        ]

    def __str__(self) -> str:
        return self.title
