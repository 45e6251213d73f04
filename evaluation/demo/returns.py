"""A few orders of which something came back; one of them was a mistake that was cancelled."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from customers.sales.actions import order_returns
from customers.sales.models import Order, ReturnReason
from evaluation.demo import words
from evaluation.demo.world import World

EVERY = 9  # of the orders that came of no opportunity
AT_MOST = 12


def come_back(world: World) -> None:
    """Nothing is drawn by lot here, so that everything after it stays as it is."""
    for reason in ReturnReason.objects.filter(name__in=words.SHIPPED):
        ReturnReason.objects.filter(pk=reason.pk).update(name=words.SHIPPED[reason.name])
    reasons = list(ReturnReason.objects.active().order_by("pk"))
    until = world.now - timedelta(days=2)
    loose = Order.objects.filter(opportunity=None, ordered_at__lt=until - timedelta(days=9)).select_related("owner")
    latest = loose.order_by("-ordered_at", "pk")[::EVERY][:AT_MOST]
    for place, order in enumerate(reversed(latest)):
        line = order.lines.select_related("product").get()
        quantity = Decimal(1) if place % 4 else line.quantity
        at = order.ordered_at + timedelta(days=7, hours=1)
        made = order_returns.note(
            order,
            lines=[order_returns.Back(line, quantity)],
            reason=reasons[place % len(reasons)],
            by=order.owner,
            at=at,
        )
        if place == 1:
            order_returns.cancel(
                made, reason="Noted on the wrong order 记错订单", by=order.owner, at=at + timedelta(days=1)
            )
