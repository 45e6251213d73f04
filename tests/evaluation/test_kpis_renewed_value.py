"""Renewal by value, from the movements of contracts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from customers.sales.models import CurrencyRate
from evaluation import engine
from evaluation.engine import COMPANY
from evaluation.formulas import periods
from tests.evaluation.measured import LATER, measured, parts, records
from tests.factories.contracts import a_contract, renewed
from tests.factories.evaluation import a_customer, moment

pytestmark = pytest.mark.django_db

CODE, DUE, NEXT = "renewal_rate_by_value", "2026-06-30", "2027-06-30"


def again(agreed=None):
    return renewed("2026-07-01", DUE, NEXT, agreed=agreed)


def priced(type_, value):
    """Agreed with the renewal, like its other price."""
    return (type_, "2026-07-01", value, {"agreed": DUE})


def test_what_is_renewed_is_held_against_what_was_due_and_nothing_sold_on_top_makes_up_for_a_loss(cast):
    """Due 5,000 + 3,000 + 1,500 + 500 = 10,000. Renewed 5,000 of 6,000, 2,000 of 3,000, and 1,500 late: 85 %, while
    three of four contracts were renewed."""
    a_contract(a_customer(), again(), priced("expansion", 6000), value=5000, until=DUE, owner=cast.rep)
    a_contract(a_customer(), again(), priced("contraction", 2000), value=3000, until=DUE, owner=cast.outsider)
    a_contract(a_customer(), again(agreed="2026-07-30"), value=1500, until=DUE, owner=cast.outsider)
    a_contract(a_customer(), ("churn", "2026-07-01", 0, {"due": DUE}), value=500, until=DUE, owner=cast.outsider)
    a_contract(a_customer(), value=9999)  # without an end: never due
    a_contract(a_customer(), value=9999, until="2026-07-01")
    result = measured(CODE)
    assert (result.value, result.numerator, result.denominator, result.n, result.flags) == (0.85, 8500, 10000, 4, ())
    assert measured("renewal_rate").value == 0.75
    rows = records(CODE).rows
    assert sum(row.value for row in rows) == sum(row.fields["value_renewed"] for row in rows) == result.numerator
    assert sum(row.fields["value_due"] for row in rows) == result.denominator
    assert {(row.fields["due"], row.fields["currency"]) for row in rows} == {(DUE, "USD")}
    assert parts(CODE, "person") == {"Rosa Rep": 1, "Olaf Outsider": 0.7}
    grown = a_contract(a_customer(), again(), priced("expansion", 90), value=50, until=DUE)
    assert measured(CODE).value < 1
    assert {row.label: row.value for row in records(CODE).rows}[grown.name] == 50


def test_growth_within_the_term_is_due_and_a_later_change_of_price_is_no_part_of_the_renewal():
    a_contract(a_customer(), ("expansion", "2026-03-01", 300), again(), value=100, until=DUE)
    a_contract(a_customer(), again(), ("contraction", "2026-07-02", 10), value=100, until=DUE)
    early = again(agreed="2026-02-01")  # and grown after it was agreed, before the term ended
    a_contract(a_customer(), early, ("expansion", "2026-04-01", 200), value=100, until=DUE)
    result = measured(CODE)
    assert (result.value, result.numerator, result.denominator) == (1, 600, 600)


def test_who_left_before_the_end_counts_with_what_they_left_with_and_nothing_due_is_no_value():
    a_contract(a_customer(), ("contraction", "2025-10-01", 80), ("churn", "2025-12-01", 0, {"due": DUE}), until=DUE)
    renewed_early = again(agreed="2026-02-01")
    a_contract(a_customer(), renewed_early, ("churn", "2026-05-01", 0, {"due": NEXT}), value=120, until=DUE)
    a_contract(a_customer(), again(), value=0, until=DUE)  # free: nothing to renew
    result = measured(CODE)
    assert (result.value, result.numerator, result.denominator, result.n, result.flags) == (0, 0, 200, 2, ())
    nothing = measured(CODE, period="2025-Q1")
    assert (nothing.value, nothing.numerator, nothing.flags) == (None, None, ("no_denominator",))


def test_late_renewals_move_the_value_until_the_days_of_grace_are_over_and_not_after():
    a_contract(a_customer(), renewed("2026-06-11", "2026-06-10", "2027-06-10"), value=100, until="2026-06-10")
    late = renewed("2026-06-21", "2026-06-20", "2027-06-20", agreed="2026-07-20")
    a_contract(a_customer(), late, value=200, until="2026-06-20")
    too_late = renewed("2026-06-21", "2026-06-20", "2027-06-20", agreed="2026-07-21")
    a_contract(a_customer(), too_late, value=100, until="2026-06-20")
    before, then = (measured(CODE, as_of=date.fromisoformat(day)) for day in ("2026-07-19", "2026-07-20"))
    assert (before.value, before.is_provisional) == (0.25, True)
    assert (then.value, then.is_provisional) == (0.75, False)
    assert measured(CODE).value == 0.75
    running = measured(CODE, now=moment("2026-06-15"))
    assert (running.value, running.denominator, running.is_provisional) == (1, 100, True)


def test_other_currencies_count_at_the_rate_of_the_due_date_or_are_told():
    CurrencyRate.objects.create(currency="EUR", valid_from=date(2026, 6, 30), rate=Decimal(2))
    CurrencyRate.objects.create(currency="EUR", valid_from=date(2026, 7, 1), rate=Decimal(9))
    a_contract(a_customer(), again(), priced("contraction", 50), value=100, currency="EUR", until=DUE)
    a_contract(a_customer(), again(), value=100, currency="CHF", until=DUE)
    result = measured(CODE)
    assert (result.numerator, result.denominator, result.flags) == (100, 200, ("other_currency:1",))
    assert {row.fields.get("rate") for row in records(CODE).rows if row.counted} == {2}


def test_a_change_is_explained_by_the_contracts_that_moved_it(cast):
    a_contract(a_customer(), renewed("2026-04-01", "2026-03-31", NEXT), value=100, until="2026-03-31", owner=cast.rep)
    a_contract(a_customer(), again(), priced("contraction", 40), value=100, until=DUE, owner=cast.outsider)
    first, second = (periods.parse(each) for each in ("2026-Q1", "2026-Q2"))
    found = engine.explain(CODE, COMPANY, first, second, "person", now=LATER)
    assert (found.before.value, found.after.value) == (1, 0.4)
    assert sum(mover.effect for mover in found.movers) == pytest.approx(-0.6)
