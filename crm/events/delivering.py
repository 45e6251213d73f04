"""Claim, effect and done-mark in one transaction: a worker that dies loses nothing and doubles nothing."""

from __future__ import annotations

import traceback
from datetime import datetime, timedelta

from django.db import transaction

from crm.events import subscribing
from crm.models.event import Delivery

ATTEMPTS = 8


def deliver_due(now: datetime, limit: int = 500) -> int:
    """Deliver what is due, one transaction each; returns how many were tried."""
    tried = 0
    while tried < limit and _deliver_one(now):
        tried += 1
    return tried


def retry(delivery: Delivery, at: datetime) -> None:
    """Give a dead delivery another life, from the admin site."""
    Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.DEAD).update(
        state=Delivery.State.PENDING, attempts=0, due_at=at
    )


def _deliver_one(now: datetime) -> bool:
    with transaction.atomic():
        delivery = (
            Delivery.objects.due(now)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("event", "event__by")
            .order_by("due_at", "id")
            .first()
        )
        if delivery is None:
            return False
        try:
            with transaction.atomic():
                _handle(delivery)
        except Exception:
            delivery.put_off(traceback.format_exc(), now + _back_off(delivery.attempts), ATTEMPTS)
        else:
            delivery.finish(now)
        delivery.save()
    return True


def _handle(delivery: Delivery) -> None:
    subscriber = subscribing.get(delivery.subscriber)
    if subscriber is None:
        raise LookupError(f"No subscriber is called {delivery.subscriber!r} in this version.")
    subscriber.handler(delivery.event)


def _back_off(attempts: int) -> timedelta:
    """10 s, 40 s, 2.7 min, 11 min, 43 min, 2.8 h, 11 h."""
    return timedelta(seconds=10 * 4**attempts)
