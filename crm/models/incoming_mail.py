from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models.mail_account import MailAccount


class IncomingMailQuerySet(models.QuerySet["IncomingMail"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(account__owner=user)

    editable_by = visible_to

    def waiting(self) -> Self:
        return self.filter(state=IncomingMail.State.WAITING)

    def unreadable(self) -> Self:
        return self.filter(state=IncomingMail.State.UNREADABLE)


class IncomingMail(models.Model):
    """A letter as it came, stored before it is looked at. Of what concerns no customer only this line is kept."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        FILED = "filed", _("filed")
        IGNORED = "ignored", _("concerns no customer")
        UNREADABLE = "unreadable", _("unreadable")

    account = models.ForeignKey(MailAccount, models.CASCADE, related_name="incoming", verbose_name=_("mail account"))
    validity = models.BigIntegerField(editable=False)
    uid = models.BigIntegerField(editable=False)
    message_id = models.CharField(max_length=64, blank=True, editable=False)  # as a hash: it may name people
    raw = models.BinaryField(default=bytes, editable=False)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    fetched_at = models.DateTimeField(_("fetched"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    heading = models.CharField(_("letter"), max_length=300, blank=True)  # of what is unreadable: from whom, about what
    reason = models.TextField(_("reason"), blank=True)  # an English message id

    objects = IncomingMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("received mail")
        verbose_name_plural = _("received mail")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "validity", "uid"], name="incoming_mail_once_by_number"),
            models.UniqueConstraint(
                fields=["account", "message_id"], condition=~Q(message_id=""), name="incoming_mail_once_by_name"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "id"], name="incoming_mail_open", condition=Q(state__in=["waiting"])),
            models.Index(fields=["account", "-id"], name="incoming_mail_bad", condition=Q(state="unreadable")),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.uid}"

    def conclude(self, state: str, *, heading: str = "", reason: str = "") -> None:
        """What was filed lives with its customer; what concerns none is not ours to keep."""
        self.state, self.heading, self.reason = state, heading[:300], reason[:1000]
        if state in (self.State.FILED, self.State.IGNORED):
            self.raw = b""
