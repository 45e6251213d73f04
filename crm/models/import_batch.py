from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.access.querysets import ScopedQuerySet


class ImportBatchQuerySet(ScopedQuerySet):
    def unfinished(self) -> Self:
        """Checking, running or being undone: a worker has them, or has to take them up again."""
        return self.filter(state__in=ImportBatch.WORKING)

    def past(self, moment: datetime) -> Self:
        """Those that still hold what a file said, though nothing happened to them since that moment."""
        last = Coalesce("undone_at", "finished_at", "touched_at", "created_at")
        return self.alias(last=last).filter(last__lt=moment, is_emptied=False).exclude(state__in=ImportBatch.WORKING)


class ImportBatch(models.Model):
    """One file that was imported, or is about to be: how it was read, how far it is, and what came of it."""

    kind: ClassVar[str] = "import"
    owner_field = "by"
    team_field = None  # a file is the business of whoever chose it, and of administrators

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("uploaded")
        MAPPED = "mapped", _("columns chosen")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")

    WORKING: ClassVar[tuple[str, ...]] = (State.CHECKING, State.RUNNING, State.UNDOING)

    target = models.CharField(_("kind of record"), max_length=40)  # what the rows become: "customer"
    file_name = models.CharField(_("file"), max_length=200)
    heads = ArrayField(models.TextField(), default=list)
    reading = models.JSONField(default=dict)  # encoding, separator or sheet, as found
    profile = models.JSONField(default=dict)  # how columns become fields; the content of a profile file
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.UPLOADED)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    team = models.ForeignKey("crm.Team", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("uploaded"))
    # The moment the import counts as: every record of it carries this one, also when a worker had to begin again.
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    # What the file said is gone from this moment on, and with it the way back; emptied once that is through.
    cleared_at = models.DateTimeField(null=True, blank=True)
    is_emptied = models.BooleanField(default=False)
    touched_at = models.DateTimeField(null=True, blank=True)  # the last sign of life of whoever works on it
    rows = models.PositiveIntegerField(_("rows"), default=0)
    settled = models.PositiveIntegerField(default=0)  # rows, or records to undo, that are through
    counts = models.JSONField(default=dict)  # rows by outcome, records by action
    problem = models.TextField(_("problem"), blank=True)
    last_event = models.BigIntegerField(null=True, blank=True)  # events after this one happened after the import

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["done", "undone"]) | Q(finished_at__isnull=False),
                name="import_done_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_working(self) -> bool:
        return self.state in self.WORKING

    @property
    def work_total(self) -> int:
        """What `settled` is counted towards: rows, or records to undo."""
        return int(self.counts.get("to_undo", 0)) if self.state == self.State.UNDOING else self.rows

    @property
    def may_choose(self) -> bool:
        return self.started_at is None and not self.is_working

    @property
    def may_run(self) -> bool:
        if self.cleared_at is not None:
            return False
        return self.state == self.State.CHECKED or (self.state == self.State.FAILED and self.started_at is not None)

    @property
    def may_undo(self) -> bool:
        is_through = self.state in (self.State.DONE, self.State.FAILED)
        return self.started_at is not None and is_through and self.cleared_at is None

    @property
    def kept_until(self) -> datetime:
        """Until then what the file said is kept, and the import can be undone."""
        last = self.undone_at or self.finished_at or self.touched_at or self.created_at
        return last + timedelta(days=settings.IMPORT_UNDO_DAYS)

    @property
    def has_rows_left_out(self) -> bool:
        return bool(self.count("error") or self.count("skipped"))

    def count(self, outcome: str) -> int:
        return int(self.counts.get(outcome, 0))

    def enter(self, state: str, at: datetime) -> None:
        self.state, self.touched_at = state, at
        if state == self.State.RUNNING:
            self.started_at = self.started_at or at
        elif state == self.State.DONE:
            self.finished_at = at
        elif state == self.State.UNDONE:
            self.undone_at = at


class ImportRow(models.Model):
    """A row of the file as it was read, and what became of it. Number 1 is the line with the column names."""

    class Outcome(models.TextChoices):
        OPEN = "", _("not yet")
        CREATED = "created", pgettext_lazy("a row of a file", "created")
        UPDATED = "updated", _("updated")
        SAME = "same", _("already there")
        SKIPPED = "skipped", _("left out")
        ERROR = "error", _("error")

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="lines", db_index=False)  # the indexes below do
    number = models.PositiveIntegerField()
    cells = ArrayField(models.TextField())
    # Rows of one record belong together and are settled together; rows that point at others come after them.
    bunch = models.PositiveIntegerField(default=0)
    turn = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    changes = models.JSONField(default=dict)
    record_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="import_row_once")]
        indexes = [models.Index(fields=["batch", "turn", "bunch", "number"], name="import_row_in_turn")]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.number}"


class ImportJournal(models.Model):
    """What an import did to one record, so that it can be taken back: before, after, and the rows it added."""

    class Undone(models.TextChoices):
        NOT = "", _("not undone")
        UNDONE = "undone", _("undone")
        PARTLY = "partly", _("partly undone")
        KEPT = "kept", _("kept")

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="journal", db_index=False)
    kind_code = models.CharField(max_length=40)
    record_id = models.BigIntegerField()
    label = models.CharField(max_length=200, blank=True)
    created = models.BooleanField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    parts = models.JSONField(default=dict)  # ids of rows it added elsewhere, by model: history, links
    undone = models.CharField(max_length=8, choices=Undone.choices, blank=True, default="")
    reason = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["batch", "undone", "-id"], name="import_journal_undo"),
            models.Index(fields=["kind_code", "record_id"], name="import_journal_record"),
        ]

    def __str__(self) -> str:
        return f"{self.kind_code} {self.record_id}"


class ImportProfile(models.Model):
    """A way of reading a file that somebody saved for the next one; its author's own."""

    kind: ClassVar[str] = "import"
    owner_field = "by"
    team_field = None

    name = models.CharField(_("name"), max_length=80)
    target = models.CharField(_("kind of record"), max_length=40)
    content = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("by"))
    team = models.ForeignKey("crm.Team", models.SET_NULL, null=True, blank=True, related_name="+")
    updated_at = models.DateTimeField(_("changed"))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("import profile")
        verbose_name_plural = _("import profiles")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["by", "target", "name"], name="import_profile_once")]

    def __str__(self) -> str:
        return self.name
