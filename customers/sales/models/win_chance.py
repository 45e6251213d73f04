"""How likely an open opportunity is to be won, told from what became of earlier ones: what was learned, what it says
of each, and how often it was right. Computed every night, see win_learning.py; docs/win-probability.md says how.

It stands beside the probability of the stage and the one set by hand and never takes their place: weighted amounts and
forecasts do not know it.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, SourceChannel
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.pipeline import Pipeline, Stage

NEEDED = 30  # closed opportunities that reached a stage, before anything is said of those in it
LEAST = 10  # opportunities with an attribute, before it changes anything
SMOOTHING = 20  # opportunities as usual that are added to those with an attribute
OLDEST = 365  # days in a stage: later it counts as then
YEARS_BACK = 3
TONIGHT = 0  # the run that counts; the others are what would have been said on days that are past
JUDGED_RUNS = 3

# Nobody guesses from fewer, or where every third opportunity is left open for good.
SETTLED_SHARE = 2 / 3


class WinCohort(models.Model):
    """The past opportunities that reached a stage, and what became of them until `as_of`.

    Opened within three years that ended `horizon` days before: by then nine in ten of those that close had closed. What
    is still open has not been won.
    """

    run = models.PositiveSmallIntegerField()
    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="+", db_index=False)
    stage = models.ForeignKey(Stage, models.CASCADE, related_name="+")
    as_of = models.DateTimeField()
    horizon = models.PositiveSmallIntegerField()
    reached = models.PositiveIntegerField()
    closed = models.PositiveIntegerField()
    won = models.PositiveIntegerField()
    base = models.FloatField(null=True)  # the share won, between 1 % and 99 %; none where too few closed
    oldest = models.PositiveSmallIntegerField(default=0)  # after so many days the last ten were still in the stage
    small_until = models.DecimalField(max_digits=38, decimal_places=10, null=True)  # the thirds by amount
    middle_until = models.DecimalField(max_digits=38, decimal_places=10, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "stage"], name="win_cohort_once_in_a_run")]

    def __str__(self) -> str:
        return f"{self.stage}: {self.won}/{self.reached}"

    @property
    def share(self) -> float | None:
        return self.won / self.reached if self.reached else None

    @property
    def open(self) -> int:
        return self.reached - self.closed


class WinFactor(models.Model):
    """Of a cohort those with an attribute, and by how much it moves the log-odds: nothing where they are too few."""

    class Attribute(models.TextChoices):
        AGE = "age", _("days in this stage")
        AMOUNT = "amount", _("amount")
        CUSTOMER = "customer", _("new or existing customer")
        CHANNEL = "channel", _("source channel")
        TIER = "tier", _("tier")

    cohort = models.ForeignKey(WinCohort, models.CASCADE, related_name="factors")
    attribute = models.CharField(max_length=8, choices=Attribute.choices)
    value = models.CharField(max_length=12)
    reached = models.PositiveIntegerField()
    won = models.PositiveIntegerField()
    effect = models.FloatField(default=0.0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cohort", "attribute", "value"], name="win_factor_once")]

    def __str__(self) -> str:
        return f"{self.attribute} {self.value}: {self.won}/{self.reached}"

    @property
    def share(self) -> float | None:
        return self.won / self.reached if self.reached else None


class WinChance(models.Model):
    """What history said last night of an opportunity that was open, with what was known of it. One narrow row each."""

    opportunity = models.OneToOneField(
        Opportunity, models.CASCADE, primary_key=True, related_name="win_chance", db_constraint=False
    )
    stage = models.ForeignKey(Stage, models.CASCADE, related_name="+", db_index=False)
    probability = models.FloatField(_("win probability"), null=True)  # none where too few closed before it
    age = models.PositiveSmallIntegerField()  # whole days in the stage, no more than enough others stayed
    amount = models.CharField(max_length=12)
    customer = models.CharField(max_length=12)
    channel = models.CharField(max_length=12)
    tier = models.CharField(max_length=12)
    as_of = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(probability__isnull=True) | Q(probability__gte=0.01, probability__lte=0.99),
                name="win_chance_is_never_certain",
            )
        ]
        # What the list sorted by it walks along.
        indexes = [models.Index(fields=["probability", "opportunity"], name="win_chance_order")]

    def __str__(self) -> str:
        return f"{self.opportunity_id}: {self.probability}"

    @property
    def said(self) -> dict[str, str]:
        """Its attributes and their values, as its factors name them."""
        names = WinFactor.Attribute
        return {str(name): str(getattr(self, name)) for name in names if getattr(self, name) not in ("", 0)}


class WinJudgement(models.Model):
    """What would have been said on a past day of what was open then, tenth by tenth, and what became of it."""

    run = models.PositiveSmallIntegerField()
    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="+")
    as_of = models.DateTimeField()
    band = models.PositiveSmallIntegerField()  # 0: below 10 %, 9: 90 % and more
    judged = models.PositiveIntegerField()
    open = models.PositiveIntegerField()  # of them, still: counted as not won
    won = models.PositiveIntegerField()
    predicted = models.FloatField()  # the sums, over them, of what was said,
    variance = models.FloatField()  # of p (1 - p),
    squared = models.FloatField()  # of the squared errors of what was said,
    squared_stage = models.FloatField()  # of those of the stage's share alone,
    squared_set = models.FloatField()  # and of those of the probability of the stage, or set by hand, that day

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "pipeline", "band"], name="win_judgement_once")]

    def __str__(self) -> str:
        return f"{self.pipeline_id} {self.as_of:%Y-%m-%d} {self.band}: {self.won}/{self.judged}"


CUSTOMERS = {"new": _("never bought before"), "existing": _("bought before")}


def value_label(attribute: str, value: str) -> Any:
    """What people call a value of an attribute; amounts need to know where the thirds end."""
    if attribute == WinFactor.Attribute.AGE:
        return _("%(days)s or more") % {"days": value}
    if attribute == WinFactor.Attribute.CHANNEL:
        return SourceChannel.label_of(value)
    if attribute == WinFactor.Attribute.TIER:
        return dict(Customer.Tier.choices).get(value, value)
    return CUSTOMERS.get(value, value)
