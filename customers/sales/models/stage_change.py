from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from crm.models import Team, User
from customers.models import Customer
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.pipeline import LostReason, Pipeline, Stage
from customers.sales.models.product import Product

# What a row holds beside the stage: an edit of one of these while the opportunity is open adds a row.
CAPTURED = ("customer", "product", "owner", "team", "amount", "currency", "probability", "expected_close")


class StageChangeQuerySet(models.QuerySet["StageChange"]):
    def in_order(self) -> Self:
        return self.order_by("at", "pk")

    def entries(self) -> Self:
        """Rows by which a stage was entered; the others hold an edit within the stage."""
        return self.filter(Q(from_stage__isnull=True) | ~Q(from_stage=F("to_stage")))

    def as_of(self, moment: datetime) -> Self:
        """The one row of each opportunity that was true at `moment`."""
        last = (
            StageChange.objects.filter(opportunity=OuterRef("opportunity"), at__lte=moment)
            .order_by("-at", "-pk")
            .values("pk")[:1]
        )
        return self.filter(pk=Subquery(last))

    def wins(self) -> Self:
        return self.entries().filter(outcome=Stage.Outcome.WON)

    def losses(self) -> Self:
        return self.entries().filter(outcome=Stage.Outcome.LOST)

    def still_standing(self) -> Self:
        """Closings that were not taken back by reopening: one at most for each opportunity."""
        return self.filter(opportunity__closed_at=F("at"), opportunity__stage=F("to_stage"))


class StageChange(models.Model):
    """That an opportunity entered a stage, or was edited in it, with what was true from that moment on.

    Rows are only ever added; a trigger refuses to change or remove one. In a row for an edit `from_stage` and
    `to_stage` are the same stage. Numbers count for whoever owned the opportunity then: a handover does not
    rewrite last quarter. Edits of a closed opportunity add no row: what was won or lost stays credited as it was.
    """

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="stage_changes")
    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="+")
    from_stage = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="+")
    to_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    # Copied, so that editing a stage's outcome later does not turn old losses into wins.
    outcome = models.CharField(max_length=4, choices=Stage.Outcome.choices)
    at = models.DateTimeField(_("at"))
    recorded_at = models.DateTimeField(_("recorded"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="+")
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3)
    probability = models.DecimalField(max_digits=4, decimal_places=3)  # the one that counted, by hand or the stage's
    expected_close = models.DateField(null=True)
    lost_reason = models.ForeignKey(LostReason, models.PROTECT, null=True, related_name="+")

    objects = StageChangeQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["opportunity", "at", "id"], name="stage_change_history"),
            models.Index(fields=["outcome", "at"], name="stage_change_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity} → {self.to_stage}"

    @property
    def is_entry(self) -> bool:
        """Whether a stage was entered, rather than something edited within it."""
        return self.from_stage_id != self.to_stage_id

    @property
    def weighted_amount(self) -> Decimal | None:
        return None if self.amount is None else self.amount * self.probability
