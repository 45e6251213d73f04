from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class OperationQuerySet(models.QuerySet["Operation"]):
    def visible_to(self, user: Any) -> Self:
        """What one did oneself; administrators everything."""
        if not user.is_active:
            return self.none()
        return self.all() if user.access.administers else self.filter(by=user)

    editable_by = visible_to

    def undoable(self, now: datetime) -> Self:
        return self.filter(undone_at=None, at__gt=now - timedelta(days=settings.IMPORT_UNDO_DAYS))

    def past(self, now: datetime) -> Self:
        """What can no longer be undone; the old values in it are somebody's data a second time."""
        return self.filter(at__lte=now - timedelta(days=settings.IMPORT_UNDO_DAYS))


class Operation(models.Model):
    """Something one person did to many records at once, with what is needed to take it back."""

    type = models.CharField(_("what"), max_length=20)  # "merge", "change"
    subject_kind = models.CharField(_("kind of record"), max_length=40)
    # A message id and its values, as in notifications: it is read in the reader's language.
    message = models.CharField(max_length=300)
    values = models.JSONField(default=dict, blank=True)
    url = models.CharField(max_length=300, blank=True)
    count = models.PositiveIntegerField(_("records"), default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("undone by")
    )
    kept = models.JSONField(default=list, blank=True)  # what undoing left alone, with the reason

    objects = OperationQuerySet.as_manager()

    class Meta:
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None) | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="operation_undone_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["by", "-at", "-id"], name="operation_of_person"),
            models.Index(fields=["-at", "-id"], name="operation_newest"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        from django.utils.translation import gettext

        return gettext(self.message) % self.values

    @property
    def undoable_until(self) -> datetime:
        return self.at + timedelta(days=settings.IMPORT_UNDO_DAYS)

    @property
    def undoing(self) -> Any:
        """The run that is taking it back, where a worker is at that."""
        return self.undoings.unfinished().first()

    def may_undo(self, now: datetime) -> bool:
        return self.undone_at is None and now < self.undoable_until


class OperationPart(models.Model):
    """Rows of one table that had these columns before, and had those afterwards."""

    operation = models.ForeignKey(Operation, models.CASCADE, related_name="parts")
    table = models.CharField(max_length=80)  # the model's label: "customers.Activity"
    ids = ArrayField(models.BigIntegerField())
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.table} ({len(self.ids)})"
