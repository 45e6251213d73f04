from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.joining import labelled
from crm.web import formats
from customers.sales.models.pipeline import Pipeline, Stage


class BigSaleRuleQuerySet(models.QuerySet["BigSaleRule"]):
    def about(self, opportunity: Any) -> Self:
        """Those that have something to say of it as it stands, the smallest amount first."""
        turn = {f"when_{opportunity.stage.outcome}": True}
        everywhere_or_here = Q(pipeline=None) | Q(pipeline=opportunity.pipeline_id)
        return self.filter(everywhere_or_here, is_active=True, **turn).order_by("amount", "pk")


class BigSaleRule(models.Model):
    """From which amount a sale is big, and who hears of it. Edited in the admin site, see actions/big_sales.py."""

    pipeline = models.ForeignKey(
        Pipeline, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("pipeline"),
        help_text=_("Empty: all of them."),
    )  # fmt: skip
    amount = models.DecimalField(
        _("from which amount"), max_digits=18, decimal_places=2, validators=[MinValueValidator(0)]
    )
    when_open = models.BooleanField(_("when an open one reaches it"), default=True)
    when_won = models.BooleanField(_("when it is won"), default=True)
    when_lost = models.BooleanField(_("when it is lost"), default=True)
    tells_managers = models.BooleanField(
        _("tells the owner's managers"), default=True, help_text=_("Who manages the owner's team or one above it.")
    )
    people: Any = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+", blank=True, verbose_name=_("also tells"),
        help_text=_("Whoever may not see an opportunity is not told of it."),
    )  # fmt: skip
    is_active = models.BooleanField(_("active"), default=True)

    objects = BigSaleRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert of big sales")
        verbose_name_plural = _("alerts of big sales")
        ordering = ["amount", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="big_sale_rule_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(when_open=True) | Q(when_won=True) | Q(when_lost=True),
                name="big_sale_rule_says_when",
                violation_error_message=_("Choose at least one occasion on which it tells."),
            ),
        ]

    def __str__(self) -> str:
        return labelled(self.pipeline or _("All pipelines"), formats.money(self.amount, settings.CURRENCY))

    @property
    def turns(self) -> list[str]:
        """The outcomes it speaks of, as one reads them."""
        return [str(label) for turn, label in Stage.Outcome.choices if getattr(self, f"when_{turn}")]
