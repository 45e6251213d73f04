from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, CharField, F, Q, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Record
from crm.models.record import RecordQuerySet
from crm.search.documents import Words
from customers.models import Customer
from customers.models.churn_reason import ChurnReason
from customers.sales.models.currency import check_currency, is_a_currency, tidy_currency
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.product import Product

# So long after a term ended it can still be renewed. Part of what the renewal rate means, hence no setting.
GRACE = timedelta(days=30)


class State(models.TextChoices):
    """How a contract stands on a day. It follows from its dates, which follow from its movements."""

    COMING = "coming", _("not yet begun")
    RUNNING = "running", pgettext_lazy("contract", "running")
    LEAVING = "leaving", _("cancelled, still running")
    OVERDUE = "overdue", _("ran out, not renewed yet")
    ENDED = "ended", pgettext_lazy("contract", "ended")


def state_on(day: date) -> Case:
    """How a contract stands on a day, in a query."""
    return Case(
        When(churned_from__lte=day, then=Value(State.ENDED)),
        When(churned_from__isnull=False, then=Value(State.LEAVING)),
        When(start__gt=day, then=Value(State.COMING)),
        When(end__lt=day, then=Value(State.OVERDUE)),
        default=Value(State.RUNNING),
        output_field=CharField(),
    )


class ContractQuerySet(RecordQuerySet):
    def not_ended(self) -> Self:
        return self.filter(churned_from=None)

    def with_state(self, day: date) -> Self:
        """Each with `state`, as of a day."""
        return self.annotate(state=state_on(day))


class Contract(Record):
    """What recurs and is due for renewal. Its value and its dates are what its movements lead to: actions/contracts.py.

    `end` is the last day of the term that runs; without one it runs until somebody ends it.
    """

    kind: ClassVar[str] = "contract"
    follows: ClassVar[tuple[str, ...]] = ("customer",)
    follows_beside: ClassVar[tuple[str, ...]] = ("customer",)

    name = models.CharField(_("name"), max_length=200)
    external_id = models.CharField(_("number in the old system"), max_length=60, blank=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="contracts", verbose_name=_("customer"))
    opportunity = models.ForeignKey(
        Opportunity, models.SET_NULL, null=True, blank=True, related_name="contracts", verbose_name=_("opportunity")
    )
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    start = models.DateField(_("first day"))
    end = models.DateField(_("last day"), null=True, blank=True)
    monthly_value = models.DecimalField(_("value per month"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, blank=True)  # the organisation's own when left empty
    notice_days = models.PositiveSmallIntegerField(_("notice period in days"), default=0)
    renews_automatically = models.BooleanField(_("renews by itself"), default=False)
    renewal_months = models.PositiveSmallIntegerField(_("months of a renewal"), default=12)
    cancelled_on = models.DateField(_("cancelled on"), null=True, blank=True, editable=False)
    churned_from = models.DateField(_("ended from"), null=True, blank=True, editable=False)  # the day after the last
    churn_reason = models.ForeignKey(
        ChurnReason, models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("why it ended"),
    )  # fmt: skip
    notes = models.TextField(_("notes"), blank=True)

    objects: ClassVar[Any] = ContractQuerySet.as_manager()

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="contract_has_a_name"),
            models.CheckConstraint(
                condition=Q(end=None) | Q(end__gte=F("start")), name="contract_ends_after_it_begins"
            ),
            models.CheckConstraint(condition=Q(monthly_value__gte=0), name="contract_value_not_negative"),
            models.CheckConstraint(condition=is_a_currency(), name="contract_currency_is_a_code"),
            models.CheckConstraint(
                condition=Q(renews_automatically=False) | Q(end__isnull=False), name="contract_renews_what_ends"
            ),
            models.CheckConstraint(
                condition=Q(renewal_months__gte=1, renewal_months__lte=120), name="contract_renewal_months_sensible"
            ),
            models.CheckConstraint(
                condition=Q(churned_from=None, churn_reason=None, cancelled_on=None)
                | Q(churned_from__isnull=False, churn_reason__isnull=False),
                name="contract_ended_for_a_reason",
            ),
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~Q(external_id="") & Q(deleted_at=None),
                name="contract_external_id_once",
            ),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="contract_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-updated_at", "-id"], name="contract_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-updated_at", "-id"], name="contract_team", condition=Q(deleted_at=None)),
            models.Index(fields=["customer", "start"], name="contract_customer"),
            models.Index(fields=["end"], name="contract_due", condition=Q(churned_from=None, deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name = " ".join(self.name.split())
        self.external_id = self.external_id.strip()
        self.currency = check_currency(self.currency)
        if self.start and self.end and self.end < self.start:
            raise ValidationError({"end": _("It ends before it begins.")})
        if self.renews_automatically and not self.end:
            raise ValidationError({"end": _("What renews by itself needs a last day.")})
        opportunity = self.opportunity
        if opportunity and opportunity.customer_id and opportunity.customer_id != self.customer_id:
            raise ValidationError({"opportunity": _("This opportunity belongs to another customer.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.currency = tidy_currency(self.currency)
        super().save(*args, **kwargs)

    @property
    def has_ended(self) -> bool:
        """Whether its end is settled; it may still lie ahead."""
        return self.churned_from is not None

    @property
    def last_day(self) -> date | None:
        """The day it ended with, or ends with as things stand."""
        return self.churned_from - timedelta(days=1) if self.churned_from else self.end

    @property
    def last_notice(self) -> date | None:
        """The last day on which it can be cancelled for the end of its term."""
        return self.end - timedelta(days=self.notice_days) if self.end else None

    @property
    def renewal_value(self) -> Decimal:
        """What a renewal is worth: its value over the months it is renewed for."""
        return self.monthly_value * self.renewal_months

    @property
    def state_label(self) -> str:
        """In words; of a contract read with `with_state`."""
        return str(State(self.state).label)  # type: ignore[attr-defined]

    def search_words(self) -> Words:
        return Words(title=self.name, subtitle=self.customer.name, texts=[self.external_id, self.customer.name])
