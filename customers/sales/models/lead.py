from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.custom_fields.searching import texts_of
from crm.models import Record
from crm.models.configured_code import CodeField
from crm.models.custom_field import custom_values_field, custom_values_index
from crm.models.record import RecordQuerySet
from crm.search.documents import Words
from customers.models import Contact, Customer, SourceChannel, tidy
from customers.sales.models.discard_reason import DiscardReason
from customers.sales.models.lead_form import LeadForm
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.product import Product


class LeadQuerySet(RecordQuerySet):
    def open(self) -> Self:
        return self.filter(state__in=Lead.OPEN)

    def with_failed_email(self, address: str) -> Self:
        """Those nobody can write to: a postman said that there is no such address."""
        return self.alive().filter(email=address, email_failed_at__isnull=False, customer=None)

    def overdue(self, now: datetime) -> Self:
        """Nobody has been in touch, and somebody should have been."""
        return self.open().filter(first_contact_at=None, contact_due_at__lt=now)

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

    OPEN: ClassVar[tuple[str, ...]] = (State.NEW, State.WORKING)

    name = models.CharField(_("name"), max_length=120)
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    email = models.EmailField(_("email"), blank=True)
    email_failed_at = models.DateTimeField(_("mail to the address came back"), null=True, blank=True, editable=False)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    channel = CodeField(_("source channel"), max_length=12, of=SourceChannel, blank=True)
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=60, blank=True, default="", db_default="")
    province = models.CharField(_("province"), max_length=60, blank=True, default="", db_default="")
    city = models.CharField(_("city"), max_length=60, blank=True, default="", db_default="")
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, blank=True, default="", db_default=""
    )
    employees = models.PositiveIntegerField(_("number of employees"), null=True, blank=True)
    product = models.ForeignKey(
        Product, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("product asked for")
    )
    form = models.ForeignKey(
        LeadForm, models.SET_NULL, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("lead form"),
    )  # fmt: skip
    note = models.TextField(_("note"), blank=True)
    custom = custom_values_field()
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.NEW, editable=False)
    reason = CodeField(_("reason"), max_length=16, of=DiscardReason, blank=True, editable=False)
    # Speed to lead: until somebody of ours first got in touch.
    first_contact_at = models.DateTimeField(_("first contact"), null=True, blank=True, editable=False)
    contact_due_at = models.DateTimeField(_("first contact until"), null=True, blank=True, editable=False)
    answered_at = models.DateTimeField(_("last wrote to us"), null=True, blank=True, editable=False)
    # What the rules make of it, and why: models/lead_score.py, actions/lead_assignment.py.
    score = models.IntegerField(_("score"), default=0, db_default=0, editable=False)
    score_parts = models.JSONField(default=list, db_default=models.Value([], models.JSONField()), editable=False)
    given = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), editable=False)
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
            models.Index(
                fields=["owner"], name="lead_open", condition=Q(deleted_at=None, state__in=["new", "working"])
            ),
            models.Index(fields=["-score", "-id"], name="lead_promising", condition=Q(deleted_at=None)),
            models.Index(fields=["email"], name="lead_email", condition=~Q(email="")),
            models.Index(fields=["customer"], name="lead_customer", condition=Q(customer__isnull=False)),
            custom_values_index("lead_custom"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name, self.organisation = tidy.one_line(self.name), tidy.one_line(self.organisation)
        self.email, self.phone = tidy.email(self.email), tidy.phone(self.phone)
        self.campaign, self.country = tidy.one_line(self.campaign), tidy.one_line(self.country)
        self.province, self.city = tidy.one_line(self.province), tidy.one_line(self.city)

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
            texts=[self.organisation, self.campaign, self.city, *texts_of(self)],
            phones=[self.phone],
            emails=[self.email],
        )
