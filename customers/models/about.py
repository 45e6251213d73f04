from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q

from crm.access import kinds


@dataclass(frozen=True)
class Pointer:
    """A record by its kind and id, where the record itself is not needed (the link of an event)."""

    kind: str
    pk: int


class AboutARecord(models.Model):
    """Belongs to a record of an app above (an opportunity, a ticket): a kind and an id, not a foreign key."""

    about_kind = models.CharField(max_length=40, blank=True, editable=False)
    about_id = models.BigIntegerField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(about_kind="", about_id=None) | (~Q(about_kind="") & Q(about_id__isnull=False)),
                name="%(class)s_about_kind_and_id",
            ),
        ]

    @property
    def about(self) -> Pointer | None:
        return Pointer(self.about_kind, self.about_id) if self.about_id else None

    def about_for(self, user: Any) -> models.Model | None:
        """The record it belongs to, if the person may see it."""
        if self.about_id is None:
            return None
        model: Any = kinds.get(self.about_kind).model
        return model.objects.visible_to(user).filter(pk=self.about_id).first()
