from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Record
from crm.models.record import RecordQuerySet
from customers.models import tidy
from customers.models.about import AboutARecord
from customers.models.contact import Contact
from customers.models.customer import Customer


class ActivityQuerySet(RecordQuerySet):
    def of_customer(self, customer: Customer) -> Self:
        return self.filter(customer=customer)

    def with_contact(self, contact: Contact) -> Self:
        return self.filter(contacts=contact)

    def about(self, record: Any) -> Self:
        """Those that belong to a record of an app above."""
        return self.filter(about_kind=record.kind, about_id=record.pk)

    def outbound(self) -> Self:
        return self.filter(direction=Activity.Direction.OUTBOUND)


class Activity(AboutARecord, Record):
    """Something done with a customer. `owner` is who did it, `team` that person's team at the time."""

    kind: ClassVar[str] = "activity"
    follows: ClassVar[tuple[str, ...]] = ("customer",)
    follows_beside: ClassVar[tuple[str, ...]] = ("customer",)

    class Type(models.TextChoices):
        CALL = "call", _("call")
        MEETING = "meeting", _("meeting")
        VISIT = "visit", _("visit")
        EMAIL = "email", pgettext_lazy("activity", "email")
        MESSAGE = "message", _("message")
        NOTE = "note", _("note")

    class Direction(models.TextChoices):
        OUTBOUND = "outbound", _("from us")
        INBOUND = "inbound", _("from the customer")
        NONE = "none", _("internal")

    class Outcome(models.TextChoices):
        REACHED = "reached", _("reached")
        NOT_REACHED = "not_reached", _("not reached")
        POSITIVE = "positive", _("positive")
        NEUTRAL = "neutral", _("neutral")
        NEGATIVE = "negative", _("negative")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="activities", verbose_name=_("customer"))
    type = models.CharField(_("type"), max_length=8, choices=Type.choices)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction.choices, default=Direction.OUTBOUND)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, blank=True)
    at = models.DateTimeField(_("when"))
    duration = models.DurationField(_("duration"), null=True, blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("what was said"), blank=True)
    contacts: models.ManyToManyField[Contact, models.Model] = models.ManyToManyField(
        Contact, blank=True, related_name="activities", verbose_name=_("people")
    )
    colleagues: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", verbose_name=_("colleagues")
    )
    # Made from the token of the form and the person: a form that was sent twice is one activity.
    submission = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = ["-at", "-id"]
        constraints = [
            *AboutARecord.Meta.constraints,
            models.CheckConstraint(condition=~Q(subject=""), name="activity_has_a_subject"),
            models.CheckConstraint(
                condition=Q(duration__isnull=True) | Q(duration__gte=timedelta(0)),
                name="activity_duration_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-at", "-id"], name="activity_customer", condition=Q(deleted_at=None)),
            models.Index(fields=["-at", "-id"], name="activity_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-at", "-id"], name="activity_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-at", "-id"], name="activity_team", condition=Q(deleted_at=None)),
            models.Index(
                fields=["about_kind", "about_id", "-at", "-id"],
                name="activity_about",
                condition=Q(about_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    def clean(self) -> None:
        self.subject = tidy.one_line(self.subject)
