"""A customer and everything below it, added up as far as the reader may see it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from customers.actions import customers
from customers.models import Customer, family
from customers.sales.actions import opportunities
from customers.sales.models import CurrencyRate, Money
from tests.factories.customers import make_activity, make_customer
from tests.factories.sales import make_contract, make_opportunity
from tests.factories.service import a_ticket

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)


@pytest.fixture
def group(cast):
    """Holding > (East > Far East), West; and Hidden, somebody else's, with Below Hidden under it."""
    top = make_customer(cast.rep, "Holding")
    east = make_customer(cast.rep, "East", parent=top)
    far = make_customer(cast.rep, "Far East", parent=east)
    west = make_customer(cast.teammate, "West", parent=top)
    hidden = make_customer(cast.outsider, "Hidden", parent=top)
    make_customer(cast.rep, "Below Hidden", parent=hidden)
    return top, east, far, west


def test_the_tree_is_told_in_order_and_ends_where_one_may_not_see(cast, group):
    top, east, _far, _west = group
    told = [(node.name, node.depth) for node in family.below(top, cast.rep)]
    assert told == [("Holding", 0), ("East", 1), ("Far East", 2), ("West", 1)]
    assert [node.name for node in family.below(east, cast.rep)] == ["East", "Far East"]
    customers.delete(east, by=cast.rep, at=NOW)
    assert [node.name for node in family.below(top, cast.rep)] == ["Holding", "West"]


def test_a_circle_is_refused_and_one_made_by_hand_does_not_hang(cast, group):
    top, _east, far, _west = group
    with pytest.raises(ValidationError, match="subsidiary of one of its own subsidiaries"):
        customers.update(top, {"parent": far}, by=cast.rep, at=NOW)
    top.refresh_from_db()
    assert top.parent is None
    Customer._base_manager.filter(pk=top.pk).update(parent=far)
    assert [node.name for node in family.below(top, cast.rep)] == ["Holding", "East", "Far East", "West"]


def test_everything_below_is_added_up_to_the_cent_in_as_many_queries_for_one_as_for_many(
    cast, group, client, django_assert_max_num_queries
):
    top, east, far, west = group
    CurrencyRate.objects.create(currency="EUR", valid_from=date(2026, 1, 1), rate=Decimal("1.1"))
    for customer, amount, currency in ((top, "100", "USD"), (far, "10.01", "EUR"), (west, "7", "JPY")):
        make_opportunity(cast.rep, customer=customer, amount=Decimal(amount), currency=currency)
    hidden = Customer.objects.get(name="Hidden")
    make_opportunity(cast.outsider, customer=hidden, amount=Decimal(5000))  # not for the rep's eyes
    opportunities.win(make_opportunity(cast.rep, customer=east, amount=Decimal("50.50")), by=cast.rep, at=NOW)
    make_contract(cast.rep, customer=far, monthly_value=Decimal("20.00"))
    a_ticket(cast.rep, NOW, customer=west, owner=cast.rep)
    make_activity(cast.rep, far, at=datetime(2026, 5, 12, 9, 0, tzinfo=UTC))
    nodes = family.below(top, cast.rep)
    found = {figure.code: value for figure, value in family.rolled_up(cast.rep, [node.pk for node in nodes], NOW)}
    assert found["open"] == [Money(Decimal("111.01"), "USD"), Money(Decimal("7.00"), "JPY")]
    assert found["won"] == [Money(Decimal("50.50"), "USD")]
    assert found["monthly_value"] == [Money(Decimal("20.00"), "USD")]
    assert found["open_tickets"] == 1
    client.force_login(cast.rep)
    told = client.get(f"/api/v1/customers/{top.pk}/roll-up/").json()
    assert (told["customers"], told["last_contact_at"]) == ([node.pk for node in nodes], "2026-05-12T09:00:00Z")
    assert told["figures"]["open"][0] == {"amount": "111.01", "currency": "USD"}
    with django_assert_max_num_queries(20):
        shown = client.get(reverse("customer-family", args=[top.pk])).content.decode()
    assert "without a rate" in shown
    assert "Hidden" not in shown


def test_the_lists_show_a_customer_and_all_below(cast, group, client):
    top, east, _far, _west = group
    make_customer(cast.rep, "Elsewhere")
    client.force_login(cast.rep)
    rows = client.get(f"/api/v1/customers/?below={east.pk}").json()["results"]
    assert {row["name"] for row in rows} == {"East", "Far East"}
    shown = client.get(f"{reverse('customer-list')}?below={top.pk}").content.decode()
    assert "Far East" in shown
    assert "Elsewhere" not in shown
    assert client.get(f"{reverse('customer-list')}?filters=open").status_code == 200
