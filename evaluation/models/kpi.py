from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.access.querysets import ScopedQuerySet


class KpiVersionQuerySet(ScopedQuerySet):
    def in_force(self) -> Self:
        """The version of each KPI that numbers are measured by now."""
        return self.order_by("code", "-valid_from", "-pk").distinct("code")


class KpiVersion(models.Model):
    """That a KPI was defined this way from a moment on. The definition itself is code; its digest is kept here."""

    kind: ClassVar[str] = "kpi"
    owner_field = None
    team_field = None

    code = models.CharField(_("code"), max_length=40)
    version = models.PositiveSmallIntegerField(_("version"))
    digest = models.CharField(max_length=64)
    valid_from = models.DateTimeField(_("valid from"))

    objects = KpiVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("KPI version")
        verbose_name_plural = _("KPI versions")
        ordering = ["code", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version", "digest"], name="kpi_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"
