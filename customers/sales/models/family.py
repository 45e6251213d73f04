"""What many customers come to together: open, won, and what their contracts bring in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _

from customers.models import family
from customers.models.family import Figure
from customers.sales.models.contract import Contract
from customers.sales.models.contract_movement import ContractMovement
from customers.sales.models.currency import Money
from customers.sales.models.currency_rate import Rates, sums_at
from customers.sales.models.forecast_period import local_day, organisation_zone
from customers.sales.models.opportunity import Opportunity


def open_amount(user: Any, ids: Sequence[int], now: datetime) -> list[Money]:
    theirs = Opportunity.objects.visible_to(user).open().filter(customer__in=ids, amount__isnull=False).order_by()
    rows = theirs.values_list("currency").annotate(sum=Sum("amount"))
    return Rates(local_day(now)).total(Money(amount, currency) for currency, amount in rows)


def won_amount(user: Any, ids: Sequence[int], now: datetime) -> list[Money]:
    theirs = Opportunity.objects.visible_to(user).filter(customer__in=ids, stage__outcome="won")
    return sums_at(theirs, "amount", "currency", TruncDate("closed_at", tzinfo=organisation_zone()))


def monthly_value(user: Any, ids: Sequence[int], now: datetime) -> list[Money]:
    theirs = Contract.objects.visible_to(user).filter(customer__in=ids).order_by().values("pk")
    return ContractMovement.objects.of_contracts(theirs).monthly_value_on(local_day(now))


def as_json(amounts: list[Money]) -> list[dict[str, str]]:
    return [{"amount": str(money.amount), "currency": money.currency} for money in amounts]


def register() -> None:
    template = "sales/_figure.html"
    family.register(Figure("open", _("Open sales"), "opportunity", open_amount, template, as_json))
    family.register(Figure("won", _("Won"), "opportunity", won_amount, template, as_json))
    family.register(Figure("monthly_value", _("Contracts per month"), "contract", monthly_value, template, as_json))
