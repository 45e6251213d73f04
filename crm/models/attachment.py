"""A file that belongs to a record. Who may see the record may read it, who may change the record may take it away."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from crm.access import kinds, together
from crm.access.permissions import Verb


class AboutQuerySet(models.QuerySet[Any]):
    """Rows about a record of any kind, by its kind and id: what may be done to them is what may be done to it."""

    def about(self, record: Any) -> Self:
        return self.filter(about_kind=record.kind, about_id=record.pk)

    def of_records(self, user: Any, verb: Verb) -> Self:
        scope = Q(pk=None)
        for code in self.kinds_of(verb):
            model: Any = kinds.get(code).model
            reached = model.objects.permitted(user, verb).filter(pk=OuterRef("about_id"))
            scope |= Q(about_kind=code) & Q(Exists(reached.order_by()))
        return self.filter(scope)

    def kinds_of(self, verb: Verb) -> list[str]:
        return together.codes()


class AttachmentQuerySet(AboutQuerySet):
    def kinds_of(self, verb: Verb) -> list[str]:
        return together.with_files(verb)

    def alive(self) -> Self:
        return self.filter(deleted_at=None)

    def in_bin(self) -> Self:
        return self.filter(deleted_at__isnull=False)

    def visible_to(self, user: Any) -> Self:
        return self.alive().of_records(user, Verb.VIEW)

    def editable_by(self, user: Any) -> Self:
        return self.alive().of_records(user, Verb.EDIT)

    def permitted(self, user: Any, verb: Verb) -> Self:
        return self.visible_to(user) if verb in (Verb.VIEW, Verb.EXPORT) else self.editable_by(user)

    def restorable_by(self, user: Any) -> Self:
        return self.in_bin().of_records(user, Verb.EDIT)

    def past(self, now: datetime) -> Self:
        """Long enough in the bin to be gone for good."""
        return self.filter(deleted_at__lte=now - timedelta(days=settings.ATTACHMENT_BIN_DAYS))


class Attachment(models.Model):
    kind: ClassVar[str] = "attachment"

    about_kind = models.CharField(max_length=40)
    about_id = models.BigIntegerField()
    name = models.CharField(_("name"), max_length=200)
    # Where the storage keeps it: nothing of the name people gave it.
    file = models.CharField(max_length=200, unique=True)
    content_type = models.CharField(_("content type"), max_length=100)  # as its bytes say
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("added by")
    )
    at = models.DateTimeField(_("added"))
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="attachment_has_a_name"),
            models.CheckConstraint(condition=Q(size__gt=0), name="attachment_is_not_empty"),
            # Sent twice, it is there once.
            models.UniqueConstraint(
                fields=["about_kind", "about_id", "name", "sha256"],
                condition=Q(deleted_at=None),
                name="attachment_once",
            ),
        ]
        indexes = [
            models.Index(fields=["about_kind", "about_id", "-at"], name="attachment_about"),
            models.Index(fields=["-at", "-id"], name="attachment_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["deleted_at"], name="attachment_bin", condition=Q(deleted_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name
