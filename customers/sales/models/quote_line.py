from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models.checked import CheckedTogether
from customers.sales.models.currency import in_cents
from customers.sales.models.opportunity_line import charged
from customers.sales.models.product import Product
from customers.sales.models.quote import Quote


def net_of(quantity: Decimal, unit_price: Decimal, discount: Decimal, months: int | None) -> Decimal:
    """What a line costs altogether before tax: its charge is rounded to the cent, then paid so many times."""
    return charged(quantity, unit_price, discount) * (months or 1)


def tax_on(net: Decimal, rate: Decimal) -> Decimal:
    """The tax of one line, rounded to the cent, half a cent up."""
    return in_cents(net * rate)


class QuoteLine(CheckedTogether):
    """A product or a service in words, at the price offered. `text` is what the customer reads, whatever becomes of
    the product's name. With `months` the charge is paid each month for so long."""

    quote = models.ForeignKey(Quote, models.CASCADE, related_name="lines")
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    text = models.CharField(_("text"), max_length=300)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=2, default=1)
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=2)
    discount = models.DecimalField(_("discount"), max_digits=5, decimal_places=4, default=Decimal(0))  # a share
    months = models.PositiveSmallIntegerField(_("months"), null=True, blank=True)
    tax_rate = models.DecimalField(_("tax rate"), max_digits=5, decimal_places=4, default=Decimal(0))  # a share

    objects: Any = models.Manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="quote_line_says_what"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="quote_line_quantity_positive"),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="quote_line_price_not_negative"),
            models.CheckConstraint(
                condition=Q(discount__gte=0, discount__lte=1), name="quote_line_discount_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(tax_rate__gte=0, tax_rate__lte=1), name="quote_line_tax_rate_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(months__isnull=True) | Q(months__gte=1), name="quote_line_months_at_least_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.text}"

    @property
    def net(self) -> Decimal:
        return net_of(self.quantity, self.unit_price, self.discount, self.months)

    @property
    def tax(self) -> Decimal:
        return tax_on(self.net, self.tax_rate)
