"""What a currency is worth in the organisation's own, from a day on until the next rate.

An amount counts at the rate of its own day: what was won at that of the day it was won, what is open at today's. What
has no rate on its day is never taken for nothing nor one for one: it stands beside the sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, DecimalField, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from crm.access.querysets import ScopedQuerySet
from customers.sales.models.currency import Money, check_currency, is_a_currency, tidy_currency, totals


class CurrencyRateQuerySet(ScopedQuerySet):
    def valid_on(self, day: date) -> Self:
        """Of each currency the rate that counts that day."""
        return self.filter(valid_from__lte=day).order_by("currency", "-valid_from").distinct("currency")


class CurrencyRate(models.Model):
    """One unit of a currency in the organisation's own, from a day on. Edited in the admin site, or imported."""

    kind: ClassVar[str] = "currency_rate"
    owner_field = None
    team_field = None

    currency = models.CharField(_("currency"), max_length=3)
    valid_from = models.DateField(_("valid from"))
    rate = models.DecimalField(
        _("rate"),
        max_digits=20,
        decimal_places=10,
        help_text=_("What one unit is worth in the organisation's currency."),
    )

    objects: Any = CurrencyRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("currency rate")
        verbose_name_plural = _("currency rates")
        ordering = ["currency", "-valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(rate__gt=0), name="currency_rate_more_than_nothing"),
            models.CheckConstraint(condition=is_a_currency(), name="currency_rate_currency_is_a_code"),
            models.UniqueConstraint(
                fields=["currency", "valid_from"], name="currency_rate_once_a_day",
                violation_error_message=_("There is a rate of this currency from this day on already."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.currency} {self.valid_from:%Y-%m-%d}"

    def clean(self) -> None:
        self.currency = check_currency(self.currency)
        if self.currency == settings.CURRENCY:
            raise ValidationError({"currency": _("The organisation's own currency needs no rate.")})
        if self.rate is not None and self.rate <= 0:
            raise ValidationError({"rate": _("A rate is more than nothing.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.currency = tidy_currency(self.currency)
        super().save(*args, **kwargs)


class Rates:
    """The rates of one day, read once, and only where there is something to convert."""

    def __init__(self, day: date) -> None:
        self.day = day

    @cached_property
    def _known(self) -> dict[str, Decimal]:
        return dict(CurrencyRate.objects.valid_on(self.day).values_list("currency", "rate"))

    def of(self, currency: str) -> Decimal | None:
        return Decimal(1) if currency == settings.CURRENCY else self._known.get(currency)

    def total(self, amounts: Iterable[Money]) -> list[Money]:
        """The sum in the organisation's currency, and beside it one sum for each currency that has no rate."""
        return totals(self._converted(money) for money in amounts)

    def worth(self, amount: str, currency: str = "currency") -> Case:
        """An amount of a row in the organisation's currency; nothing where there is no rate."""
        rates = [When(**{currency: settings.CURRENCY}, then=F(amount))]
        rates += [When(**{currency: code}, then=F(amount) * Value(rate)) for code, rate in self._known.items()]
        return Case(*rates, output_field=DecimalField(max_digits=30, decimal_places=12))

    def _converted(self, money: Money) -> Money:
        rate = self.of(money.currency)
        return money if rate is None else Money(money.amount * rate, settings.CURRENCY)


def rate_sql(currency: str, day: str) -> str:
    """The rate of a currency on a day, in a statement that is given `home`; NULL where there is none."""
    return f"""(CASE WHEN {currency} = %(home)s THEN 1 ELSE (SELECT rate.rate FROM sales_currencyrate AS rate
        WHERE rate.currency = {currency} AND rate.valid_from <= {day} ORDER BY rate.valid_from DESC LIMIT 1) END)"""


def sums_at(rows: Any, amount: str, currency: str, day: Any) -> list[Money]:
    """What rows add up to, each at the rate of its own day."""
    before = {"currency": OuterRef(currency), "valid_from__lte": OuterRef("own_day")}
    dated = CurrencyRate.objects.filter(**before).order_by("-valid_from")
    rate = Case(
        When(**{currency: settings.CURRENCY}, then=Value(Decimal(1))),
        default=Subquery(dated.values("rate")[:1]),
        output_field=DecimalField(max_digits=20, decimal_places=10),
    )
    said = rows.order_by().filter(**{f"{amount}__isnull": False}).annotate(own_day=day).annotate(rate_of_its_day=rate)
    home = Case(When(rate_of_its_day__isnull=True, then=F(currency)), default=Value(settings.CURRENCY))
    worth = Sum(F(amount) * Coalesce("rate_of_its_day", Value(Decimal(1))), output_field=DecimalField())
    summed = said.annotate(shown_in=home).values("shown_in").annotate(worth=worth)
    return totals(Money(row["worth"], row["shown_in"]) for row in summed)
