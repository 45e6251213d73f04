from __future__ import annotations

from django.conf import settings
from django.db import models


class Collaborator(models.Model):
    """Somebody who may work on one customer without owning it, or only read it."""

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="collaborators")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    may_edit = models.BooleanField(default=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "user"], name="collaborator_once")]

    def __str__(self) -> str:
        return str(self.user)
