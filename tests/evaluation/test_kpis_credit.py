"""Credited revenue: what was won, by the splits of the day it was won."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from customers.sales.models import CurrencyRate
from tests.evaluation.measured import measured, parts, records
from tests.factories.evaluation import a_return, an_opportunity, an_order, lost, moment, won
from tests.factories.sales import divide

pytestmark = pytest.mark.django_db


def test_what_was_won_goes_to_those_who_share_it_and_without_a_split_to_whoever_held_it(cast):
    shared = won("2026-04-10", cast.rep, amount="100.00")
    divide(shared, (cast.rep, "0.3333"), (cast.junior, "0.3333"), (cast.outsider, "0.3334"), reason="Together")
    divide(shared, (cast.agent, "0.5"), kind="overlay", reason="Helped")
    alone = won("2026-04-11", cast.rep, amount="1.00")
    alone.owner, alone.team = cast.outsider, cast.south
    alone.save()
    lost("2026-04-12", cast.rep)
    an_order("2026-04-13", owner=cast.rep, amount=999)
    assert measured("credited_revenue").value == Decimal("101.00")
    assert parts("credited_revenue", "person") == {
        "Rosa Rep": Decimal("34.33"), cast.junior.name: Decimal("33.33"), "Olaf Outsider": Decimal("33.34"),
    }  # fmt: skip
    assert parts("credited_revenue", "team") == {
        "Company": Decimal("101.00"), "North": Decimal("67.66"), cast.north_inside.name: Decimal("33.33"),
        "South": Decimal("33.34"),
    }  # fmt: skip
    found = records("credited_revenue", cast.outsider)
    assert [(row.kind, row.id, row.value, row.fields["share"]) for row in found.rows] == [
        ("opportunity", shared.pk, Decimal("33.34"), Decimal("0.3334"))
    ]


def test_the_split_of_the_day_it_was_won_counts_and_the_one_recorded_last_of_those(cast):
    sale = won("2026-05-20", cast.rep, amount=1000)
    say = {"reason": "As agreed"}
    divide(sale, (cast.junior, "1"), valid_from=date(2026, 5, 21), at=moment("2026-05-22"), **say)
    assert parts("credited_revenue", "person") == {"Rosa Rep": 1000}
    divide(sale, (cast.rep, "0.6"), (cast.junior, "0.4"), valid_from=date(2026, 5, 1), at=moment("2026-06-01"), **say)
    divide(sale, (cast.outsider, "1"), valid_from=date(2026, 5, 1), valid_until=date(2026, 5, 19),
           at=moment("2026-06-02"), **say)  # fmt: skip
    assert parts("credited_revenue", "person") == {"Rosa Rep": 600, cast.junior.name: 400}
    assert parts("credited_revenue", "person", as_of=date(2026, 5, 31)) == {"Rosa Rep": 1000}
    divide(sale, valid_from=date(2026, 5, 20), at=moment("2026-06-03"), **say)
    assert parts("credited_revenue", "person") == {"Rosa Rep": 1000}


def test_it_adds_up_to_the_revenue_of_opportunities_and_to_plain_sql_to_the_cent(cast):
    people = (cast.rep, cast.junior, cast.outsider)
    for number in range(1, 12):
        sale = won(f"2026-05-{number:02}", cast.rep, amount=Decimal(number) * Decimal("33.37"))
        if number % 3:
            third = Decimal("0.3333")
            shares = [str(third), str(Decimal("0.0001") * number), str(1 - third - Decimal("0.0001") * number)]
            divide(sale, *zip(people, shares, strict=True), reason="Split")
    CurrencyRate.objects.create(currency="EUR", valid_from=date(2026, 1, 1), rate=Decimal("1.2345"))
    abroad = won("2026-05-12", cast.rep, amount="10.01", currency="EUR")
    divide(abroad, (cast.rep, "0.5"), (cast.junior, "0.5"), reason="Split")
    won("2026-05-12", cast.rep, amount=None)
    an_opportunity(("won", "2026-05-13"), ("open", "2026-05-14"), owner=cast.rep, amount=500)
    whole = measured("credited_revenue")
    by_person = parts("credited_revenue", "person")
    assert whole.value == sum(by_person.values()) == measured("revenue").value
    assert by_person["Olaf Outsider"] == round(by_person["Olaf Outsider"], 2)
    assert whole.flags == ("missing_amount:1",)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(one.person_id, sale.owner_id), sum(sale.amount * coalesce(one.share, 1)
                * CASE sale.currency WHEN 'EUR' THEN 1.2345 ELSE 1 END)
            FROM sales_opportunity AS sale LEFT JOIN sales_creditsplit AS split ON split.opportunity_id = sale.id
            LEFT JOIN sales_creditshare AS one ON one.split_id = split.id
            WHERE sale.closed_at IS NOT NULL AND sale.amount IS NOT NULL GROUP BY 1"""
        )
        plain = dict(cursor.fetchall())
    cents = Decimal("0.01") * 12  # each of twelve sales is rounded for itself
    assert {person.pk for person in people} == set(plain)
    for person in people:
        assert abs(by_person[person.name] - plain[person.pk]) <= cents


def test_what_comes_back_is_taken_on_its_own_day_from_those_who_are_credited_with_the_sale(cast):
    """1,000 won in April, 60 to 40; 100.01 of its order comes back in May, at 60.01 and 40.00; cancelled in June."""
    sale = won("2026-04-10", cast.rep, amount=1000)
    divide(sale, (cast.rep, "0.6"), (cast.junior, "0.4"), valid_from=date(2026, 4, 1), reason="Together",
           at=moment("2026-04-11"))  # fmt: skip
    divide(sale, (cast.outsider, "1"), valid_from=date(2026, 5, 1), reason="From May on", at=moment("2026-04-12"))
    order = an_order("2026-04-11", sale.customer, cast.rep, 1000, opportunity=sale)
    a_return(order, "2026-05-04", "100.01", cancelled="2026-06-10")
    reopened = an_opportunity(("won", "2026-04-20"), ("open", "2026-05-02"), owner=cast.rep, amount=500)
    a_return(an_order("2026-04-21", reopened.customer, cast.rep, 500, opportunity=reopened), "2026-05-05", 50)
    a_return(an_order("2026-04-22", owner=cast.rep, amount=70), "2026-05-06", 7)  # of no opportunity
    assert parts("credited_revenue", "person", period="2026-04") == {"Rosa Rep": 600, cast.junior.name: 400}
    before = {"as_of": date(2026, 5, 31)}
    assert parts("credited_revenue", "person", period="2026-05", **before) == {
        "Rosa Rep": Decimal("-60.01"), cast.junior.name: Decimal("-40.00"),
    }  # fmt: skip
    assert measured("credited_revenue", period="2026-05", **before).value == Decimal("-100.01")
    assert measured("revenue", period="2026-05", **before).value == Decimal("-107.01")
    assert measured("credited_revenue", period="2026-05").value in (None, 0)
    standing = an_order("2026-04-12", sale.customer, cast.rep, 10, opportunity=sale)
    a_return(standing, "2026-05-07", 10)
    (row, other) = sorted(records("credited_revenue", period="2026-05").rows, key=lambda row: row.value)
    assert [(each.kind, each.id, each.value) for each in (row, other)] == [
        ("order", standing.pk, -6), ("order", standing.pk, -4),
    ]  # fmt: skip
    assert measured("average_sale", period="2026-04").value == 1000  # how large what was won is: nothing is taken off
