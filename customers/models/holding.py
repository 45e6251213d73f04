"""Who had a customer when, the latest first, told from where it stood and from what moved it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm.models import User
from customers.models.customer import Customer
from customers.models.pool import PoolMove, told
from customers.models.standing import Standing


@dataclass
class Held:
    """By one person, or by nobody: then it was in the pool."""

    owner: User | None
    since: datetime
    until: datetime | None = None
    reason: str = ""  # why it was in the pool


def of(customer: Customer) -> list[Held]:
    rows = Standing.objects.filter(customer=customer).select_related("owner").order_by("since", "pk")
    reasons = dict(PoolMove.objects.filter(customer=customer).order_by("pk").values_list("at", "reason"))
    found: list[Held] = []
    for row in rows:
        if found and found[-1].owner == row.owner:
            continue
        if found:
            found[-1].until = row.since
        found.append(Held(row.owner, row.since, reason=told(reasons.get(row.since, "")) if row.owner is None else ""))
    return found[::-1]
