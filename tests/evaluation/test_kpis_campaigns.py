"""What winning customers costs, and what campaigns bring in at most, of worked examples."""

from __future__ import annotations

import pytest

from tests.evaluation.measured import measured, parts, records
from tests.factories.evaluation import a_campaign, a_cost, a_customer, an_order, came_in, moment, won

pytestmark = pytest.mark.django_db


def test_cost_per_new_customer_of_the_worked_example(cast):
    """Advertising 3,000 and 1,500, with 500 taken back, for three customers: 1,500; with salaries of 4,500: 3,000."""
    a_cost("2026-04", 3000, channel="event")
    wrong = a_cost("2026-05", 500)
    a_cost("2026-05", -500, corrects=wrong)
    a_cost("2026-05", 1500, channel="website")
    a_cost("2026-05", 4500, "salaries")
    a_cost("2026-05", 700, currency="EUR")
    a_cost("2026-07", 900)
    a_cost("2026-04", -500, corrects=a_cost("2026-04", 1, noted="2026-06-20"), noted="2026-06-20")
    event = a_customer("Event", channel="event")
    for day, customer in (("2026-04-30", event), ("2026-05-02", a_customer("Second")), ("2026-05-03", a_customer())):
        an_order(day, customer, cast.rep)
    an_order("2026-05-09", event, cast.rep)  # no new one
    an_order("2026-06-09", a_customer("Of June"))  # a month nobody noted costs of
    paid, full = (measured(code, as_of=moment("2026-06-10")) for code in ("cac_paid", "cac"))
    assert (paid.value, paid.numerator, paid.denominator) == (1500, 4500, 3)
    assert (full.value, full.numerator, full.denominator) == (3000, 9000, 3)
    assert {"other_currency:1", "missing_costs:1"} <= set(full.flags)
    assert parts("cac", "channel")["event"] == 3000
    assert {row.label for row in records("cac").rows if row.issue == "missing_costs"} == {"Of June"}


def test_costs_without_customers_are_told_and_customers_without_costs_cost_nothing_known():
    a_cost("2026-04", 3000)
    an_order("2026-07-09", a_customer())
    nobody, unknown = measured("cac"), measured("cac", period="2026-Q3")
    assert (nobody.value, nobody.numerator, nobody.flags) == (None, 3000, ("no_denominator",))
    assert (unknown.value, unknown.flags) == (None, ("no_denominator", "missing_costs:1"))
    assert measured("cac", period="2026-W20").value is None


def test_the_return_on_campaigns_is_what_their_customers_brought_in_for_what_they_cost(cast):
    """Sold for 5,000 to customers a campaign of 2,000 brought: (5,000 − 2,000) / 2,000 = 150 %."""
    fair, free, gone = (
        a_campaign("Spring fair"),
        a_campaign("Free"),
        a_campaign("Gone", deleted_at=moment("2026-01-01")),
    )
    a_cost("2026-04", 2000, campaign=fair, channel="event")
    a_cost("2026-04", 9000)
    a_cost("2026-04", 100, campaign=gone)
    lead = came_in("2026-03-01", converted="2026-03-02", campaign="SPRING FAIR")
    won("2026-04-20", cast.rep, lead.customer, amount=3000)
    an_order("2026-05-20", a_customer(campaign="Spring fair"), cast.rep, 2000)
    an_order("2026-05-20", a_customer(campaign="Spring fair"), cast.rep, 70, currency="EUR")
    an_order("2026-05-20", a_customer(campaign=free.name), cast.rep, 400)
    an_order("2026-05-20", a_customer(campaign="Something else"), cast.rep, 800)
    result = measured("campaign_roi")
    assert (result.value, result.numerator, result.denominator) == (1.5, 3000, 2000)
    assert set(result.flags) == {"other_currency:1", "without_cost:1"}
    assert measured("campaign_roi", period="2026-Q1").value is None
