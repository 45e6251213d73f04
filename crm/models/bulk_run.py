from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models.operation import Operation

LEFT_ALONE = timedelta(minutes=3)


class BulkRunQuerySet(models.QuerySet["BulkRun"]):
    def visible_to(self, user: Any) -> Self:
        """What one asked for oneself; administrators everything."""
        if not user.is_active:
            return self.none()
        return self.all() if user.access.administers else self.filter(by=user)

    editable_by = visible_to

    def unfinished(self) -> Self:
        return self.filter(state=BulkRun.State.RUNNING)

    def past(self, now: datetime) -> Self:
        """Through for so long that nothing of it can be undone any more."""
        return self.exclude(state=BulkRun.State.RUNNING).filter(
            asked_at__lte=now - timedelta(days=settings.IMPORT_UNDO_DAYS)
        )


class BulkRun(models.Model):
    """What somebody asked for that is too much for one request: a bulk action over many records, or taking one back.

    A worker does some at a time, each time in one transaction with `settled`: cut off, it goes on where it was.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")  # by whoever may: what is done stays done

    type = models.CharField(max_length=20)  # whose work it is: crm.actions.bulk_runs.worked_by
    token = models.CharField(max_length=60)  # of the form it came by: sent twice, it is one
    asked = models.JSONField(default=dict)  # what for, as whoever does it understands it
    ids = ArrayField(models.BigIntegerField(), default=list)  # the records, in the order in which they are taken
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    asked_at = models.DateTimeField(_("asked for"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RUNNING)
    total = models.PositiveIntegerField(_("records"))
    settled = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    left_count = models.PositiveIntegerField(_("left out"), default=0)
    left = models.JSONField(default=list, blank=True)  # which and why, in the form of conflicts
    problem = models.TextField(_("problem"), blank=True)
    touched_at = models.DateTimeField(null=True, blank=True)  # the last sign of life of whoever works on it
    operation = models.ForeignKey(Operation, models.SET_NULL, null=True, blank=True, related_name="runs")
    undoes = models.ForeignKey(Operation, models.CASCADE, null=True, blank=True, related_name="undoings")

    objects = BulkRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("bulk action")
        verbose_name_plural = _("bulk actions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["by", "token"], name="bulk_run_once"),
            models.UniqueConstraint(
                fields=["undoes"], condition=Q(state="running"), name="bulk_run_undoes_once_at_a_time"
            ),
            models.CheckConstraint(condition=Q(settled__lte=models.F("total")), name="bulk_run_settles_what_there_is"),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(state="running"), name="bulk_run_unfinished")]

    def __str__(self) -> str:
        return f"{self.type} {self.pk}"

    @property
    def is_working(self) -> bool:
        return self.state == self.State.RUNNING

    def is_left_alone(self, now: datetime) -> bool:
        """Nobody has been at it for longer than it takes until another worker goes on."""
        return self.is_working and (self.touched_at or self.asked_at) < now - LEFT_ALONE

    @property
    def is_failed(self) -> bool:
        return self.state == self.State.FAILED

    @property
    def is_stopped(self) -> bool:
        return self.state == self.State.STOPPED

    @property
    def may_go_on(self) -> bool:
        """Where it ended too soon. What was taken back as a whole is not done by halves afterwards."""
        is_undone = self.operation is not None and self.operation.undone_at is not None
        return (self.is_failed or self.is_stopped) and not is_undone

    @property
    def unchanged(self) -> int:
        """Those that were as wanted already."""
        return max(self.settled - self.changed - self.left_count, 0)
