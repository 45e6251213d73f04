from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.access.querysets import ScopedQuerySet


class ChurnReasonQuerySet(ScopedQuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)


class ChurnReason(models.Model):
    """Why customers leave and contracts end; chosen from a list so that it can be counted.

    Whoever sees pipelines sees it.
    """

    kind: ClassVar[str] = "pipeline"
    owner_field = None
    team_field = None

    name = models.CharField(_("name"), max_length=100, unique=True)
    is_active = models.BooleanField(_("active"), default=True)
    # The one that is written where nobody renewed in time; it may be renamed, and is not offered to people.
    for_lapsed = models.BooleanField(_("written where nobody renewed in time"), default=False, editable=False)

    objects = ChurnReasonQuerySet.as_manager()

    class Meta:
        db_table = "sales_churnreason"  # where it stood while only contracts had one
        verbose_name = _("churn reason")
        verbose_name_plural = _("churn reasons")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["for_lapsed"], condition=Q(for_lapsed=True), name="churn_reason_for_lapsed_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name
