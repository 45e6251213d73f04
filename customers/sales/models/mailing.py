from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import MailTemplate, Record
from crm.models.record import RecordQuerySet
from customers.models import Purpose, tidy
from customers.sales.models.campaign import Campaign


class MailingQuerySet(RecordQuerySet):
    def running(self, now: datetime) -> Self:
        """Of which letters leave now."""
        return self.filter(state=Mailing.State.RUNNING, starts_at__lte=now)


class Mailing(Record):
    """One letter to the members of a campaign. Prepared it has a row for each of them; what those say is sent."""

    kind: ClassVar[str] = "mailing"

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("mailing", "draft")
        RUNNING = "running", pgettext_lazy("mailing", "being sent")
        STOPPED = "stopped", pgettext_lazy("mailing", "stopped")
        DONE = "done", pgettext_lazy("mailing", "sent")

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="mailings", verbose_name=_("campaign"))
    name = models.CharField(_("name"), max_length=120)
    purpose = models.ForeignKey(
        Purpose, models.PROTECT, related_name="+", verbose_name=_("purpose"),
        help_text=_("Says whether a consent is needed."),
    )  # fmt: skip
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT, editable=False)
    # Who prepared it: only whom they may see is among the receivers, and nobody else starts what they looked at.
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("prepared by"),
    )  # fmt: skip
    prepared_at = models.DateTimeField(_("prepared"), null=True, blank=True, editable=False)
    out_of_sight = models.PositiveIntegerField(_("members out of sight"), default=0, editable=False)
    starts_at = models.DateTimeField(_("starts"), null=True, blank=True, editable=False)
    done_at = models.DateTimeField(_("done"), null=True, blank=True, editable=False)
    # How often in a row no letter left; after some it stops by itself, with the reason.
    troubles = models.PositiveSmallIntegerField(default=0, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)

    objects: ClassVar[Any] = MailingQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="mailing_has_a_name"),
            models.CheckConstraint(
                condition=Q(prepared_at=None, prepared_by=None)
                | Q(prepared_at__isnull=False, prepared_by__isnull=False),
                name="mailing_prepared_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", starts_at=None)
                | (~Q(state="draft") & Q(starts_at__isnull=False, prepared_at__isnull=False)),
                name="mailing_starts_prepared",
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | (~Q(state="done") & Q(done_at=None)),
                name="mailing_done_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "-id"], name="mailing_of_campaign", condition=Q(deleted_at=None)),
            models.Index(fields=["starts_at"], name="mailing_running", condition=Q(state="running")),
            models.Index(fields=["updated_at", "id"], name="mailing_changed", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name = tidy.one_line(self.name)

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    @property
    def is_stopped(self) -> bool:
        return self.state == self.State.STOPPED

    def is_planned(self, now: datetime) -> bool:
        """Started, for a time that has not come."""
        return self.is_running and self.starts_at is not None and self.starts_at > now


class MailingText(models.Model):
    """What the letter says in one language: as the template said it when the mailing was prepared last."""

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="texts")
    template = models.ForeignKey(MailTemplate, models.SET_NULL, null=True, blank=True, related_name="+")
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))

    class Meta:
        ordering = ["language"]
        constraints = [models.UniqueConstraint(fields=["mailing", "language"], name="mailing_text_once_in_a_language")]

    def __str__(self) -> str:
        return self.subject
