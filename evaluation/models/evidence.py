"""What a review was based on, as it was. These tables only grow: triggers in the database refuse the rest."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from evaluation.models import closed
from evaluation.models.kpi import KpiVersion
from evaluation.models.review import Review


class FrozenLine(models.Model):
    """One line of a scorecard in one version: the first as frozen, the others amendments with a reason.

    `content` is canonical JSON, kept as text so that it never changes by a byte. `digest` is made of the digest
    of the line before and of the content, which names the last digest of the line's own records.
    """

    review = models.ForeignKey(Review, models.PROTECT, related_name="lines")
    sequence = models.PositiveIntegerField()  # its place in the chain of the review
    position = models.PositiveSmallIntegerField()  # its place on the scorecard
    kpi_code = models.CharField(max_length=40)
    number = models.PositiveSmallIntegerField(_("version"), default=1)
    kpi = models.ForeignKey(KpiVersion, models.PROTECT, related_name="+")
    content = models.TextField()
    digest = models.CharField(max_length=64)
    reason = models.TextField(_("reason"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["review", "position", "number"]
        constraints = [
            models.UniqueConstraint(fields=["review", "sequence"], name="frozen_line_place_once"),
            models.UniqueConstraint(fields=["review", "kpi_code", "number"], name="frozen_line_version_once"),
            models.CheckConstraint(condition=Q(number=1) | ~Q(reason=""), name="frozen_line_amended_with_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.kpi_code} {self.number}"

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.content)
        return found


class FrozenRecord(models.Model):
    """One record behind a line, with the values that were used. Its digest includes the one before it."""

    line = models.ForeignKey(FrozenLine, models.PROTECT, related_name="records")
    sequence = models.PositiveIntegerField()
    record_kind = models.CharField(max_length=20)
    record_id = models.BigIntegerField()
    content = models.TextField()
    digest = models.CharField(max_length=64)
    # A person's words were taken out of the content; the digest is that of what was frozen.
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["line", "sequence"]
        constraints = [models.UniqueConstraint(fields=["line", "sequence"], name="frozen_record_place_once")]

    def __str__(self) -> str:
        return f"{self.record_kind} {self.record_id}"

    @property
    def said(self) -> dict[str, Any]:
        """As far as the reader may see it: the amounts kept with it are closed with those of sales."""
        found: dict[str, Any] = json.loads(self.content)
        return found | {"fields": closed.shown(found["fields"])} if "fields" in found else found


class SignedReport(models.Model):
    """The whole of a review as it was put before its two signers: canonical JSON and its digest."""

    review = models.OneToOneField(Review, models.PROTECT, related_name="report")
    content = models.TextField()
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.content)
        return found


class Signature(models.Model):
    """That a person signed the report with this digest, by the name they had."""

    class Role(models.TextChoices):
        SUBJECT = "subject", pgettext_lazy("review", "subject")
        REVIEWER = "reviewer", _("reviewer")

    review = models.ForeignKey(Review, models.PROTECT, related_name="signatures")
    role = models.CharField(max_length=8, choices=Role.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)
    objection = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["review", "at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["review", "role"], name="signature_once_a_side"),
            models.CheckConstraint(condition=Q(role="subject") | Q(objection=""), name="signature_subject_objects"),
        ]

    def __str__(self) -> str:
        return self.name
