from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Team, User
from customers.models.churn_reason import ChurnReason
from customers.sales.models.contract import Contract
from customers.sales.models.currency import Money
from customers.sales.models.currency_rate import Rates


class ContractMovementQuerySet(models.QuerySet["ContractMovement"]):
    def in_order(self) -> Self:
        return self.order_by("counts_from", "pk")

    def in_force(self) -> Self:
        """Neither taken back nor taking something back."""
        correction = ContractMovement.objects.filter(corrects=OuterRef("pk"))
        return self.filter(~Exists(correction), corrects=None)

    def of_contracts(self, contracts: Any) -> Self:
        return self.filter(contract__in=contracts)

    def monthly_value_on(self, day: date) -> list[Money]:
        """The recurring revenue at the end of a day, at the rates of that day: one sum over what moved until then."""
        summed = (
            self.filter(counts_from__lte=day, contract__deleted_at=None)
            .order_by()
            .values("contract__currency")
            .annotate(total=Sum(F("after") - F("before")))
        )
        return Rates(day).total(Money(row["total"], row["contract__currency"]) for row in summed if row["total"])


class ContractMovement(models.Model):
    """That a contract began, grew, shrank, was renewed, ended or came back, with its value per month before and after.

    Rows are only ever added; a trigger refuses to change or remove one. What was wrong is taken back by a row that
    names it in `corrects` and turns its values round. Numbers count for whoever owned the contract then.
    """

    class Type(models.TextChoices):
        NEW = "new", pgettext_lazy("movement of a contract", "new")
        EXPANSION = "expansion", _("expansion")
        CONTRACTION = "contraction", _("contraction")
        RENEWAL = "renewal", _("renewal")
        CHURN = "churn", _("churn")
        REACTIVATION = "reactivation", _("reactivation")

    BEGINS = (Type.NEW, Type.RENEWAL, Type.REACTIVATION)  # a term begins with it

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="movements")
    type = models.CharField(_("type"), max_length=12, choices=Type.choices)
    counts_from = models.DateField(_("counts from"))
    agreed_on = models.DateField(_("agreed on"))
    before = models.DecimalField(_("value per month before"), max_digits=18, decimal_places=2)
    after = models.DecimalField(_("value per month after"), max_digits=18, decimal_places=2)
    due = models.DateField(_("end of the term before"), null=True)  # of the term a renewal or churn follows
    until = models.DateField(_("end of the term"), null=True)  # of the term that begins with it
    churn_reason = models.ForeignKey(ChurnReason, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(_("reason"), blank=True)
    automatic = models.BooleanField(_("by itself"), default=False)
    corrects = models.OneToOneField("self", models.CASCADE, null=True, related_name="correction")
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(_("recorded"))

    objects = ContractMovementQuerySet.as_manager()

    class Meta:
        ordering = ["counts_from", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(before__gte=0, after__gte=0), name="contract_movement_values_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=False)
                | Q(type="new", before=0)
                | Q(type="expansion", after__gt=F("before"))
                | Q(type="contraction", after__lt=F("before"))
                | Q(type="renewal", after=F("before"))
                | Q(type="churn", after=0)
                | Q(type="reactivation", before=0),
                name="contract_movement_values_fit_its_type",
            ),
            models.CheckConstraint(
                condition=Q(type="churn", churn_reason__isnull=False) | (~Q(type="churn") & Q(churn_reason=None)),
                name="contract_churn_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(type="renewal") | Q(due__isnull=False), name="contract_renewal_has_a_due_date"
            ),
            models.CheckConstraint(condition=Q(corrects=None) | ~Q(reason=""), name="contract_correction_says_why"),
            # The nightly job may run twice, or beside itself: of what it writes there is one for each end of a term.
            models.UniqueConstraint(
                fields=["contract", "type", "due"],
                condition=Q(automatic=True, corrects=None),
                name="contract_movement_by_itself_once",
            ),
        ]
        indexes = [
            models.Index(fields=["contract", "counts_from", "id"], name="contract_movement_history"),
            models.Index(fields=["counts_from"], name="contract_movement_day"),
            models.Index(fields=["until"], name="contract_movement_until", condition=Q(until__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.contract} {self.type} {self.counts_from}"

    @property
    def difference(self) -> Decimal:
        return self.after - self.before

    @property
    def is_correction(self) -> bool:
        return self.corrects_id is not None
