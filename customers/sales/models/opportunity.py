from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _

from crm.custom_fields.searching import texts_of
from crm.models import Record
from crm.models.custom_field import custom_values_field, custom_values_index
from crm.models.indexes import for_sorting
from crm.models.record import RecordQuerySet
from crm.search.documents import Words
from customers.models import Contact, Customer
from customers.models.tag import tags_field
from customers.sales.models.currency import check_currency, is_a_currency, tidy_currency
from customers.sales.models.pipeline import ForecastCategory, LostReason, Pipeline, Stage
from customers.sales.models.product import Product

# An opportunity is open while it has no closing.
STILL_OPEN = Q(deleted_at=None, closed_at=None)


def is_push(before: date | None, after: date | None) -> bool:
    """Whether the day a sale is expected on was put off: to a later month, not to a later day of the same one."""
    return bool(before and after and (after.year, after.month) > (before.year, before.month))


def counting_category() -> Case:
    """As what an open opportunity counts in the forecast now, in a query; nothing of a closed one."""
    is_open = Q(stage__outcome=Stage.Outcome.OPEN)
    return Case(
        When(is_open & Q(forecast_category=""), then=F("stage__forecast_category")),
        When(is_open, then=F("forecast_category")),
        output_field=models.CharField(),
    )


class OpportunityQuerySet(RecordQuerySet):
    def open(self) -> Self:
        return self.filter(stage__outcome=Stage.Outcome.OPEN)

    def won(self) -> Self:
        return self.filter(stage__outcome=Stage.Outcome.WON)

    def lost(self) -> Self:
        return self.filter(stage__outcome=Stage.Outcome.LOST)

    def in_pipeline(self, pipeline: Pipeline) -> Self:
        return self.filter(pipeline=pipeline)

    def in_stage(self, stage: Stage) -> Self:
        return self.filter(stage=stage)

    def by_rank(self) -> Self:
        return self.order_by("rank", "pk")

    def overdue(self, today: date) -> Self:
        """Open although the day they were expected to close on has gone by."""
        return self.open().filter(expected_close__lt=today)

    def in_categories(self, categories: list[str]) -> Self:
        """Open, and counting as one of these in the forecast now."""
        by_hand = Q(forecast_category__in=categories)
        by_stage = Q(forecast_category="", stage__forecast_category__in=categories)
        return self.open().filter(by_hand | by_stage)

    def for_cards(self) -> Self:
        """Only what a card shows: a board has hundreds of them. Which stage it is in is known where it is drawn."""
        own = ("name", "amount", "currency", "expected_close", "version", "rank", "stage", "customer", "owner")
        more = ("stage_since", "close_pushes")
        return self.select_related("customer", "owner").only(*own, *more, "customer__name", "owner__name")


class Opportunity(Record):
    """A possible sale, in one stage of one pipeline. Where it has been is told by its stage changes."""

    kind: ClassVar[str] = "opportunity"
    follows: ClassVar[tuple[str, ...]] = ("customer",)
    follows_beside: ClassVar[tuple[str, ...]] = ("customer",)

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
    # What its lines come to each month, where some recur; none without such lines.
    monthly_value = models.DecimalField(
        _("recurring value per month"), max_digits=18, decimal_places=2, null=True, blank=True, editable=False
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)  # the organisation's own when left empty
    # Set by hand; without it the stage's counts. It holds within the stage: moving on goes back to the stage's.
    probability = models.DecimalField(_("probability"), max_digits=4, decimal_places=3, null=True, blank=True)
    expected_close = models.DateField(_("expected close"), null=True, blank=True)
    # How often that day was put off to a later month, see `is_push`.
    close_pushes = models.PositiveSmallIntegerField(_("times put off"), default=0, db_default=0, editable=False)
    # Set by hand; without it the stage's counts. Like the probability it holds within the stage.
    forecast_category = models.CharField(
        _("forecast category"), max_length=9, choices=ForecastCategory.choices, blank=True, default="", db_default=""
    )
    # When the sale began: set on creation, or by an import; unknown where a file does not say.
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    stage_since = models.DateTimeField(_("in this stage since"), editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    lost_reason = models.ForeignKey(
        LostReason, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("lost reason")
    )
    # Order by hand inside a column, see rank.py. Compared as bytes, whatever the database's own collation.
    rank = models.CharField(max_length=60, blank=True, editable=False, db_collation="C")
    notes = models.TextField(_("notes"), blank=True)
    custom = custom_values_field()
    tags = tags_field()
    external_id = models.CharField(_("number in the old system"), max_length=60, blank=True)

    objects: ClassVar[Any] = OpportunityQuerySet.as_manager()

    class Meta:
        verbose_name = _("opportunity")
        verbose_name_plural = _("opportunities")
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="opportunity_amount_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(probability__isnull=True) | Q(probability__gte=0, probability__lte=1),
                name="opportunity_probability_is_a_share",
            ),
            models.CheckConstraint(condition=is_a_currency(), name="opportunity_currency_is_a_code"),
            models.CheckConstraint(
                condition=Q(forecast_category__in=["", *ForecastCategory.values]),
                name="opportunity_forecast_category_is_one",
            ),
            models.CheckConstraint(
                condition=Q(lost_reason__isnull=True) | Q(closed_at__isnull=False),
                name="opportunity_lost_reason_needs_a_close",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at=models.F("stage_since")),
                name="opportunity_closed_on_entering_its_stage",
            ),
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~Q(external_id="") & Q(deleted_at=None),
                name="opportunity_external_id_once",
            ),
        ]
        indexes = [
            *for_sorting("opportunity", "name", "stage_since", sometimes=("amount", "expected_close", "opened_at")),
            # Sorted by its closing; and what was closed in a period and what it came to, from the index alone.
            models.Index(
                fields=["closed_at", "id"],
                include=["stage", "currency", "amount"],
                name="opportunity_by_closing",
                condition=Q(deleted_at=None) & Q(closed_at__isnull=False),
            ),
            custom_values_index("opportunity_custom"),
            models.Index(fields=["-updated_at", "-id"], name="opportunity_newest", condition=Q(deleted_at=None)),
            models.Index(
                fields=["owner", "-updated_at", "-id"], name="opportunity_owner", condition=Q(deleted_at=None)
            ),
            models.Index(fields=["team", "-updated_at", "-id"], name="opportunity_team", condition=Q(deleted_at=None)),
            models.Index(fields=["stage", "rank", "id"], name="opportunity_column", condition=Q(deleted_at=None)),
            # The sums above the columns of everybody's board, read from the index alone; those of a person's board from
            # opportunity_scoped_sums (migration 0022).
            models.Index(
                fields=["stage", "currency", "probability"],
                include=["amount"],
                name="opportunity_sums",
                condition=Q(deleted_at=None),
            ),
            # The board of one person or team: its column in order, and the sums above it.
            models.Index(
                fields=["owner", "stage", "rank", "id"], name="opportunity_own_column", condition=Q(deleted_at=None)
            ),
            models.Index(
                fields=["team", "stage", "rank", "id"], name="opportunity_team_column", condition=Q(deleted_at=None)
            ),
            models.Index(fields=["customer", "-updated_at"], name="opportunity_customer", condition=Q(deleted_at=None)),
            GinIndex(fields=["tags"], name="opportunity_tags", condition=Q(deleted_at=None)),
            # What is expected in a month: of all, of one person, of a team; the last with what a forecast adds up.
            models.Index(fields=["expected_close", "id"], name="opportunity_expected", condition=STILL_OPEN),
            models.Index(fields=["owner", "expected_close"], name="opportunity_own_expected", condition=STILL_OPEN),
            models.Index(
                fields=["team", "expected_close"],
                include=["owner", "stage", "currency", "amount", "forecast_category"],
                name="opportunity_team_open",
                condition=STILL_OPEN,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name = " ".join(self.name.split())
        self.currency = check_currency(self.currency)
        if self.stage_id and self.pipeline_id and self.stage.pipeline_id != self.pipeline_id:
            raise ValidationError({"stage": _("This stage belongs to another pipeline.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.currency = tidy_currency(self.currency)
        super().save(*args, **kwargs)

    @property
    def is_open(self) -> bool:
        return self.stage.is_open

    @property
    def effective_probability(self) -> Decimal:
        """What counts now: the one set by hand, or the stage's; a closed one is certain either way."""
        if not self.is_open or self.probability is None:
            return self.stage.probability
        return self.probability

    @property
    def effective_category(self) -> str:
        """What an open one counts as in the forecast now: what was set by hand, or what the stage says."""
        return (self.forecast_category or self.stage.forecast_category) if self.is_open else ""

    @property
    def category_label(self) -> str:
        return str(ForecastCategory(self.effective_category).label) if self.is_open else ""

    @property
    def weighted_amount(self) -> Decimal | None:
        return None if self.amount is None else self.amount * self.effective_probability

    def search_words(self) -> Words:
        customer = self.customer
        return Words(
            title=self.name,
            subtitle=customer.name if customer else "",
            texts=[self.external_id, customer.name if customer else "", *texts_of(self)],
        )
