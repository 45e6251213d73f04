from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

VALID_DAYS = 30


class QuoteRules(models.Model):
    """What new quotes begin with: one row for the organisation, edited in the admin site."""

    kind: ClassVar[str] = "pipeline"
    owner_field = None
    team_field = None

    is_the_one = models.BooleanField(default=True, unique=True, editable=False)
    sender = models.TextField(
        _("who offers"), blank=True, help_text=_("Name, address and tax number, as they stand on every quote.")
    )
    valid_days = models.PositiveSmallIntegerField(
        _("days valid"), default=VALID_DAYS, help_text=_("How long a new quote is valid, unless it says otherwise.")
    )
    tax_percent = models.DecimalField(
        _("tax rate in percent"),
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text=_("Of a new line, unless it says otherwise."),
    )
    terms = models.TextField(_("terms"), blank=True, help_text=_("Below every new quote, where they can be changed."))

    class Meta:
        verbose_name = _("rules for quotes")
        verbose_name_plural = _("rules for quotes")
        constraints = [
            models.CheckConstraint(condition=Q(is_the_one=True), name="quote_rules_are_one_row"),
            models.CheckConstraint(
                condition=Q(tax_percent__gte=0, tax_percent__lte=100), name="quote_rules_tax_is_a_percentage"
            ),
        ]

    def __str__(self) -> str:
        return str(_("Rules for quotes"))

    @classmethod
    def in_force(cls) -> QuoteRules:
        return cls.objects.first() or cls()

    @property
    def tax_rate(self) -> Decimal:
        return Decimal(self.tax_percent) / 100
