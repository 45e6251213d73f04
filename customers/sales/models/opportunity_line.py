from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Round
from django.utils.translation import gettext_lazy as _

from crm.models.checked import CheckedTogether
from customers.sales.models.currency import in_cents
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.product import Product

MONEY = models.DecimalField(max_digits=24, decimal_places=2)


def charged(quantity: Decimal, unit_price: Decimal, discount: Decimal) -> Decimal:
    """What a line costs once, or each month: rounded to the cent, half a cent up, as the database does."""
    return in_cents(quantity * unit_price * (1 - discount))


class OpportunityLine(CheckedTogether):
    """A product that may be sold, at the price offered, in the opportunity's currency.

    Without `months` it is paid once. With them it is paid each month for so long: its total is that of all months, and
    what it costs a month is the recurring value. The database computes both, so that sums are the same everywhere.
    """

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name=_("product"))
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=2, default=1)
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=2)
    discount = models.DecimalField(_("discount"), max_digits=5, decimal_places=4, default=Decimal(0))  # a share
    months = models.PositiveSmallIntegerField(_("months"), null=True, blank=True)
    charge = models.GeneratedField(
        expression=Round(F("quantity") * F("unit_price") * (Value(1) - F("discount")), precision=2),
        output_field=MONEY,
        db_persist=True,
    )
    total = models.GeneratedField(
        expression=Round(F("quantity") * F("unit_price") * (Value(1) - F("discount")), precision=2)
        * Coalesce(F("months"), Value(1)),
        output_field=MONEY,
        db_persist=True,
    )

    objects: Any = models.Manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="opportunity_line_quantity_positive"),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="opportunity_line_price_not_negative"),
            models.CheckConstraint(
                condition=Q(discount__gte=0, discount__lte=1), name="opportunity_line_discount_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(months__isnull=True) | Q(months__gte=1), name="opportunity_line_months_at_least_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"
