"""What the customer list, and so a segment, can ask of a customer's sales."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import DecimalField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.web.lists import offered
from customers.lists.around import LONGEST_DAYS, MOST_MONEY, Between, HavingOne, HowMany, HowMuch, WithinDays
from customers.lists.customers import CustomerFilter
from customers.sales.lists.choices import stages
from customers.sales.models import Contract, Opportunity, Pipeline, closed_amounts
from customers.sales.models.currency_rate import Rates
from customers.sales.models.forecast_period import local_day
from customers.sales.models.rfm import RfmScore


def offer() -> None:
    open_ones, running = {"kinds": ("opportunity",)}, {"kinds": ("contract",)}
    bought = {"kinds": ("order",)}
    offered.offer(
        CustomerFilter,
        _("Sales and contracts"),
        10,
        opportunities_open=HowMany(open_opportunities, label=_("open opportunities"), **open_ones),
        opportunities_amount=HowMuch(
            open_opportunities,
            todays_amount,
            label=_("amount of open opportunities"),
            reads=(closed_amounts.KIND, closed_amounts.FIELD),
            **open_ones,
        ),
        opportunities_pipeline=HavingOne(
            open_opportunities, "pipeline", queryset=pipelines, label=_("open opportunity in the pipeline"), **open_ones
        ),
        opportunities_stage=HavingOne(
            open_opportunities, "stage", queryset=open_stages, label=_("open opportunity in the stage"), **open_ones
        ),
        won_days=WithinDays(won_opportunities, "closed_at", label=_("won in the last … days"), **open_ones),
        lost_days=WithinDays(lost_opportunities, "closed_at", label=_("lost in the last … days"), **open_ones),
        purchase_age=PurchaseAge("last_on", most=LONGEST_DAYS, label=_("last purchase, days ago"), **bought),
        purchases=Purchased("purchases", label=_("purchases"), **bought),
        purchased=Purchased(
            "amount", number=DecimalField, most=MOST_MONEY, label=_("bought for, altogether"), **bought
        ),
        contracts=HowMany(running_contracts, label=_("running contracts"), **running),
        contracts_value=HowMuch(running_contracts, todays_value, label=_("contracts, value per month"), **running),
        contracts_renewal=WithinDays(
            contracts_to_renew, "end", ahead=True, label=_("contract to be renewed in the next … days"), **running
        ),
    )


class Purchased(Between):
    """Of what recency, frequency and value were worked out of last night: days with a purchase, and what for."""

    def __init__(self, column: str, **kwargs: Any) -> None:
        self.column = column
        super().__init__(**kwargs)

    def narrow(self, qs: QuerySet, low: Any, high: Any) -> QuerySet:
        return qs.filter(self.between(low, high) if low else ~self.between(high, None, above=True))

    def between(self, low: Any, high: Any, *, above: bool = False) -> Exists:
        wanted = {f"{self.column}__{'gt' if above else 'gte'}": low, f"{self.column}__lte": high}
        said = {path: end for path, end in wanted.items() if end is not None}
        return Exists(RfmScore.objects.filter(customer=OuterRef("pk"), **said))


class PurchaseAge(Purchased):
    """Who never bought anything did not do so any number of days ago."""

    def narrow(self, qs: QuerySet, low: Any, high: Any) -> QuerySet:
        today = local_day(timezone.now())
        latest, first = (None if days is None else today - timedelta(days=days) for days in (low, high))
        return qs.filter(self.between(first, latest))


def open_opportunities(user: Any, now: datetime) -> QuerySet:
    return Opportunity.objects.visible_to(user).filter(closed_at=None)


def won_opportunities(user: Any, now: datetime) -> QuerySet:
    return Opportunity.objects.visible_to(user).won()


def lost_opportunities(user: Any, now: datetime) -> QuerySet:
    return Opportunity.objects.visible_to(user).lost()


def running_contracts(user: Any, now: datetime) -> QuerySet:
    """As their value per month is counted: one whose term is over runs on until it is renewed or ended."""
    day = local_day(now)
    rows = Contract.objects.visible_to(user).filter(start__lte=day)
    return rows.filter(Q(churned_from=None) | Q(churned_from__gt=day))


def contracts_to_renew(user: Any, now: datetime) -> QuerySet:
    return Contract.objects.visible_to(user).not_ended()


def todays_amount(now: datetime) -> Any:
    return Rates(local_day(now)).worth("amount")


def todays_value(now: datetime) -> Any:
    return Rates(local_day(now)).worth("monthly_value")


def pipelines(request: Any) -> QuerySet[Pipeline]:
    return Pipeline.objects.visible_to(request.user)


def open_stages(request: Any) -> QuerySet:
    return stages(request).open()
