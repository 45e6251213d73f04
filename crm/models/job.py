from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobRunQuerySet(models.QuerySet["JobRun"]):
    def done(self) -> JobRunQuerySet:
        return self.filter(finished_at__isnull=False)

    def failed(self) -> JobRunQuerySet:
        return self.filter(finished_at__isnull=True).exclude(error="")


class JobRun(models.Model):
    """One slot of a periodic job (an hour, a local date): begun once, however many beats tick."""

    job = models.CharField(_("job"), max_length=80)
    slot = models.CharField(_("slot"), max_length=20)  # "2026-11-21T08" or "2026-11-21"
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.TextField(_("last error"), blank=True)

    objects = JobRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["job", "slot"], name="job_run_once_per_slot")]
        indexes = [
            models.Index(fields=["id"], name="job_run_unfinished", condition=models.Q(finished_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.slot}"

    def start(self, at: datetime) -> None:
        self.started_at, self.attempts = at, self.attempts + 1

    def finish(self, at: datetime) -> None:
        self.finished_at, self.error = at, ""
