"""Renewal, churn and revenue retention, from the movements of contracts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection

from customers.models import Standing
from customers.sales.models import Contract
from evaluation import engine
from evaluation.engine import COMPANY
from evaluation.formulas import intervals, periods
from tests.evaluation.measured import LATER, measured, parts, records
from tests.factories.contracts import a_contract, move, renewed
from tests.factories.evaluation import a_customer, moment

pytestmark = pytest.mark.django_db


def test_gross_and_net_retention_of_the_worked_example():
    """10.0 M at the start, 0.6 contraction, 0.9 churn, 1.8 expansion: GRR 85 %, NRR 103 %."""
    million = 1_000_000
    a_contract(a_customer(), ("contraction", "2026-05-01", 2_400_000), value=3 * million)
    a_contract(a_customer(), ("churn", "2026-04-15", 0), value=900_000)
    a_contract(a_customer(), ("expansion", "2026-06-30", 7_900_000), value=6_100_000)
    a_contract(a_customer(), value=5 * million, start="2026-04-01")  # new: no part of either
    gross, net = measured("gross_revenue_retention"), measured("net_revenue_retention")
    assert (gross.value, gross.numerator, gross.denominator, gross.n) == (0.85, 8_500_000, 10_000_000, 3)
    assert (net.value, net.numerator, net.denominator, net.flags) == (1.03, 10_300_000, 10_000_000, ())
    assert measured("churn_rate").value == pytest.approx(1 / 3)
    assert measured("retention_rate").value == pytest.approx(2 / 3)
    lost = measured("revenue_churn")
    assert (lost.value, lost.numerator, lost.denominator) == (0.15, 1_500_000, 10_000_000)


def test_the_second_worked_example_and_growth_of_one_customer_makes_up_for_no_loss_of_another():
    """100 K, +18, -6, -9: NRR 103 %; within one customer growth and shrinking are set off, between customers not."""
    both = a_customer("Both")
    a_contract(both, ("expansion", "2026-05-01", 40_000), value=22_000)
    a_contract(both, ("contraction", "2026-05-01", 24_000), value=30_000)
    a_contract(a_customer(), ("churn", "2026-05-01", 0), value=9_000)
    a_contract(a_customer(), value=39_000)
    assert measured("net_revenue_retention").value == 1.03
    assert measured("gross_revenue_retention").value == 0.91
    assert [row.fields["outcome"] for row in records("net_revenue_retention").rows] == ["lost", "kept", "kept"]


def test_churn_is_counted_by_sets_and_who_came_back_is_not_lost(cast):
    kept, lost = a_customer("Kept"), a_customer("Lost")
    a_contract(kept, ("churn", "2026-05-01", 0))
    a_contract(kept)  # another one of theirs runs on
    a_contract(lost, ("churn", "2026-04-01", 0))
    a_contract(a_customer("Saved"), ("churn", "2026-05-01", 0), ("reactivation", "2026-06-15", 90))
    a_contract(a_customer("Mistake"), ("churn", "2026-05-01", 0), ("back", "", 0))
    a_contract(a_customer("Gone before"), ("churn", "2026-03-31", 0))
    a_contract(a_customer("Came and left"), ("churn", "2026-06-01", 0), start="2026-04-15")
    a_contract(a_customer("New"), start="2026-04-01")
    a_contract(a_customer("Leaves later"), ("churn", "2026-07-01", 0))
    result = measured("churn_rate")
    assert (result.value, result.numerator, result.denominator) == (0.2, 1, 5)
    assert (result.interval.low, result.interval.high) == intervals.wilson(1, 5)
    assert result.flags == ("small_n", "came_and_left:1")
    rows = {row.label: (row.counted, row.numerator) for row in records("churn_rate").rows}
    assert rows["Lost"] == (True, 1)
    assert rows["Came and left"] == (False, 1)
    assert measured("churn_rate", period="2024").value is None
    assert measured("churn_rate", period="2024").flags == ("no_denominator",)
    assert measured("gross_revenue_retention", period="2024").value is None
    assert measured("churn_rate", as_of=date(2026, 4, 1)).numerator == 1
    assert measured("churn_rate", as_of=date(2026, 3, 31)).numerator == 0


def test_churn_counts_for_whoever_held_the_customer_as_the_period_began(cast):
    customer = a_customer("Acme", cast.outsider, channel="event")
    for since, owner in (("2025-01-01", cast.rep), ("2026-05-01", cast.outsider)):
        Standing.objects.create(
            customer=customer, since=moment(since), owner=owner, team=owner.team, lifecycle="active"
        )
    a_contract(customer, ("churn", "2026-06-01", 0), owner=cast.outsider)
    a_contract(a_customer(), owner=cast.teammate)  # nothing is written down of whose it was: the contract's owner
    assert parts("churn_rate", "person") == {"Rosa Rep": 1.0, "Tom Teammate": 0.0}
    assert parts("churn_rate", "team") == {"Company": 0.5, "North": 0.5}
    assert parts("gross_revenue_retention", "channel") == {"event": 0.0, None: 1.0}
    assert parts("net_revenue_retention", "team") == {"Company": 0.5, "North": 0.5}
    assert measured("net_revenue_retention", cast.north).denominator == 200


def test_renewal_is_counted_by_due_date_and_what_left_early_was_not_renewed():
    due, until = "2026-06-30", "2027-06-30"
    a_contract(a_customer(), renewed("2026-07-01", due, until, agreed="2026-02-01"), until=due)  # early
    a_contract(a_customer(), renewed("2026-07-01", due, until, agreed="2026-07-30"), until=due)  # within the grace
    a_contract(a_customer(), renewed("2026-07-01", due, until, agreed="2026-07-31"), until=due)  # too late
    cheaper = ("contraction", "2026-07-01", 50)
    a_contract(a_customer(), renewed("2026-07-01", due, until), cheaper, until=due)
    a_contract(a_customer(), ("churn", "2026-07-01", 0, {"due": due}), until=due)
    a_contract(a_customer(), ("churn", "2025-12-01", 0, {"due": due}), until=due)  # left before the end
    a_contract(a_customer(), renewed("2026-07-01", due, until), ("back", "", 0), until=due)
    a_contract(a_customer())  # runs until somebody ends it: never due
    a_contract(a_customer(), until="2026-07-01")
    result = measured("renewal_rate")
    assert (result.value, result.numerator, result.denominator) == (3 / 7, 3, 7)
    assert (result.interval.low, result.interval.high) == intervals.wilson(3, 7)
    assert result.flags == ("small_n",)
    assert {str(row.fields["due"]) for row in records("renewal_rate").rows} == {due}
    nothing = measured("renewal_rate", period="2025-Q1")
    assert (nothing.value, nothing.flags) == (None, ("no_denominator",))


def test_who_cancelled_early_and_came_back_until_the_same_last_day_has_one_term_that_is_renewed_or_not():
    """100 due 30 June, left in March, back in April until 30 June: one term. Renewed, open and left: 1 of 3."""
    due = "2026-06-30"
    left = ("churn", "2026-03-01", 0, {"due": due})
    back = ("reactivation", "2026-04-01", 100, {"until": due})
    a_contract(a_customer(), left, back, renewed("2026-07-01", due, "2027-06-30"), until=due)
    a_contract(a_customer(), left, back, until=due)
    a_contract(a_customer(), left, back, ("churn", "2026-07-01", 0, {"due": due}), until=due)
    result = measured("renewal_rate")
    assert (result.value, result.numerator, result.denominator) == (1 / 3, 1, 3)
    assert sorted(row.fields["outcome"] for row in records("renewal_rate").rows) == ["churn", "open", "renewal"]
    by_value = measured("renewal_rate_by_value")
    assert (by_value.numerator, by_value.denominator) == (100, 300)
    # Back until another day, or back and taken back: the term left early was not renewed.
    a_contract(a_customer(), left, ("reactivation", "2026-04-01", 100, {"until": "2027-03-31"}), until=due)
    a_contract(a_customer(), left, back, ("back", "", 0), until=due)
    assert (measured("renewal_rate").numerator, measured("renewal_rate").denominator) == (1, 5)


def test_renewal_is_provisional_until_the_days_of_grace_are_over_and_counts_only_what_fell_due():
    a_contract(a_customer(), renewed("2026-06-01", "2026-05-31", "2027-05-31"), until="2026-05-31")
    a_contract(a_customer(), until="2026-06-10")
    a_contract(a_customer(), until="2026-06-20")
    running = measured("renewal_rate", now=moment("2026-06-15"))
    assert (running.numerator, running.denominator, running.is_provisional) == (1, 2, True)
    undecided, decided = (measured("renewal_rate", now=moment(day)) for day in ("2026-07-20", "2026-07-21"))
    assert (undecided.denominator, undecided.is_provisional) == (3, True)
    assert (decided.denominator, decided.is_provisional) == (3, False)
    assert measured("renewal_rate", as_of=date(2026, 5, 30)).denominator == 0


def test_renewals_count_for_whoever_held_the_contract_then(cast):
    ours = a_contract(a_customer(), until="2026-06-30", owner=cast.rep)
    move(ours, "renewal", "2026-07-01", 100, 100, due="2026-06-30", until="2027-06-30", agreed="2026-06-01")
    Contract.objects.filter(pk=ours.pk).update(owner=cast.outsider, team=cast.south)
    a_contract(a_customer(), until="2026-06-30", owner=cast.outsider)
    assert parts("renewal_rate", "person") == {"Rosa Rep": 1.0, "Olaf Outsider": 0.0}
    assert parts("renewal_rate", "team") == {"Company": 0.5, "North": 1.0, "South": 0.0}


def test_other_currencies_and_the_bin_are_left_out_of_the_revenue_but_not_out_of_sight():
    a_contract(a_customer(), ("contraction", "2026-05-01", 75))
    a_contract(a_customer(), ("churn", "2026-05-01", 0), currency="EUR")
    Contract.objects.filter(pk=a_contract(a_customer()).pk).update(deleted_at=moment("2026-05-01"))
    a_contract(a_customer(deleted_at=moment("2026-05-01")))
    result = measured("gross_revenue_retention")
    assert (result.value, result.n, result.flags) == (0.75, 1, ("other_currency:1",))
    assert measured("churn_rate").denominator == 2


def test_the_periods_of_contracts_are_cut_in_the_organisations_zone(settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    a_contract(a_customer(), ("churn", "2026-04-01", 0), until="2026-03-31")
    assert [measured("churn_rate", period=each).numerator for each in ("2026-Q1", "2026-Q2")] == [0, 1]
    assert [measured("renewal_rate", period=each).denominator for each in ("2026-Q1", "2026-Q2")] == [1, 0]


def test_a_change_of_retention_is_explained_to_the_last_digit_by_parts_and_customers(cast):
    a_contract(a_customer("Shrank"), ("contraction", "2026-05-01", 60), owner=cast.rep)
    a_contract(a_customer("Left"), ("churn", "2026-02-01", 0), value=300, owner=cast.outsider)
    a_contract(a_customer("Stayed"), value=100, owner=cast.outsider)
    first, second = (periods.parse(each) for each in ("2026-Q1", "2026-Q2"))
    found = engine.explain("gross_revenue_retention", COMPANY, first, second, "person", now=LATER)
    assert (found.before.value, found.after.value) == (0.4, 0.8)
    effects = found.effects
    assert effects.rate + effects.mix + effects.entered + effects.left == pytest.approx(0.4)
    assert sum(mover.effect for mover in found.movers) == pytest.approx(0.4)
    assert found.movers[0].label == "Left"


def test_the_numbers_are_those_of_plain_sql():
    """The same sets, asked for in another way: contract by contract, at two moments."""
    for number in range(12):
        moved = [("expansion", "2026-05-01", 130 + number)] if number % 3 == 0 else []
        moved += [("churn", "2026-06-01", 0)] if number % 4 == 0 else []
        a_contract(a_customer(), *moved, value=100 + number, start="2025-06-01" if number % 5 else "2026-04-02")
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT count(*), count(*) FILTER (WHERE at_end = 0), sum(at_start), sum(least(at_start, at_end)),
                sum(at_end)
            FROM (SELECT contract_id,
                    (SELECT m.after FROM sales_contractmovement AS m WHERE m.contract_id = c.contract_id
                        AND m.counts_from < '2026-04-01' ORDER BY m.id DESC LIMIT 1) AS at_start,
                    (SELECT m.after FROM sales_contractmovement AS m WHERE m.contract_id = c.contract_id
                        AND m.counts_from < '2026-07-01' ORDER BY m.id DESC LIMIT 1) AS at_end
                FROM (SELECT DISTINCT contract_id FROM sales_contractmovement) AS c) AS held
            WHERE at_start > 0""")
        customers, lost, opening, kept, closing = cursor.fetchone()
    assert settings.TIME_ZONE == "UTC"
    churn = measured("churn_rate")
    assert (churn.denominator, churn.numerator) == (customers, lost)
    gross, net = measured("gross_revenue_retention"), measured("net_revenue_retention")
    assert (gross.numerator, gross.denominator, net.numerator) == (kept, opening, closing)
    assert gross.value == float(Decimal(kept) / Decimal(opening))
