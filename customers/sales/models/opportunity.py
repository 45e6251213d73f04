from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import Record, Team, User
from crm.models.record import RecordQuerySet
from customers.models import Contact, Customer
from customers.sales.models.pipeline import LostReason, Pipeline, Stage
from customers.sales.models.product import Product


class OpportunityQuerySet(RecordQuerySet):
    def open(self) -> Self:
        return self.filter(stage__outcome=Stage.Outcome.OPEN)

    def won(self) -> Self:
        return self.filter(stage__outcome=Stage.Outcome.WON)

    def lost(self) -> Self:
        return self.filter(stage__outcome=Stage.Outcome.LOST)

    def in_pipeline(self, pipeline: Pipeline) -> Self:
        return self.filter(pipeline=pipeline)


class Opportunity(Record):
    """A possible sale, in one stage of one pipeline. Where it has been is told by its stage changes."""

    kind: ClassVar[str] = "opportunity"
    follows: ClassVar[tuple[str, ...]] = ("customer",)

    name = models.CharField(_("name"), max_length=200)
    # An import may bring opportunities whose customer nobody wrote down; the form insists on one.
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="opportunities", verbose_name=_("customer")
    )
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="opportunities", verbose_name=_("contact")
    )
    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="opportunities", verbose_name=_("pipeline"))
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="opportunities", verbose_name=_("stage"))
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="opportunities", verbose_name=_("product")
    )
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    probability = models.DecimalField(_("probability"), max_digits=4, decimal_places=3, null=True, blank=True)
    expected_close = models.DateField(_("expected close"), null=True, blank=True)
    # When the sale began: set on creation, or by an import; unknown where a file does not say.
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    stage_since = models.DateTimeField(_("in this stage since"), editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    lost_reason = models.ForeignKey(
        LostReason, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("lost reason")
    )
    rank = models.CharField(max_length=60, blank=True, editable=False)  # order by hand inside a column
    notes = models.TextField(_("notes"), blank=True)
    external_id = models.CharField(_("number in the old system"), max_length=60, blank=True)

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        verbose_name = _("opportunity")
        verbose_name_plural = _("opportunities")
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="opportunity_amount_not_negative"
            ),
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~Q(external_id="") & Q(deleted_at=None),
                name="opportunity_external_id_once",
            ),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="opportunity_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-updated_at", "-id"], name="opportunity_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-updated_at", "-id"], name="opportunity_team", condition=Q(deleted_at=None)),
            models.Index(fields=["stage", "rank", "id"], name="opportunity_column", condition=Q(deleted_at=None)),
            models.Index(fields=["customer", "-updated_at"], name="opportunity_customer", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.stage.is_open


class StageChange(models.Model):
    """That an opportunity entered a stage, with what was true at that moment. Rows are only ever added.

    Numbers count for whoever owned the opportunity then: a handover does not rewrite last quarter.
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
    currency = models.CharField(max_length=3, default="USD")
    probability = models.DecimalField(max_digits=4, decimal_places=3)
    expected_close = models.DateField(null=True)
    lost_reason = models.ForeignKey(LostReason, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["opportunity", "at", "id"], name="stage_change_history"),
            models.Index(fields=["outcome", "at"], name="stage_change_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity} → {self.to_stage}"
