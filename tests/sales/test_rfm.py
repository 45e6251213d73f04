"""A worked example: five customers that bought, one that never did, ties, other currencies, what is in the bin."""

from datetime import timedelta

import pytest
from django.urls import reverse

from customers.models import Customer
from customers.sales.actions import opportunities, orders
from customers.sales.models import rfm
from tests.factories.customers import make_customer
from tests.factories.sales import make_opportunity, make_order


@pytest.fixture
def bought(cast, now):
    """Days ago and amount of each purchase, by customer."""
    facts = {
        "Ann": [(100, 10)],
        "Ben": [(40, 100), (50, 100)],
        "Cem": [(40, 300)],  # as recent as Ben
        "Dan": [(10, 50), (10, 50), (30, 900)],  # two orders of one day are one purchase
        "Eve": [(1, 20)],
        "Fay": [],
    }
    customers = {name: make_customer(cast.rep, name, at=now - timedelta(days=200)) for name in facts}
    for name, purchases in facts.items():
        for days, amount in purchases:
            at = now - timedelta(days=days)
            make_order(cast.rep, customer=customers[name], ordered_at=at, amount=amount, at=at)
    return customers


def digits():
    return dict(Customer.objects.filter(name__lt="G").exclude(name="Acme").order_by("name").values_list("name", "rfm"))


def test_the_digits_of_a_worked_example(cast, bought, now):
    # Of five: recency from the oldest 100, 40, 40, 10, 1 days; frequency 1, 2, 1, 2, 1; value 10, 200, 300, 1000, 20.
    assert rfm.compute(now) == 5
    assert digits() == {"Ann": 111, "Ben": 243, "Cem": 214, "Dan": 445, "Eve": 512, "Fay": None}
    assert rfm.compute(now) == 0  # again changes nothing


def test_what_counts_as_a_purchase(cast, bought, now):
    make_order(cast.rep, customer=bought["Ann"], ordered_at=now, amount=5000, currency="EUR", at=now)  # not its value
    won = make_opportunity(cast.rep, customer=bought["Eve"], amount=5000, at=now)
    opportunities.win(won, by=cast.rep, at=now)
    make_order(cast.rep, customer=bought["Eve"], opportunity=won, ordered_at=now, amount=5000, at=now)  # the same again
    gone = make_order(cast.rep, customer=bought["Fay"], ordered_at=now, amount=1, at=now)
    orders.delete(gone, by=cast.rep, at=now)
    rfm.compute(now)

    # Recency 40, 40, 10, 0, 0 days; frequency 2, 2, 1, 2, 2; value 10, 200, 300, 1000, 5020.
    assert digits() == {"Ann": 421, "Ben": 122, "Cem": 113, "Dan": 324, "Eve": 425, "Fay": None}


def test_it_is_shown_sorted_and_filtered_by(client, cast, bought, now):
    rfm.compute(now)
    client.force_login(cast.rep)

    page = client.get(reverse("customer-rfm", args=[bought["Dan"].pk])).content.decode()
    assert "2 purchases" in page
    shown = client.get(reverse("customer-list"), {"columns": "name,rfm", "sort": "-rfm", "rfm_value": ["4", "5"]})
    assert [row.label for row in shown.context["list"].rows] == ["Dan", "Cem"]
