"""How often customers are to hear from us: rules that make tasks by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import BusinessCalendar
from customers.models.customer import Customer


class CadenceRuleQuerySet(models.QuerySet["CadenceRule"]):
    def active(self) -> Self:
        return self.filter(is_active=True)


class CadenceRule(models.Model):
    """One occasion to turn to customers, and for which of them."""

    class Occasion(models.TextChoices):
        CALL_BACK = "call_back", _("no contact for so many days")
        BIRTHDAY = "birthday", _("birthday of a contact")
        HOLIDAY = "holiday", _("public holiday")
        AFTER_SALE = "after_sale", _("so many days after a sale")

    COUNTS_DAYS: ClassVar[frozenset[str]] = frozenset({Occasion.CALL_BACK, Occasion.AFTER_SALE})

    occasion = models.CharField(_("occasion"), max_length=10, choices=Occasion.choices)
    title = models.CharField(_("title of the task"), max_length=120)
    notes = models.TextField(_("notes"), blank=True)
    tier = models.CharField(
        _("tier"), max_length=1, choices=Customer.Tier.choices, blank=True, help_text=_("Empty: customers of any tier.")
    )
    days = models.PositiveSmallIntegerField(
        _("days"), null=True, blank=True, help_text=_("Without contact, or after the sale.")
    )
    days_ahead = models.PositiveSmallIntegerField(
        _("made so many days ahead"), default=3, help_text=_("Birthdays, holidays and visits: 0 to 60.")
    )
    holiday = models.CharField(
        _("holiday"), max_length=120, blank=True, help_text=_("As the calendar calls it. Empty: each of them.")
    )
    calendar = models.ForeignKey(
        BusinessCalendar, models.PROTECT, related_name="+", verbose_name=_("business calendar"),
        help_text=_("Tasks fall on its working days."),
    )  # fmt: skip
    is_active = models.BooleanField(_("active"), default=True)

    objects = CadenceRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact cadence rule")
        verbose_name_plural = _("contact cadence rules")
        ordering = ["occasion", "tier", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(days__gte=1, days__lte=730) | (Q(days=None) & Q(occasion__in=["birthday", "holiday"])),
                name="cadence_rule_days_fit_the_occasion",
            ),
            models.CheckConstraint(condition=Q(days_ahead__lte=60), name="cadence_rule_at_most_60_days_ahead"),
            models.CheckConstraint(condition=~Q(title=""), name="cadence_rule_has_a_title"),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        if self.occasion in self.COUNTS_DAYS and not 1 <= (self.days or 0) <= 730:
            raise ValidationError({"days": _("Write how many days, 1 to 730.")})
        if self.occasion not in self.COUNTS_DAYS:
            self.days = None
        if self.days_ahead > 60:
            raise ValidationError({"days_ahead": _("At most 60 days ahead.")})
        if self.occasion == self.Occasion.HOLIDAY:
            self._refuse_unknown_holiday()
        else:
            self.holiday = ""

    def _refuse_unknown_holiday(self) -> None:
        named = self.calendar.holidays.filter(name=self.holiday) if self.calendar_id and self.holiday else None
        if named is not None and not named.exists():
            raise ValidationError({"holiday": _("The calendar has no holiday of this name.")})


@dataclass(frozen=True)
class Asked:
    """What an occasion is asked: for which rule, on which day, in which time zone."""

    rule: CadenceRule
    today: date
    zone: str


# A statement whose rows are: customer, contact or null, key (unique for what has happened), day, and who it is about.
Statement = tuple[str, dict[str, Any]]
_occasions: dict[str, Callable[[Asked], Statement]] = {}


def register(occasion: str, statement: Callable[[Asked], Statement]) -> None:
    """What finds the customers an occasion has come for. Apps above know occasions of their own."""
    _occasions[occasion] = statement


def statement_of(asked: Asked) -> Statement | None:
    found = _occasions.get(asked.rule.occasion)
    return found(asked) if found else None
