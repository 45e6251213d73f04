"""What of sales stands on a customer's one page."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.web import formats
from customers.models import Customer, summary
from customers.sales.models import Contract, Opportunity, Order


def opportunities(user: User, customer: Customer, now: Any) -> list[list[str]]:
    found = Opportunity.objects.visible_to(user).filter(customer=customer).open().select_related("stage")
    return [
        [each.name, each.stage.name, formats.money(each.amount, each.currency), _day(each.expected_close)]
        for each in found.order_by(F("expected_close").asc(nulls_last=True), "pk")[: summary.ROOM]
    ]


def contracts(user: User, customer: Customer, now: Any) -> list[list[str]]:
    found = Contract.objects.visible_to(user).filter(customer=customer).not_ended()
    return [[each.name, _day(each.start), _day(each.end)] for each in found.order_by("-start", "-pk")[: summary.ROOM]]


def orders(user: User, customer: Customer, now: Any) -> list[list[str]]:
    found = Order.objects.visible_to(user).filter(customer=customer).with_refunds()
    return [
        [each.number, _day(timezone.localtime(each.ordered_at).date()), formats.money(each.net, each.currency)]
        for each in found.order_by("-ordered_at", "-pk")[:3]
    ]


def _day(day: Any) -> str:
    return formats.exact_date(day) if day else ""


def register() -> None:
    summary.register("opportunities", title=_("Open opportunities"), lines=opportunities, order=20)
    summary.register("contracts", title=_("Running contracts"), lines=contracts, order=30)
    summary.register("orders", title=_("Last orders"), lines=orders, order=40)
