"""Who is named in a text with an @. The text stays as it was written; the row says by id who is meant."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import models

from crm.models.follow import OwnQuerySet


class MentionQuerySet(OwnQuerySet):
    def of_kind(self, kind: str, ids: Iterable[int]) -> MentionQuerySet:
        return self.filter(about_kind=kind, about_id__in=list(ids)).select_related("user")


class Mention(models.Model):
    """Somebody named in a text of a record. Renamed, they are shown by the new name."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mentions")
    about_kind = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    written = models.CharField(max_length=150)  # what stands in the text behind the @
    at = models.DateTimeField()

    objects = MentionQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["about_kind", "about_id", "written"], name="mention_once")]

    def __str__(self) -> str:
        return f"@{self.written}"
