"""Campaigns of two years with what they cost, and which customers came by them. Nothing here is left to chance, so that
nothing else of the demo depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from customers.models import Customer
from customers.sales.models import Campaign, CampaignMember, CampaignMemberChange, CampaignName, Cost
from evaluation.demo import storing
from evaluation.demo.world import World, at_clock


@dataclass(frozen=True)
class Plan:
    name: str
    code: str
    channel: str
    ends: int  # days ago; below 0 it still runs, or is to come
    days: int
    budget: int
    spent: int  # in all, by its months in equal parts
    state: str = Campaign.State.ENDED


PLANS = (
    Plan("Trade fair 行业展会", "fair-1", "event", 500, 60, 18_000, 19_400),
    Plan("Newsletter 电子期刊", "news", "campaign", 400, 330, 6_000, 5_500),
    Plan("Trade fair again 行业展会二", "fair-2", "event", 135, 60, 20_000, 17_800),
    Plan("Search advertising 搜索广告", "search", "campaign", -60, 380, 24_000, 16_900, Campaign.State.RUNNING),
    Plan("Webinars 线上讲座", "webinar", "event", -110, 60, 4_000, 0, Campaign.State.PLANNED),
)
MONTHLY = (("salaries", 9_000), ("tools", 650), ("agency", 1_800))  # every month, for all channels
ANSWERS = ("responded", "sent", "sent", "planned", "sent")
INVITED = 60


def run(world: World) -> None:
    owner = world.users["director"]
    made = [_campaign(world, plan, owner) for plan in PLANS]
    storing.store(Campaign, made)
    names = [CampaignName(campaign=one, name=name) for one in made for name in (one.name, one.code)]
    storing.store(CampaignName, names)
    for one in made:
        world.tell("campaign.created", one, by=owner, at=one.created_at, data={"channel": one.channel}, about=[])
    _bring_customers(world, made)
    _invite(world, made[2], owner)
    costs = [cost for plan, one in zip(PLANS, made, strict=True) for cost in _costs(world, plan, one, owner)]
    storing.store(Cost, [*costs, *_every_month(world, owner)])


def _campaign(world: World, plan: Plan, owner: Any) -> Campaign:
    ends = world.today - timedelta(days=plan.ends)
    at = at_clock(min(ends - timedelta(days=plan.days + 14), world.today - timedelta(days=3)), 10)
    return Campaign(
        name=plan.name, code=plan.code, channel=plan.channel, state=plan.state, budget=plan.budget,
        starts=ends - timedelta(days=plan.days), ends=ends, currency=settings.CURRENCY, owner=owner, team=owner.team,
        created_at=at, updated_at=at,
    )  # fmt: skip


def _bring_customers(world: World, made: list[Campaign]) -> None:
    """Whoever came through the channel of a campaign while it ran came by it."""
    brought = []
    for customer in world.customers:
        day = customer.created_at.date()
        for one in made:
            if one.channel == customer.channel and one.starts <= day <= one.ends and one.state != "planned":
                customer.campaign = one.name
                brought.append(customer)
    storing.change(Customer, brought, ["campaign"])


def _invite(world: World, campaign: Campaign, owner: Any) -> None:
    people = [world.people[customer.pk][0] for customer in world.customers[:INVITED] if world.people.get(customer.pk)]
    at = at_clock(campaign.starts, 9)
    members, changes = [], []
    for place, contact in enumerate(people):
        state = ANSWERS[place % len(ANSWERS)]
        day = campaign.starts + timedelta(days=place % 20)
        member = CampaignMember(
            campaign=campaign, contact=contact, state=state, responded_on=day if state == "responded" else None,
            added_at=at,
        )  # fmt: skip
        members.append(member)
        for known in ("planned", "sent", "responded")[: ("planned", "sent", "responded").index(state) + 1]:
            on = day if known == "responded" else campaign.starts
            changes.append(
                CampaignMemberChange(member=member, state=known, day=on, by=owner, recorded_at=at_clock(on, 9))
            )
    storing.store(CampaignMember, members)
    storing.store(CampaignMemberChange, changes)


def _costs(world: World, plan: Plan, campaign: Campaign, owner: Any) -> list[Cost]:
    """Its spending in equal parts, a third of a fair's to the agency that builds the stand."""
    months = [month for month in _months(campaign.starts, campaign.ends) if month <= world.today.replace(day=1)]
    if not plan.spent or not months:
        return []
    each = (Decimal(plan.spent) / len(months)).quantize(Decimal(1))
    shares = (("media", each * 2 // 3), ("agency", each // 3)) if plan.channel == "event" else (("media", each),)
    return [_cost(world, month, *share, owner, campaign) for month in months for share in shares]


def _every_month(world: World, owner: Any) -> list[Cost]:
    months = _months(world.today - timedelta(days=730), world.today.replace(day=1) - timedelta(days=1))
    return [_cost(world, month, category, Decimal(amount), owner) for month in months for category, amount in MONTHLY]


def _cost(
    world: World, month: date, category: str, amount: Decimal, owner: Any, campaign: Campaign | None = None
) -> Cost:
    at = min(at_clock(month + timedelta(days=33), 9), world.now)
    return Cost(
        month=month, category=category, amount=amount, currency=settings.CURRENCY, campaign=campaign,
        channel=campaign.channel if campaign else "", owner=owner, team=owner.team, created_at=at, updated_at=at,
    )  # fmt: skip


def _months(first: date, last: date) -> list[date]:
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return found
