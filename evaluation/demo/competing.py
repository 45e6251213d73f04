"""Who decides in a sale, who else offers, and a few sales that two people share. Nothing here is left to chance, so
that nothing else of the demo depends on it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from customers.sales.models import (
    Competitor,
    CompetitorState,
    CreditShare,
    CreditSplit,
    Opportunity,
    OpportunityCompetitor,
    OpportunityContact,
)
from customers.sales.models.forecast_period import local_day
from evaluation.demo import storing, words
from evaluation.demo.world import World, at_clock

RIVALS = (
    ("Boreal Systems", "https://boreal.example", "Cheap, slow to deliver. 价格低，交货慢。"),
    ("恒达机械", "https://hengda.example", "Near the customer, weak service. 贴近客户，服务弱。"),
    ("Kestrel & Sons", "", "Strong in spare parts. 备件强。"),
)
SHOWN_DAYS = 500  # what is older has no people and competitors written down
EVERY_MET, EVERY_SHARED = 3, 12
ROLES = (("economic", "neutral"), ("champion", "supports"), ("technical", "neutral"), ("user", "supports"))
SHARES = (Decimal("0.7"), Decimal("0.3"))


def run(world: World) -> None:
    at = at_clock(world.start, 9)
    rivals = [
        Competitor(name=name, website=site, notes=notes, created_at=at, updated_at=at) for name, site, notes in RIVALS
    ]
    storing.store(Competitor, rivals)
    since = world.now - timedelta(days=SHOWN_DAYS)
    recent = [one for one in world.opportunities if one.opened_at >= since]
    storing.store(OpportunityContact, [row for one in recent for row in _people(world, one)])
    storing.store(OpportunityCompetitor, [_met(one, rivals, place) for place, one in enumerate(recent[::EVERY_MET])])
    _share(world, [one for one in recent if one.stage.is_won][::EVERY_SHARED])


def _people(world: World, opportunity: Opportunity) -> list[OpportunityContact]:
    people = world.people.get(opportunity.customer_id or 0, [])
    return [
        OpportunityContact(opportunity=opportunity, contact=person, role=role, attitude=attitude)
        for person, (role, attitude) in zip(people, ROLES, strict=False)
    ]


def _met(opportunity: Opportunity, rivals: list[Competitor], place: int) -> OpportunityCompetitor:
    """Lost to them where the reason says so; beaten where it was won."""
    reason = opportunity.lost_reason
    state = CompetitorState.RUNNING
    if reason is not None and reason.name == words.SHIPPED["Chose a competitor"]:
        state = CompetitorState.LOST
    elif opportunity.stage.is_won:
        state = CompetitorState.BEATEN
    return OpportunityCompetitor(opportunity=opportunity, competitor=rivals[place % len(rivals)], state=state)


def _share(world: World, won: list[Opportunity]) -> None:
    splits: list[CreditSplit] = []
    shares: list[Any] = []
    for opportunity in won:
        owner, other = opportunity.owner, _colleague(world, opportunity.owner)
        if owner is None or other is None or opportunity.closed_at is None:
            continue
        split = CreditSplit(
            opportunity=opportunity, kind=CreditSplit.Kind.REVENUE, valid_from=local_day(opportunity.closed_at),
            recorded_at=opportunity.closed_at, by=owner, reason="Won together 共同赢得",
        )  # fmt: skip
        splits.append(split)
        shares += [
            CreditShare(split=split, person=person, team=person.team, share=share)
            for person, share in zip((owner, other), SHARES, strict=True)
        ]
        held = [
            f"{person} {(share * 100).normalize():f} %" for person, share in zip((owner, other), SHARES, strict=True)
        ]
        data = {"kind": "revenue", "credit": [[], held], "day": split.valid_from.isoformat(), "reason": split.reason}
        at = opportunity.closed_at
        world.tell("opportunity.credit_divided", opportunity, by=owner, at=at, data=data, about=[opportunity.customer])
    storing.store(CreditSplit, splits)
    for share in shares:
        share.split = share.split  # takes over the id that was given
    storing.store(CreditShare, shares)


def _colleague(world: World, owner: Any) -> Any:
    return next((one for one in world.reps if owner and one.team_id == owner.team_id and one.pk != owner.pk), None)
