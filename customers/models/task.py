from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.models import Record
from crm.models.indexes import for_sorting
from crm.models.record import RecordQuerySet
from customers.models import tidy
from customers.models.about import AboutARecord
from customers.models.activity import Activity
from customers.models.cadence import CadenceRule
from customers.models.contact import Contact
from customers.models.customer import Customer
from customers.models.series import TaskSeries


class TaskQuerySet(RecordQuerySet):
    def open(self) -> Self:
        return self.filter(done_at__isnull=True)

    def done(self) -> Self:
        return self.filter(done_at__isnull=False)

    def overdue(self, now: datetime) -> Self:
        return self.open().filter(due_at__lt=now)

    def due_before(self, moment: datetime) -> Self:
        return self.open().filter(due_at__lt=moment)

    def of_customer(self, customer: Customer) -> Self:
        return self.filter(customer=customer)

    def about(self, record: Any) -> Self:
        """Those that were made for a record of an app above."""
        return self.filter(about_kind=record.kind, about_id=record.pk)

    def soonest_first(self) -> Self:
        return self.order_by(F("due_at").asc(nulls_last=True), "-priority", "pk")


class Task(AboutARecord, Record):
    """Something to do, with an owner and a due time."""

    kind: ClassVar[str] = "task"
    follows: ClassVar[tuple[str, ...]] = ("customer",)
    follows_beside: ClassVar[tuple[str, ...]] = ("customer",)

    class Priority(models.IntegerChoices):
        LOW = 1, _("low")
        NORMAL = 2, _("normal")
        HIGH = 3, _("high")

    title = models.CharField(_("title"), max_length=200)
    notes = models.TextField(_("notes"), blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.NORMAL)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="tasks", verbose_name=_("customer")
    )
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="tasks", verbose_name=_("contact")
    )
    after = models.ForeignKey(
        Activity,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="next_steps",
        verbose_name=_("next step after"),
        editable=False,
    )
    # What is planned, where it is more than something to do. A meeting has a beginning, and `due_at` is its end.
    type = models.CharField(_("type"), max_length=8, choices=Activity.Type.choices, blank=True)
    starts_at = models.DateTimeField(_("begins"), null=True, blank=True)
    all_day = models.BooleanField(_("all day"), default=False)
    # One of those that come again, and which.
    series = models.ForeignKey(TaskSeries, models.PROTECT, null=True, blank=True, related_name="tasks", editable=False)
    occurrence_on = models.DateField(null=True, blank=True, editable=False)
    # Made by a rule, for an occasion that no second task is made for.
    made_by = models.ForeignKey(
        CadenceRule, models.SET_NULL, null=True, blank=True, related_name="tasks", editable=False
    )
    made_for = models.CharField(max_length=200, null=True, blank=True, unique=True, editable=False)
    done_at = models.DateTimeField(_("done"), null=True, blank=True, editable=False)
    done_by = models.ForeignKey("crm.User", models.PROTECT, null=True, blank=True, related_name="+", editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["due_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False), name="task_done_by_needs_done_at"
            ),
            *AboutARecord.Meta.constraints,
            models.CheckConstraint(condition=~Q(title=""), name="task_has_a_title"),
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(due_at__gte=F("starts_at")), name="task_ends_after_it_begins"
            ),
            models.UniqueConstraint(fields=["series", "occurrence_on"], name="task_once_in_a_series"),
            models.CheckConstraint(
                condition=Q(series=None, occurrence_on=None) | Q(series__isnull=False, occurrence_on__isnull=False),
                name="task_of_a_series_has_its_day",
            ),
        ]
        indexes = [
            *for_sorting("task", "created_at", sometimes=("due_at", "done_at")),
            models.Index(
                fields=["owner", "due_at", "id"], name="task_owner_open", condition=Q(deleted_at=None, done_at=None)
            ),
            # With what a month of the calendar reads of each.
            models.Index(
                fields=["team", "due_at", "id"],
                include=["starts_at", "all_day"],
                name="task_team_planned",
                condition=Q(deleted_at=None, done_at=None),
            ),
            models.Index(fields=["-updated_at", "-id"], name="task_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["customer", "due_at", "id"], name="task_customer", condition=Q(deleted_at=None)),
            models.Index(fields=["about_kind", "about_id"], name="task_about", condition=Q(about_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        self.title = tidy.one_line(self.title)
        if self.starts_at and (self.due_at is None or self.due_at < self.starts_at):
            raise ValidationError({"due_at": _("The end is not before the beginning.")})

    @property
    def is_done(self) -> bool:
        return self.done_at is not None

    @property
    def comes_again(self) -> bool:
        """By itself, once this one is done or thrown away."""
        return self.series is not None and not self.series.has_ended

    @property
    def begins_at(self) -> datetime | None:
        """When it begins, or is due: what reminders count back from."""
        return self.starts_at or self.due_at

    def is_overdue(self, now: datetime) -> bool:
        return not self.is_done and self.due_at is not None and self.due_at < now

    def complete(self, *, by: Any, at: datetime) -> None:
        if not self.is_done:
            self.done_at, self.done_by = at, by

    def reopen(self) -> None:
        self.done_at = self.done_by = None
