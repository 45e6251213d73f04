"""Sales KPIs, each with the cases its definition decides."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from evaluation import engine, kpis
from evaluation.formulas import intervals, periods
from tests.evaluation.measured import LATER, measured, parts, records
from tests.factories.evaluation import (
    a_customer,
    a_product,
    a_return,
    an_activity,
    an_opportunity,
    an_order,
    lost,
    moment,
    won,
)

pytestmark = pytest.mark.django_db


def test_win_rate_is_won_of_closed_in_the_period():
    for day in ("2026-04-01", "2026-05-10", "2026-06-30 23:59"):
        won(day)
    lost("2026-06-01")
    an_opportunity(("open", "2026-05-01"))
    won("2026-03-31 23:59")
    lost("2026-07-01")
    result = measured("win_rate")
    assert (result.value, result.numerator, result.denominator, result.n) == (0.75, 3, 4, 4)
    assert (result.interval.low, result.interval.high) == intervals.wilson(3, 4)
    assert result.interval.method == "wilson"
    assert result.flags == ("small_n",)


def test_win_rate_of_nothing_closed_is_not_computable():
    an_opportunity(("open", "2026-05-01"))
    result = measured("win_rate")
    assert (result.value, result.numerator, result.denominator, result.interval) == (None, 0, 0, None)
    assert result.flags == ("no_denominator",)


def test_win_rate_leaves_out_what_was_reopened_until_it_is_closed_again():
    won("2026-04-02")
    an_opportunity(("lost", "2026-04-10"), ("open", "2026-04-20"))
    an_opportunity(("won", "2026-04-10"), ("open", "2026-04-20"), ("lost", "2026-05-05"))
    an_opportunity(("lost", "2026-04-10"), ("open", "2026-04-20"), ("won", "2026-08-01"))
    assert (measured("win_rate").numerator, measured("win_rate").denominator) == (1, 2)
    assert measured("win_rate", period="2026-04").denominator == 1
    assert measured("win_rate", period="2026-Q3").value == 1.0


def test_win_rate_as_of_an_earlier_day_is_as_it_stood_then():
    won("2026-04-02")
    an_opportunity(("lost", "2026-04-10"), ("open", "2026-04-20 08:00"), ("won", "2026-05-05"))
    then = [measured("win_rate", as_of=moment(day).date()) for day in ("2026-04-09", "2026-04-19", "2026-04-20")]
    assert [(r.numerator, r.denominator) for r in then] == [(1, 1), (1, 2), (1, 1)]
    assert all(result.is_provisional for result in then)
    assert measured("win_rate").value == 1.0
    at_the_moment = measured("win_rate", as_of=moment("2026-04-20 08:00"))
    just_before = measured("win_rate", as_of=moment("2026-04-20 07:59"))
    assert (at_the_moment.denominator, just_before.denominator) == (1, 2)


def test_win_rate_does_not_count_an_edit_within_a_stage_as_closing_again():
    an_opportunity(("won", "2026-03-30"), ("won", "2026-04-02", {"amount": 5}))
    assert measured("win_rate").denominator == 0
    assert measured("win_rate", period="2026-Q1").denominator == 1


def test_win_rate_credits_whoever_held_the_opportunity_when_it_closed(cast):
    opportunity = won("2026-04-02", cast.rep)
    lost("2026-04-03", cast.outsider)
    opportunity.owner, opportunity.team = cast.outsider, cast.south
    opportunity.save()
    assert parts("win_rate", "person") == {"Rosa Rep": 1.0, "Olaf Outsider": 0.0}
    assert parts("win_rate", "team") == {"Company": 0.5, "North": 1.0, "South": 0.0}
    assert measured("win_rate", cast.rep).value == 1.0


def test_win_rate_of_a_team_includes_the_teams_below(cast):
    won("2026-04-02", cast.rep)
    lost("2026-04-02", cast.junior)
    assert measured("win_rate", cast.north).denominator == 2
    assert measured("win_rate", cast.north_inside).value == 0.0
    assert measured("win_rate", cast.company).value == 0.5
    assert measured("win_rate", cast.south).value is None


def test_win_rate_can_be_cut_by_channel_product_and_customer():
    press, website = a_product("Press"), a_customer("Web Ltd", channel="website")
    won("2026-04-02", customer=website, product=press)
    lost("2026-04-03", customer=a_customer("Other Ltd", channel="referral"))
    lost("2026-04-04")
    assert parts("win_rate", "channel") == {"website": 1.0, "referral": 0.0, None: 0.0}
    assert parts("win_rate", "product") == {"Press": 1.0, None: 0.0}
    assert parts("win_rate", "customer") == {"Web Ltd": 1.0, "Other Ltd": 0.0, None: 0.0}


def test_opportunities_in_the_bin_count_for_nothing_but_did_before_they_were_put_there():
    won("2026-04-02")
    lost("2026-04-02", deleted_at=moment("2026-05-01"))
    assert measured("win_rate").value == 1.0
    assert measured("win_rate", as_of=moment("2026-04-30").date()).value == 0.5


def test_sales_cycle_is_the_median_time_from_opened_to_won():
    for days in (1, 3, 10, 20):
        won(f"2026-04-{days + 1:02}", opened="2026-04-01")
    lost("2026-05-01", opened="2025-01-01")
    result = measured("sales_cycle")
    assert (result.value, result.n, result.denominator) == (6.5 * 86400, 4, 4)
    assert result.interval is None
    assert result.flags == ("small_n",)


def test_sales_cycle_leaves_out_and_flags_what_has_no_believable_beginning():
    won("2026-04-11", opened="2026-04-01")
    won("2026-04-12")
    won("2026-04-13")
    won("2026-04-14", opened="2026-04-15")
    won("2026-04-16", opened="2026-04-16")
    result = measured("sales_cycle")
    assert (result.value, result.n) == (10 * 86400, 1)
    assert result.flags == ("small_n", "missing_opened_at:2", "opened_after_won:1", "opened_as_won:1")


def test_beside_the_median_stand_the_mean_the_slowest_quarter_and_what_is_still_open():
    """Won after 2, 4, 6, 8 and 30 days: mean 10, three quarters within 8. Open for 10 and 50 days, and unknown."""
    for days in (2, 4, 6, 8, 30):
        won(f"2026-05-{days + 1:02}", opened="2026-05-01")
    an_opportunity(("open", "2026-06-21"), opened="2026-06-21")
    an_opportunity(("open", "2026-05-12"), opened="2026-05-12")
    an_opportunity(("open", "2026-05-12"))
    day = 86_400
    assert [measured(code).value for code in kpis.get("sales_cycle").beside[:2]] == [10 * day, 8 * day]
    age = measured("open_opportunity_age")
    assert (age.value, age.n, age.issues) == (30 * day, 2, {"missing_opened_at": 1})
    close = measured("time_to_close", now=moment("2026-07-01"))
    # 2, 4 and 6 days of seven; the two open ones outlast 8, so that half of all are decided by then.
    assert (close.value, close.n, "provisional" in close.flags) == (8 * day, 7, True)
    assert measured("time_to_close", period="2026-06", now=moment("2026-07-01")).flags[0] == "not_reached"
    explained = engine.explain(
        "sales_cycle_p75", engine.COMPANY, periods.parse("2026-05"), periods.parse("2026-Q2"), now=LATER
    )
    assert (explained.change, {one.effect for one in explained.movers}) == (0, {None})


def test_follow_ups_that_reached_nobody_are_tries_and_how_often_is_asked_of_open_opportunities(cast):
    """Open for two weeks with two calls and for one with none, of three tries: 2 / 3 a week."""
    first = an_opportunity(("open", "2026-04-01"), ("won", "2026-04-15"), owner=cast.rep)
    an_opportunity(
        ("open", "2026-04-01"), ("open", "2026-04-04", {"owner": cast.teammate}), ("lost", "2026-04-08"), owner=cast.rep
    )
    about = {"about_kind": "opportunity", "about_id": first.pk}
    for day in ("2026-04-02", "2026-04-09", "2026-04-20"):  # the last after it was won
        an_activity(day, cast.rep, **about)
    an_activity("2026-04-03", cast.rep, outcome="not_reached", **about)
    an_activity("2026-04-03", cast.rep, duration=timedelta(seconds=9), **about)
    an_activity("2026-04-03", cast.rep, duration=timedelta(seconds=10))
    count = measured("follow_ups")
    assert (count.value, count.flags) == (4, ("reached_nobody:2",))
    often = measured("follow_up_frequency")
    assert (often.value, often.numerator, often.denominator) == (pytest.approx(2 / 3), 2, 3)
    assert parts("follow_up_frequency", "person")[cast.teammate.name] == 0
    assert measured("follow_up_frequency", cast.rep).denominator == pytest.approx(Decimal(17) / 7)


@pytest.mark.parametrize("n", [5, 6, 9, 30, 31])
def test_sales_cycle_has_the_interval_of_its_order_statistics(n):
    for number in range(n):
        won(f"2026-05-{number % 28 + 2:02} 00:{number:02}", opened="2026-05-01")
    values = [row.value for row in records("sales_cycle").rows]
    result = measured("sales_cycle")
    expected = intervals.median(values)
    assert ((result.interval.low, result.interval.high) if result.interval else None) == expected


def test_revenue_is_what_was_won_and_the_orders_that_belong_to_none():
    sold = won("2026-04-02", amount="1234.56")
    an_order("2026-04-03", amount="100.44")
    an_order("2026-04-03", customer=a_customer(), opportunity=sold, amount="1234.56")
    lost("2026-04-03", amount=7777)
    an_opportunity(("won", "2026-04-03"), ("open", "2026-05-01"), amount=5555)
    result = measured("revenue")
    assert (result.value, result.n, result.currency) == (Decimal("1335.00"), 2, "USD")
    assert result.as_json()["value"] == {"amount": 1335, "currency": "USD"}
    assert result.interval is None


def test_revenue_of_nothing_is_zero():
    assert measured("revenue").value == 0
    assert measured("revenue").flags == ()


def test_revenue_flags_what_has_no_amount_or_another_currency():
    won("2026-04-02", amount=1000)
    won("2026-04-02", amount=None)
    won("2026-04-02", amount=900, currency="EUR")
    result = measured("revenue")
    assert (result.value, result.n) == (1000, 1)
    assert result.flags == ("missing_amount:1", "other_currency:1")


def test_a_corrected_amount_counts_now_but_not_as_of_the_day_it_was_won():
    opportunity = won("2026-04-02", amount=1000)
    opportunity.amount = 9999
    opportunity.save()
    assert measured("revenue").value == 9999
    assert measured("revenue", as_of=date(2026, 4, 3)).value == 1000


def test_revenue_by_product_takes_orders_of_one_product_only():
    press, pump = a_product("Press"), a_product("Pump")
    won("2026-04-02", amount=1000, product=press)
    an_order("2026-04-03", amount=10, products=[press, press])
    an_order("2026-04-03", amount=20, products=[press, pump])
    assert parts("revenue", "product") == {"Press": 1010, None: 20}


def test_follow_ups_are_outbound_contacts_of_a_person(cast):
    for type_ in ("call", "visit", "meeting", "email", "message"):
        an_activity("2026-04-02", cast.rep, type=type_)
    an_activity("2026-04-02", cast.rep, type="note", direction="none")
    an_activity("2026-04-02", cast.rep, type="note")
    an_activity("2026-04-02", cast.rep, direction="inbound")
    an_activity("2026-04-02", None, type="email")
    an_activity("2026-04-02", cast.rep, deleted_at=moment("2026-04-03"))
    an_activity("2026-03-31", cast.rep)
    result = measured("follow_ups")
    assert (result.value, result.numerator, result.denominator, result.n) == (5, 5, None, 5)
    assert measured("follow_ups", cast.teammate).value == 0


def test_follow_ups_planned_for_later_have_not_happened(cast):
    an_activity("2026-05-12", cast.rep)
    an_activity("2026-05-20", cast.rep)
    result = measured("follow_ups", now=moment("2026-05-13"))
    assert (result.value, result.flags) == (1, ("provisional",))


def test_pipeline_value_is_what_was_open_at_the_end_of_the_period():
    an_opportunity(("open", "2026-04-01"), amount=100)
    an_opportunity(("open", "2026-04-01"), ("later", "2026-06-01", {"amount": 250}), amount=200)
    an_opportunity(("open", "2026-04-01"), ("won", "2026-07-01"), amount=1000)
    an_opportunity(("open", "2026-04-01"), ("won", "2026-06-30 23:59"), amount=3000)
    an_opportunity(("lost", "2026-04-01"), ("open", "2026-08-01"), amount=5000)
    an_opportunity(("open", "2026-07-01"), amount=7000)
    an_opportunity(("open", "2026-05-01"), amount=None)
    assert measured("pipeline_value").value == 1350
    assert measured("pipeline_value").flags == ("missing_amount:1",)
    assert measured("pipeline_value", period="2026-05").value == 100 + 200 + 1000 + 3000
    assert measured("pipeline_value", period="2026-Q3").value == 350 + 5000 + 7000


def test_pipeline_value_of_the_running_period_is_as_of_now():
    an_opportunity(("open", "2026-04-01"), ("won", "2026-06-20"), amount=100)
    result = measured("pipeline_value", now=moment("2026-05-13"))
    assert (result.value, result.flags) == (100, ("provisional",))
    assert measured("pipeline_value", as_of=moment("2026-06-19").date()).value == 100
    assert measured("pipeline_value", as_of=moment("2026-06-20").date()).value == 0


def test_pipeline_value_counts_for_whoever_held_it_then(cast):
    an_opportunity(("open", "2026-04-01"), ("open", "2026-06-01", {"owner": cast.outsider}), owner=cast.rep, amount=100)
    assert parts("pipeline_value", "person") == {"Olaf Outsider": 100}
    assert parts("pipeline_value", "person", "2026-05") == {"Rosa Rep": 100}
    assert parts("pipeline_value", "team", "2026-05") == {"Company": 100, "North": 100}


def test_a_return_is_taken_from_the_revenue_of_the_day_it_came_back(cast):
    """Worked example: 1,000 ordered in March, 300 of it back in May: Q1 keeps its 1,000, Q2 has 300 less."""
    acme = a_customer("Acme")
    bought = an_order("2026-03-10", acme, cast.rep, amount=1000)
    a_return(bought, "2026-05-04", 300)
    an_order("2026-04-03", acme, cast.outsider, amount=500)
    a_return(an_order("2026-04-05", acme, cast.rep, amount=50), "2026-04-30", 50)
    assert measured("revenue", period="2026-Q1").value == 1000
    result = measured("revenue")
    assert (result.value, result.n) == (500 + 50 - 50 - 300, 4)
    assert parts("revenue", "person") == {"Rosa Rep": -300, "Olaf Outsider": 500}
    assert measured("revenue", as_of=date(2026, 5, 3)).value == 500
    assert [(row.kind, row.value) for row in records("revenue").rows if row.value < 0] == [
        ("order", -300), ("order", -50)
    ]  # fmt: skip
    assert measured("revenue_per_customer").value == 200


def test_a_cancelled_return_counted_only_until_it_was_cancelled():
    order = an_order("2026-04-03", amount=500)
    a_return(order, "2026-04-10", 500, cancelled="2026-05-01")
    assert measured("revenue").value == 500
    assert measured("revenue", as_of=date(2026, 4, 30)).value == 0


def test_a_return_of_what_an_opportunity_sold_counts_against_who_won_it_and_only_while_it_is_won(cast):
    sold = won("2026-04-02", cast.rep, a_customer(), amount=1000)
    a_return(an_order("2026-04-03", sold.customer, cast.outsider, 1000, opportunity=sold), "2026-05-04", 400)
    again = an_opportunity(("won", "2026-04-02"), ("open", "2026-05-20"), customer=sold.customer, amount=700)
    a_return(an_order("2026-04-03", sold.customer, amount=700, opportunity=again), "2026-05-04", 100)
    gone = an_order("2026-04-03", amount=90, deleted_at=moment("2026-05-05"))
    a_return(gone, "2026-05-04", 90)
    assert measured("revenue").value == 600
    assert parts("revenue", "person") == {"Rosa Rep": 600}
    assert measured("revenue", as_of=date(2026, 5, 4)).value == 1000 - 400 + 700 - 100
