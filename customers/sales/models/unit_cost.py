from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.access.grants import Access
from crm.access.permissions import Verb
from crm.access.querysets import Rule, ScopedQuerySet
from customers.sales.models.cost import Cost
from customers.sales.models.currency import check_currency, is_a_currency, tidy_currency
from customers.sales.models.product import Product


class UnitCostQuerySet(ScopedQuerySet):
    def rules(self, access: Access, verb: Verb) -> list[Rule]:
        """Whoever may look at costs may look at what goods cost; it is nobody's own."""
        return [Rule("all", _("the role reaches all records of this kind"), Q())] if access.may(Cost.kind, verb) else []


class UnitCost(models.Model):
    """What one piece of a product costs us, or a month of it, from a day on until the next cost.

    Edited in the admin site, or from files. A sale has the cost of its own day; without one its margin is not known.
    """

    kind: ClassVar[str] = "unit_cost"
    owner_field = None
    team_field = None

    product = models.ForeignKey(Product, models.PROTECT, related_name="unit_costs", verbose_name=_("product"))
    cost = models.DecimalField(_("cost"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, blank=True)  # the organisation's own when left empty
    valid_from = models.DateField(_("valid from"))

    objects: ClassVar[Any] = UnitCostQuerySet.as_manager()

    class Meta:
        verbose_name = _("cost of goods")
        verbose_name_plural = _("costs of goods")
        ordering = ["product__name", "-valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(cost__gte=0), name="unit_cost_not_negative"),
            models.CheckConstraint(condition=is_a_currency(), name="unit_cost_currency_is_a_code"),
            models.UniqueConstraint(
                fields=["product", "valid_from"], name="unit_cost_once_a_day",
                violation_error_message=_("There is a cost of this product from this day on already."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.product}, {self.valid_from:%Y-%m-%d}"

    def clean(self) -> None:
        self.currency = check_currency(self.currency)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.currency = tidy_currency(self.currency)
        super().save(*args, **kwargs)
