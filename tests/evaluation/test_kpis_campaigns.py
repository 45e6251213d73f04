"""What winning customers costs, and what campaigns bring in at most, of worked examples."""

from __future__ import annotations

from datetime import date

import pytest

from customers.sales.models import CampaignMember
from evaluation import engine
from evaluation.engine import scopes, wording
from tests.evaluation.measured import measured, parts, records
from tests.factories.customers import make_contact
from tests.factories.evaluation import (
    a_campaign,
    a_cost,
    a_customer,
    a_product,
    a_unit_cost,
    an_order,
    came_in,
    moment,
    won,
)

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


@pytest.fixture
def touched(cast):
    """The fair brought the customer, an answer to the letter came before the opportunity, one to the late one after.

    Fair 1,000, letter 500, salaries of no campaign 300. Sold: 3,000 to the customer, an order of 800 to another whom
    the fair alone touched, 400 to one of no campaign."""
    fair, letter, late = a_campaign("Fair"), a_campaign("Letter", channel="campaign"), a_campaign("Late")
    customer = a_customer("Both", channel="event", campaign="FAIR")
    contact = make_contact(cast.rep, customer=customer)
    for campaign, day in ((letter, "2026-04-03"), (late, "2026-04-11")):
        member = {"state": "responded", "responded_on": date.fromisoformat(day), "added_at": moment("2026-04-01")}
        CampaignMember.objects.create(campaign=campaign, contact=contact, **member)
    won("2026-04-20", cast.rep, customer, amount=3000, opened="2026-04-10")
    an_order("2026-04-21", a_customer("Fair only", channel="event", campaign="Fair"), cast.rep, 800)
    an_order("2026-04-22", a_customer("None", channel="website"), cast.rep, 400)
    a_cost("2026-04", 1000, campaign=fair, channel="event")
    a_cost("2026-04", 500, campaign=letter, channel="campaign")
    a_cost("2026-04", 300, "salaries")


def test_what_a_customer_cost_is_told_by_campaign_of_the_first_touch_or_of_the_last(touched):
    """1,800 for three is 600. First touch: the fair 1,000 for two. Last touch: 1,000 for one and the letter 500 for
    one. What has no campaign stays its own part, and a campaign without customers has a cost and no value."""
    for code in ("cac", "cac_last_touch"):
        assert measured(code).value == 600
    assert parts("cac", "campaign") == {"Fair": 500, "Letter": None, None: 300}
    assert parts("cac_last_touch", "campaign") == {"Fair": 1000, "Letter": 500, None: 300}
    assert parts("cac", "channel") == {"event": 500, "campaign": None, "website": None, None: None}
    assert parts("cac_last_touch", "channel")["campaign"] == 500
    website = measured("cac", scopes.resolve("channel:website"))
    assert (website.value, website.flags, website.n) == (None, ("no_cost",), 1)
    fair = scopes.resolve("campaign:Fair")
    assert {row.label for row in records("cac", fair).rows if row.kind == "customer"} == {"Both", "Fair only"}
    last = records("cac_last_touch", fair).rows
    assert {(row.label, row.fields["campaign"]) for row in last if row.kind == "customer"} == {("Fair only", "Fair")}
    payback = parts("cac_payback_last_touch", "campaign")
    assert payback["Letter"] == pytest.approx(500 / (3000 / 3))
    assert wording.scope_name(engine.Scope("campaign")) == "without a campaign"


def test_every_number_about_costs_is_told_by_the_last_touch_too_and_as_a_whole_says_the_same(touched):
    """Advertising 1,500 for three. A year's revenue: 3,000 + 800 + 400 for it, 2.8 times; of the letter 3,000 / 500.
    The sales cycle is ten days, so that costs are those of the month itself."""
    whole = {"cac_paid": 500, "cac_lagged": 600, "clv_to_cac": 2.8}
    for code, value in whole.items():
        assert [measured(each).value for each in (code, f"{code}_last_touch")] == [value, value]
        assert measured(f"{code}_last_touch", as_of=moment("2026-06-30")).flags.count("state_of_today") == 1
    assert parts("cac_paid", "campaign") == {"Fair": 500, "Letter": None, None: None}
    assert parts("cac_paid_last_touch", "campaign") == {"Fair": 1000, "Letter": 500, None: None}
    assert parts("cac_lagged", "campaign") == {"Fair": 500, "Letter": None, None: 300}
    assert parts("cac_lagged_last_touch", "campaign") == {"Fair": 1000, "Letter": 500, None: 300}
    assert parts("clv_to_cac", "campaign") == {"Fair": 3.8, "Letter": 0, None: None}
    assert parts("clv_to_cac_last_touch", "campaign") == {"Fair": 0.8, "Letter": 6, None: None}
    assert parts("clv_to_cac_last_touch", "channel")["campaign"] == 6
    letter = scopes.resolve("campaign:Letter")
    assert {row.label for row in records("cac_paid_last_touch", letter).rows if row.kind == "customer"} == {"Both"}


def test_the_return_counts_what_was_sold_after_the_first_touch_or_after_the_last(touched):
    """First: (3,800 − 1,500) / 1,500. Last: the same in all, but the letter (3,000 − 500) / 500 = 500 %."""
    for code in ("campaign_roi", "campaign_roi_last_touch"):
        assert measured(code).value == pytest.approx(2300 / 1500)
    assert parts("campaign_roi", "campaign") == {"Fair": 2.8, "Letter": -1}
    assert parts("campaign_roi_last_touch", "campaign") == {"Fair": pytest.approx(-0.2), "Letter": 5}
    assert parts("campaign_return_last_touch", "campaign") == {"Fair": 0.8, "Letter": 6}
    bought = records("campaign_roi_last_touch", scopes.resolve("campaign:Letter")).rows
    assert {(row.kind, row.value) for row in bought} == {("cost", -500), ("opportunity", 3000)}


def test_the_return_as_margin_takes_off_what_the_goods_cost_and_guesses_nothing(cast):
    """Sold for 1,000 what cost 600, by a campaign of 200: (400 − 200) / 200 = 100 %."""
    pump = a_product("Pump")
    a_unit_cost(pump, "2026-01-01", 600)
    a_cost("2026-04", 200, campaign=a_campaign("Fair"))
    customer = a_customer(campaign="Fair")
    an_order("2026-04-20", customer, cast.rep, 1000, products=[pump])
    an_order("2026-04-20", customer, cast.rep, 5000, products=[a_product("Without a cost")])
    for code in ("campaign_margin_roi", "campaign_margin_roi_last_touch"):
        result = measured(code)
        assert (result.value, result.flags) == (1, ("missing_cost:1",))
    for code in ("cac_payback_margin", "cac_payback_margin_last_touch"):
        payback = measured(code)
        assert (payback.value, payback.flags) == (pytest.approx(200 / (400 / 3)), ("missing_amount:1",))
    for code in ("clv_to_cac_margin", "clv_to_cac_margin_last_touch"):
        assert parts(code, "campaign") == {"Fair": 2}


def test_a_lead_that_comes_in_later_is_a_touch_too_and_without_any_the_first_was_the_last(cast):
    a_campaign("Old")
    a_campaign("New")
    came_in("2026-03-01", converted="2026-03-02", campaign="Old")
    lead = came_in("2026-04-01", converted="2026-04-02", campaign="New")
    type(lead).objects.update(customer=lead.customer)  # both became the same
    an_order("2026-04-10", lead.customer)
    an_order("2026-04-11", a_customer(campaign="Old"))
    a_cost("2026-04", 100)
    named = [{row.label: row.fields["campaign"] for row in records(code).rows} for code in ("cac", "cac_last_touch")]
    assert [one[lead.customer.name] for one in named] == ["Old", "New"]
    assert sorted(str(value) for value in named[1].values()) == ["New", "None", "Old"]


def test_leads_convert_by_the_campaign_they_came_in_by_or_responded_to_last():
    fair, letter = a_campaign("Fair"), a_campaign("Letter", channel="campaign")
    won_over = came_in("2026-04-01", converted="2026-04-20", campaign="fair", channel="event")
    came_in("2026-04-02", campaign="Fair", channel="event")
    for campaign, day in ((letter, 10), (fair, 25)):  # the second after it was converted
        CampaignMember.objects.create(
            campaign=campaign, lead=won_over, state="responded", responded_on=date(2026, 4, day),
            added_at=moment("2026-04-01"),
        )  # fmt: skip
    assert parts("lead_conversion", "campaign") == {"Fair": 0.5}
    assert parts("lead_conversion_last_touch", "campaign") == {"Fair": 0, "Letter": 1}
    assert parts("lead_conversion_last_touch", "channel") == {"event": 0, "campaign": 1}
    assert measured("lead_conversion_last_touch").value == measured("lead_conversion").value == 0.5
