"""Where a sale came from, told from rows: the first touch of its customer, and the last before it was opened.

The first touch is what the customer came through and stays for ever: its channel and campaign, else those of the first
lead that became it. The last touch is the last, until the opportunity was opened, of the campaigns somebody of the
customer responded to and the leads that came in; where there is neither, the first was the last one too. Both are
claims about what preceded a sale, not about what caused it. The numbers count the same: evaluation/kpis/touches.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Lower, TruncDate
from django.utils import timezone

from customers.models import Customer, SourceChannel
from customers.sales.models import closed_amounts
from customers.sales.models.campaign import Campaign, CampaignName
from customers.sales.models.campaign_member import CampaignMember, MemberState
from customers.sales.models.cost import Cost
from customers.sales.models.currency import Money, totals
from customers.sales.models.currency_rate import Rates, sums_at
from customers.sales.models.lead import Lead
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.order import Order
from customers.sales.models.order_return import OrderReturn


@dataclass(frozen=True)
class Touch:
    """`text` is what the record says of a campaign; `campaign` the one it names, where it is one of ours."""

    channel: str
    text: str
    campaign: Campaign | None
    day: date | None

    @property
    def channel_label(self) -> str:
        return SourceChannel.label_of(self.channel)


def first_touch(customer: Customer) -> Touch | None:
    leads = Lead.objects.alive().filter(customer=customer).order_by("created_at", "pk")
    lead = leads.first()
    text = customer.campaign or (lead.campaign if lead else "")
    channel = customer.channel or (lead.channel if lead else "")
    if not channel and not text:
        return None
    day = customer.first_contact_on or (timezone.localdate(lead.created_at) if lead else None)
    campaign = Campaign.objects.alive().called(text).first() if text else None
    return Touch(channel, text, campaign, day)


def last_touch(opportunity: Opportunity, zone: tzinfo) -> Touch | None:
    if opportunity.customer_id is None:
        return None
    customer, began = opportunity.customer_id, opportunity.opened_at or opportunity.closed_at or opportunity.created_at
    opened = began.astimezone(zone).date()
    theirs = Q(contact__customer_links__customer=customer) | Q(lead__customer=customer)
    answered = CampaignMember.objects.filter(
        theirs, state=MemberState.RESPONDED, responded_on__lte=opened, campaign__deleted_at=None
    )
    last = answered.select_related("campaign").order_by("-responded_on", "-pk").first()
    came = Lead.objects.alive().filter(customer=customer, created_at__lte=began).exclude(channel="", campaign="")
    lead = came.order_by("-created_at", "-pk").first()
    if lead and (last is None or lead.created_at.astimezone(zone).date() > (last.responded_on or opened)):
        return _of_lead(lead, zone)
    if last is None:
        return first_touch(Customer.objects.get(pk=customer))  # scoped: the opportunity's own
    return Touch(last.campaign.channel, last.campaign.name, last.campaign, last.responded_on)


def _of_lead(lead: Lead, zone: tzinfo) -> Touch:
    campaign = Campaign.objects.alive().called(lead.campaign).first() if lead.campaign else None
    return Touch(lead.channel, lead.campaign, campaign, lead.created_at.astimezone(zone).date())


def leads_of(campaign: Campaign) -> QuerySet[Lead]:
    return Lead.objects.alive().annotate(named=Lower("campaign")).filter(named__in=_names(campaign))


def customers_of(campaign: Campaign) -> QuerySet[Customer]:
    """Those whose first touch it was."""
    said = Customer.objects.alive().annotate(named=Lower("campaign"))
    earlier = (
        Lead.objects.alive()
        .filter(customer=OuterRef("customer"))
        .filter(Q(created_at__lt=OuterRef("created_at")) | Q(created_at=OuterRef("created_at"), pk__lt=OuterRef("pk")))
    )
    brought = leads_of(campaign).filter(~Exists(earlier), customer__isnull=False).order_by()
    return said.filter(Q(named__in=_names(campaign)) | Q(campaign="", pk__in=brought.values("customer")))


def _names(campaign: Campaign) -> Any:
    return CampaignName.objects.filter(campaign=campaign).values(key=Lower("name"))


@dataclass(frozen=True)
class Results:
    """What a campaign led to, as far as somebody may see it."""

    planned: int
    sent: int
    responded: int
    leads: int
    converted: int
    customers: int
    open: list[Money]
    won: list[Money]
    ordered: list[Money]  # without an opportunity; less what came back of it and of what was won

    @property
    def bought(self) -> list[Money]:
        """As the numbers count it (`campaign_roi`), as far as somebody may see it."""
        return totals([*self.won, *self.ordered])

    @property
    def members(self) -> int:
        return self.planned + self.sent + self.responded

    @property
    def response_rate(self) -> float | None:
        """Of those addressed; who responded was addressed."""
        asked = self.sent + self.responded
        return self.responded / asked if asked else None

    @property
    def conversion_rate(self) -> float | None:
        return self.converted / self.leads if self.leads else None


def results_of(campaign: Campaign, user: Any, today: date, zone: tzinfo) -> Results:
    members = dict(
        CampaignMember.objects.visible_to(user).filter(campaign=campaign).order_by()
        .values_list("state").annotate(count=Count("pk"))
    )  # fmt: skip
    leads = Lead.objects.visible_to(user).filter(pk__in=leads_of(campaign).values("pk"))
    counted = leads.aggregate(all=Count("pk"), converted=Count("pk", filter=Q(state=Lead.State.CONVERTED)))
    customers = Customer.objects.visible_to(user).filter(pk__in=customers_of(campaign).values("pk"))
    sales = Opportunity.objects.visible_to(user).filter(customer__in=customers.values("pk"))
    won = sales.filter(stage__outcome="won")
    return Results(
        members.get(MemberState.PLANNED, 0), members.get(MemberState.SENT, 0), members.get(MemberState.RESPONDED, 0),
        counted["all"], counted["converted"], customers.count(),
        _open(sales.open(), today), sums_at(won, "amount", "currency", _day_won(zone)), _ordered(customers, user, zone),
    )  # fmt: skip


def _ordered(customers: Any, user: Any, zone: tzinfo) -> list[Money]:
    orders = Order.objects.visible_to(user).filter(customer__in=customers.values("pk"), opportunity=None)
    counts = Q(order__opportunity=None) | Q(
        order__opportunity__stage__outcome="won", order__opportunity__deleted_at=None
    )
    theirs = OrderReturn.objects.visible_to(user).standing().filter(counts, order__customer__in=customers.values("pk"))
    back = sums_at(theirs, "amount", "order__currency", TruncDate("returned_at", tzinfo=zone))
    bought = sums_at(orders, "amount", "currency", TruncDate("ordered_at", tzinfo=zone))
    return totals([*bought, *(Money(-one.amount, one.currency) for one in back)])


def _open(sales: Any, today: date) -> list[Money]:
    rows = sales.filter(amount__isnull=False).order_by().values_list("currency").annotate(sum=Sum("amount"))
    return Rates(today).total(Money(amount, currency) for currency, amount in rows)


def _day_won(zone: tzinfo) -> TruncDate:
    return TruncDate("closed_at", tzinfo=zone)


@dataclass(frozen=True)
class Spending:
    spent: list[Money]
    left: Money | None  # of the budget
    cost_per_customer: Money | None
    upper_return: float | None  # (bought - cost) / cost: what follows is not all caused

    @property
    def over(self) -> Money | None:
        """By how much the budget was exceeded."""
        return Money(-self.left.amount, self.left.currency) if self.left and self.left.amount < 0 else None


def spending_of(campaign: Campaign, results: Results, user: Any) -> Spending:
    """Against a budget in another currency than the organisation's stand the costs in that currency only. Where a cost
    or a sale has no rate, nothing is said of the return."""
    costs = Cost.objects.visible_to(user).of_campaign(campaign)
    spent = costs.worth()
    cost = _in(spent, settings.CURRENCY)
    left = None
    if campaign.budget is not None and not closed_amounts.are_hidden():
        held = costs.sums() if campaign.currency != settings.CURRENCY else spent
        left = Money(campaign.budget - _in(held, campaign.currency), campaign.currency)
    if any(money.is_foreign for money in (*spent, *results.bought)):
        return Spending(spent, left, None, None)
    each = Money(cost / results.customers, settings.CURRENCY) if cost and results.customers else None
    bought = _in(results.bought, settings.CURRENCY)
    return Spending(spent, left, each, float((bought - cost) / cost) if cost else None)


def _in(sums: Sequence[Money], currency: str) -> Decimal:
    return next((one.amount for one in sums if one.currency == currency), Decimal(0))
