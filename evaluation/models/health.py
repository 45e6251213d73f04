from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.access.querysets import ScopedQuerySet
from customers.models import Customer


class Band(models.TextChoices):
    RED = "red", _("at risk")
    AMBER = "amber", _("watch")
    GREEN = "green", _("healthy")
    UNKNOWN = "unknown", _("not enough known")


class HealthScore(models.Model):
    """How a customer stands today, and why: one narrow row for each customer.

    The arrays hold one figure for each component of the model version, in the order of
    `evaluation.health.components`: what was observed, its value from 0 to 1 before fading, how many days old it
    is, and the points it adds to 50. Without a cap 50 + the sum of the points is the score, exactly.
    """

    kind: ClassVar[str] = "health_score"
    owner_field = None
    team_field = None
    follows: ClassVar[tuple[str, ...]] = ("customer",)

    # Scores are only ever computed from the customers that are there. Checked once more for each row, with a lock on
    # each customer, writing those of 100,000 took three times as long.
    customer = models.OneToOneField(
        Customer, models.CASCADE, primary_key=True, db_constraint=False, related_name="health_score",
        verbose_name=_("customer"),
    )  # fmt: skip
    score = models.FloatField(_("score"), null=True)
    band = models.CharField(_("band"), max_length=7, choices=Band.choices, default=Band.UNKNOWN)
    coverage = models.FloatField(_("coverage"))
    raw = ArrayField(models.FloatField(null=True))
    values = ArrayField(models.FloatField(null=True))
    ages = ArrayField(models.FloatField(null=True))
    points = ArrayField(models.FloatField())
    capped = models.BooleanField(default=False)  # held down by a complaint left open
    version = models.PositiveSmallIntegerField(_("version"))
    computed_at = models.DateTimeField(_("computed"))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("health score")
        verbose_name_plural = _("health scores")
        constraints = [
            models.CheckConstraint(
                condition=Q(score__isnull=True) | (Q(score__gte=0) & Q(score__lte=100)),
                name="health_score_from_0_to_100",
            ),
            models.CheckConstraint(
                condition=Q(coverage__gte=0) & Q(coverage__lte=1), name="health_coverage_is_a_share"
            ),
        ]
        # Today asks for the worst of one's own: one in a hundred is at risk.
        indexes = [models.Index(fields=["score", "customer"], name="health_at_risk", condition=Q(band="red"))]

    def __str__(self) -> str:
        return f"{self.customer}: {self.score}"


class HealthSnapshot(models.Model):
    """The score at the end of a day on which it changed by a point or its band did; other days are as before."""

    customer = models.ForeignKey(Customer, models.CASCADE, db_constraint=False, related_name="health_history")
    day = models.DateField()
    score = models.FloatField(null=True)
    band = models.CharField(max_length=7, choices=Band.choices)
    coverage = models.FloatField()
    version = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "day"], name="health_snapshot_once_a_day")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.day}: {self.score}"
