"""Managers hear of big sales, once for each turn."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from crm.models import Event, Notification, Team
from customers.sales.actions import opportunities
from customers.sales.models import CurrencyRate, Pipeline
from customers.sales.subscriptions import tell_of_big_sales
from tests.factories.sales import WEDNESDAY, default_pipeline, lost_reason, make_opportunity

pytestmark = pytest.mark.django_db


def hear() -> None:
    """Every event that is listened to, twice: nobody hears anything twice."""
    for _again in range(2):
        for event in Event.objects.filter(subject_kind="opportunity").order_by("pk"):
            tell_of_big_sales(event)


def told(person) -> list[str]:
    found = Notification.objects.filter(receiver=person, key__startswith="big-sale:").order_by("pk")
    return [f"{one.message.split(':')[0]}, {one.values['amount']}" for one in found]


def test_whoever_manages_the_owner_hears_once_when_it_gets_big_and_once_how_it_ends(cast):
    pipeline = default_pipeline()
    Pipeline.objects.filter(pk=pipeline.pk).update(big_from=5000)
    Team.objects.filter(pk=cast.north.pk).update(manager=cast.manager)
    CurrencyRate.objects.create(currency="EUR", valid_from=date(2026, 1, 1), rate=Decimal("1.25"))
    sale = make_opportunity(cast.rep, amount=Decimal("4999.99"))
    make_opportunity(cast.rep, amount=Decimal("3999.99"), currency="EUR")
    make_opportunity(cast.rep, amount=Decimal("90000.00"), currency="GBP")  # nobody knows what that is worth
    hear()
    assert told(cast.manager) == []
    how = {"by": cast.rep, "at": WEDNESDAY}
    opportunities.update(sale, {"amount": Decimal("5000.00")}, **how)
    hear()
    opportunities.update(sale, {"amount": Decimal("6000.00")}, **how)
    hear()
    opportunities.win(sale, **how)
    hear()
    abroad = make_opportunity(cast.rep, amount=Decimal("4000.00"), currency="EUR")
    opportunities.lose(abroad, reason=lost_reason(), **how)
    hear()
    assert told(cast.manager) == [
        "A big sale, 5000.00 USD", "A big sale is won, 6000.00 USD", "A big sale is lost, 4000.00 EUR",
    ]  # fmt: skip
    assert told(cast.rep) == told(cast.teammate) == told(cast.service_manager) == []
