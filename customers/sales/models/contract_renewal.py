from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.sales.models.contract import Contract
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.pipeline import Pipeline

DAYS_AHEAD = 90


class RenewalRules(models.Model):
    """How renewals are prepared: one row for the organisation, edited in the admin site."""

    kind: ClassVar[str] = "pipeline"
    owner_field = None
    team_field = None

    is_the_one = models.BooleanField(default=True, unique=True, editable=False)
    days_ahead = models.PositiveSmallIntegerField(
        _("days ahead"),
        default=DAYS_AHEAD,
        help_text=_("So many days before a contract has to be renewed or cancelled, its renewal is prepared."),
    )
    pipeline = models.ForeignKey(
        Pipeline,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("pipeline of renewals"),
        help_text=_("Where renewals become opportunities; the first active pipeline when left empty."),
    )

    class Meta:
        verbose_name = _("rules for renewals")
        verbose_name_plural = _("rules for renewals")
        constraints = [models.CheckConstraint(condition=Q(is_the_one=True), name="renewal_rules_are_one_row")]

    def __str__(self) -> str:
        return str(_("Rules for renewals"))


class ContractRenewal(models.Model):
    """That the renewal of one end of a term was prepared, once; with the opportunity that was made for it."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="renewals")
    due = models.DateField()
    prepared_at = models.DateTimeField()
    opportunity = models.OneToOneField(
        Opportunity, models.CASCADE, null=True, related_name="renewal", verbose_name=_("opportunity")
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contract", "due"], name="contract_renewal_prepared_once")]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.due}"
