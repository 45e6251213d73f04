"""Churn among those who could leave: by customer, of terms that ended."""

from __future__ import annotations

from datetime import date

import pytest

from evaluation.formulas import intervals
from tests.evaluation.measured import measured, parts, records
from tests.factories.contracts import a_contract, renewed
from tests.factories.evaluation import a_customer, moment

pytestmark = pytest.mark.django_db

DUE, NEXT = "2026-06-30", "2027-06-30"


def ended(counts_from="2026-07-01", **said):
    return ("churn", counts_from, 0, {"due": DUE, **said})


def test_only_those_whose_term_ended_could_leave_and_are_counted_once(cast):
    """Two of five are lost: 40 %. Of the ten customers under contract that is a fifth."""
    a_contract(a_customer("Renewed"), renewed("2026-07-01", DUE, NEXT), until=DUE, owner=cast.rep)
    a_contract(a_customer("Lost"), ended(), until=DUE, owner=cast.rep)
    a_contract(a_customer("Left before"), ended("2026-05-01"), until=DUE, owner=cast.outsider)
    both = a_customer("One of two")
    a_contract(both, ended(), until=DUE, owner=cast.outsider)
    a_contract(both, until=NEXT)
    a_contract(a_customer("Came back"), ended(), ("reactivation", "2026-07-30", 90), until=DUE, owner=cast.rep)
    for number in range(5):
        a_contract(a_customer(f"Bound {number}"), until=NEXT if number else None)
    result = measured("at_risk_churn_rate")
    assert (result.value, result.numerator, result.denominator) == (0.4, 2, 5)
    assert (result.interval.low, result.interval.high) == intervals.wilson(2, 5)
    assert result.flags == ("small_n",)
    outcomes = {row.label: row.fields["outcome"] for row in records("at_risk_churn_rate").rows}
    assert outcomes == {
        "Renewed": "kept", "Lost": "lost", "Left before": "lost", "One of two": "kept", "Came back": "kept",
    }  # fmt: skip
    assert parts("at_risk_churn_rate", "person") == {"Rosa Rep": pytest.approx(1 / 3), "Olaf Outsider": 0.5}
    assert measured("at_risk_churn_rate", period="2026-Q3").flags == ("no_denominator",)
    assert measured("churn_rate").denominator == 10


def test_until_the_days_of_grace_are_over_who_left_may_still_come_back():
    a_contract(a_customer(), ended(), ("reactivation", "2026-07-31", 90), until=DUE)  # a day too late
    a_contract(a_customer(), until=DUE)  # nobody has said anything: still a customer
    undecided, decided = (measured("at_risk_churn_rate", now=moment(day)) for day in ("2026-07-30", "2026-08-01"))
    assert (undecided.numerator, undecided.denominator, undecided.is_provisional) == (1, 2, True)
    assert (decided.numerator, decided.denominator, decided.is_provisional) == (1, 2, False)
    assert measured("at_risk_churn_rate", as_of=date(2026, 6, 30)).numerator == 0
