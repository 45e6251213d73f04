"""A few customers that nobody owns, one of them claimed again, two segments, and everybody's RFM."""

from __future__ import annotations

from datetime import timedelta

from customers.actions import pool, segments
from customers.models import Customer, PoolRule
from customers.sales.models import rfm
from evaluation.demo import words
from evaluation.demo.customers import language_of
from evaluation.demo.world import World

RELEASED = 8
WHY = {
    words.ENGLISH: ("Moved away, somebody closer should try.", "No answer since spring.", "Wants somebody new."),
    words.CHINESE: ("客户搬迁，由附近的同事跟进更合适。", "春天以来没有回复。", "希望换一位联系人。"),
}


def fill(world: World) -> None:
    """Only such as had left: who sold what to whom stays as it was."""
    PoolRule.objects.create(capacity=500, claims_per_day=5, reclaim_after_days=30)
    long_ago = world.now - timedelta(days=40)  # nothing of their history is younger than what happens here
    known = Customer.objects.alive().filter(lifecycle=Customer.Lifecycle.CHURNED, updated_at__lt=long_ago)
    left = list(known.select_related("owner", "team").order_by("pk"))
    freed = []
    for place, customer in enumerate(left[:: max(len(left) // RELEASED, 1)][:RELEASED]):
        reasons = WHY[language_of(customer)]
        at = world.now - timedelta(days=20 - place)
        owner = customer.owner
        freed.append((pool.release(customer, reason=reasons[place % 3], to_company=place < 2, by=owner, at=at), owner))
    if freed:
        again, before = freed.pop()
        others = [rep for rep in world.reps if rep != before and rep.team_id == again.team_id]
        if others:
            pool.claim(again, by=others[0], at=world.now - timedelta(days=2))
    rfm.compute(world.now)
    _segments(world)


def _segments(world: World) -> None:
    rep = world.reps[0]
    owner = rep.team.manager or rep
    whose = {"owner": owner, "team": rep.team, "by": owner, "at": world.now - timedelta(days=10)}
    asked = {"lifecycle": ["active"], "tier": ["A"]}
    active = "Active, tier A. 活跃的 A 级客户。"
    segments.create(name="Key customers 重点客户", question=asked, description=active, **whose)
    bought = {"rfm_value": ["4", "5"], "rfm_recency": ["1", "2"]}
    quiet = "Bought for much, but not lately. 买得多，但最近没有。"
    segments.create(name="Worth a call 值得回访", question=bought, description=quiet, **whose)
    fair = segments.create(name="Spring fair 春季展会", how="static", **whose)
    met = [each for each in world.customers if each.channel == "event"][:12]
    segments.add(met, segment=fair, by=owner, at=world.now - timedelta(days=9))
