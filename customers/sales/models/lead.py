from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Record
from crm.models.record import RecordQuerySet
from crm.search.documents import Words
from customers.models import Contact, Customer, tidy
from customers.sales.models.opportunity import Opportunity


class LeadQuerySet(RecordQuerySet):
    def open(self) -> Self:
        return self.filter(state__in=Lead.OPEN)

    def of_customer(self, customer: Customer) -> Self:
        """Those that became this customer."""
        return self.filter(customer=customer)


class Lead(Record):
    """Someone not yet qualified. Once converted, it stays linked to the customer it became, with its story."""

    kind: ClassVar[str] = "lead"
    follows: ClassVar[tuple[str, ...]] = ("customer",)
    follows_beside: ClassVar[tuple[str, ...]] = ("customer",)

    class State(models.TextChoices):
        NEW = "new", pgettext_lazy("lead", "new")
        WORKING = "working", _("being worked on")
        CONVERTED = "converted", _("converted")
        DISCARDED = "discarded", _("discarded")

    class Reason(models.TextChoices):
        NOT_INTERESTED = "not_interested", _("not interested")
        NOT_REACHED = "not_reached", _("could not be reached")
        NO_FIT = "no_fit", _("does not fit what we sell")
        DUPLICATE = "duplicate", _("known already")
        SPAM = "spam", _("spam")
        OTHER = "other", _("other")

    OPEN: ClassVar[tuple[str, ...]] = (State.NEW, State.WORKING)

    name = models.CharField(_("name"), max_length=120)
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    email = models.EmailField(_("email"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    channel = models.CharField(_("source channel"), max_length=12, choices=Customer.Channel.choices, blank=True)
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    note = models.TextField(_("note"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.NEW, editable=False)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason.choices, blank=True, editable=False)
    # Speed to lead: until somebody of ours first got in touch.
    first_contact_at = models.DateTimeField(_("first contact"), null=True, blank=True, editable=False)
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="leads",
        verbose_name=_("customer"),
    )
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, editable=False, related_name="+", verbose_name=_("contact")
    )
    opportunity = models.ForeignKey(
        Opportunity, models.SET_NULL, null=True, blank=True, editable=False, related_name="leads",
        verbose_name=_("opportunity"),
    )  # fmt: skip
    converted_at = models.DateTimeField(_("converted"), null=True, blank=True, editable=False)
    # What the conversion made, and in which version: only that can be taken back. See actions/lead_conversion.py.
    made = models.JSONField(default=dict, blank=True, editable=False)

    objects: ClassVar[Any] = LeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="lead_has_a_name"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="lead_email_is_lower_case"),
            models.CheckConstraint(
                condition=(Q(state="discarded") & ~Q(reason="")) | (~Q(state="discarded") & Q(reason="")),
                name="lead_discarded_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="converted", customer__isnull=False, converted_at__isnull=False)
                | (~Q(state="converted") & Q(customer=None, contact=None, opportunity=None, converted_at=None)),
                name="lead_converted_to_a_customer",
            ),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="lead_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-updated_at", "-id"], name="lead_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-updated_at", "-id"], name="lead_team", condition=Q(deleted_at=None)),
            models.Index(fields=["customer"], name="lead_customer", condition=Q(customer__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name, self.organisation = tidy.one_line(self.name), tidy.one_line(self.organisation)
        self.email, self.phone = tidy.email(self.email), tidy.phone(self.phone)
        self.campaign = tidy.one_line(self.campaign)

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_converted(self) -> bool:
        return self.state == self.State.CONVERTED

    @property
    def phone_for_reading(self) -> str:
        return tidy.phone_for_reading(self.phone)

    @property
    def time_to_contact(self) -> timedelta | None:
        """From when it came in to when somebody first got in touch."""
        return self.first_contact_at - self.created_at if self.first_contact_at else None

    def search_words(self) -> Words:
        return Words(
            title=self.name,
            subtitle=self.organisation,
            texts=[self.organisation, self.campaign],
            phones=[self.phone],
            emails=[self.email],
        )
