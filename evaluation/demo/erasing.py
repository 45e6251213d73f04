"""One request to be erased that waits for a decision, so that its list is not empty."""

from __future__ import annotations

from datetime import timedelta

from customers.models import ErasureRequest
from evaluation.demo.world import World


def ask(world: World) -> None:
    customer = next(each for each in reversed(world.customers) if world.people.get(each.pk))
    contact = world.people[customer.pk][-1]
    at = world.now - timedelta(days=2)
    ErasureRequest.objects.create(
        subject_kind=contact.kind, subject_id=contact.pk, asked_on=at.date(), identity="known_address",
        owner=customer.owner, team=customer.team, created_at=at, updated_at=at,
    )  # fmt: skip
