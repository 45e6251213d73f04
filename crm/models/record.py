from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import directions
from crm.access import fields
from crm.access.querysets import ScopedQuerySet
from crm.models.checked import CheckedTogether
from crm.models.quickly_read import QuicklyRead


class StaleVersion(Exception):
    """Somebody else saved first: `record` is what stands now, `fields` the ones both sides changed."""

    def __init__(self, record: Record, fields: list[str]) -> None:
        self.record = record
        self.fields = fields
        super().__init__(f"{record} was changed by somebody else: {', '.join(fields)}")


@cache
def one_line_fields(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields if isinstance(field, models.CharField))


class RecordQuerySet(ScopedQuerySet):
    def owned_by(self, user: Any) -> Self:
        return self.filter(owner=user)


class Record(QuicklyRead, CheckedTogether):
    """What every business record carries: whose it is, which version it is in, and whether it is in the bin.

    Nothing calls `save()` on a record outside `actions/`.
    """

    kind: ClassVar[str]
    follows: ClassVar[tuple[str, ...]] = ()
    follows_beside: ClassVar[tuple[str, ...]] = ()

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    team = models.ForeignKey(
        "crm.Team", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)

    # Each kind has a queryset of its own, on RecordQuerySet.

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """What is one line (a name, a title, a subject) goes in one direction, whoever writes it and from where."""
        for name in one_line_fields(type(self)):
            if name in self.__dict__ and (exclude is None or name not in exclude):
                self.__dict__[name] = directions.straight(self.__dict__[name])
        super().clean_fields(exclude)

    @fields.uncovered
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Whoever reads: what is stored is what is there."""
        super().save(*args, **kwargs)

    def move_to_bin(self, at: datetime) -> None:
        self.deleted_at = self.deleted_at or at

    @property
    def is_in_bin(self) -> bool:
        return self.deleted_at is not None

    def get_absolute_url(self) -> str:
        from crm.access import kinds

        return kinds.of(self).url_for(self.pk) or ""
