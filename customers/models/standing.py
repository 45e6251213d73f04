from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.models import Team, User
from customers.models.churn_reason import ChurnReason
from customers.models.customer import Customer


class StandingQuerySet(models.QuerySet["Standing"]):
    def as_of(self, moment: datetime) -> Self:
        """Of each customer the row that was true at that moment."""
        return self.filter(since__lte=moment).order_by("customer_id", "-since", "-id").distinct("customer_id")


class Standing(models.Model):
    """Whose a customer was and in which lifecycle, from a moment on until the next row. Rows are only ever added.

    Numbers count for whoever owned the customer then: a handover does not rewrite last quarter.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="standings")
    since = models.DateTimeField(_("since"))
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    lifecycle = models.CharField(max_length=10, choices=Customer.Lifecycle.choices)
    churn_reason = models.ForeignKey(ChurnReason, models.PROTECT, null=True, related_name="+", db_index=False)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = StandingQuerySet.as_manager()

    class Meta:
        ordering = ["customer_id", "-since", "-id"]
        indexes = [
            models.Index(fields=["customer", "-since", "-id"], name="standing_customer"),
            models.Index(fields=["lifecycle", "since"], name="standing_lifecycle"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.lifecycle} {self.since:%Y-%m-%d}"
