"""Sales velocity: four inputs of the same twelve months, and what each of them does to it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from evaluation import engine
from evaluation.engine import COMPANY
from evaluation.formulas import drivers, periods
from tests.evaluation.measured import LATER, measured, parts, records
from tests.factories.evaluation import an_opportunity, an_order, lost, moment, won

pytestmark = pytest.mark.django_db

DIVIDES = [False, False, False, True]


def a_pipeline(count, won_count, lost_count, amount, days, **fields):
    """So many open on the 30th of June 2026, and what was closed in the months before."""
    began = moment("2026-05-01") - timedelta(days=days)
    for _ in range(count):
        an_opportunity(("open", "2026-04-01"), **fields)
    for _ in range(won_count):
        won("2026-05-01", amount=amount, opened=f"{began:%Y-%m-%d}", **fields)
    for _ in range(lost_count):
        lost("2026-02-01", **fields)


@pytest.mark.parametrize(
    ("pipeline", "per_day"),
    [((40, 1, 3, 25000, 90), 2777.78), ((18, 6, 19, 42000, 78), 2326.15)],
)
def test_the_published_examples(pipeline, per_day):
    a_pipeline(*pipeline)
    result = measured("sales_velocity")
    assert round(result.value, 2) == per_day
    count, won_count, lost_count, amount, days = pipeline
    assert result.drivers == (count, won_count / (won_count + lost_count), amount, days)
    assert (result.currency, result.flags) == ("USD", ())
    assert result.as_json()["drivers"]["open_opportunities"] == count


def test_all_four_inputs_are_of_the_scope_and_the_twelve_months_until_the_end(cast):
    a_pipeline(2, 1, 1, 300, 30, owner=cast.rep)
    a_pipeline(5, 0, 2, 0, 0, owner=cast.outsider)
    won("2025-06-30 23:59", cast.rep, amount=9000, opened="2025-06-01")  # thirteen months ago
    won("2025-07-01", cast.rep, amount=500)  # without a beginning: no part of the days
    won("2026-07-01", cast.rep, amount=9000, opened="2026-06-01")  # after the period
    an_order("2026-05-01", owner=cast.rep, amount=9000)  # an order is no opportunity
    result = measured("sales_velocity", cast.rep)
    assert result.drivers == (2, pytest.approx(2 / 3), 400, 30)
    assert result.value == pytest.approx(2 * 2 / 3 * 400 / 30)
    assert result.flags == ("missing_opened_at:1",)
    assert parts("sales_velocity", "person") == {"Rosa Rep": result.value, "Olaf Outsider": None}
    assert parts("sales_velocity", "team")["North"] == result.value
    assert measured("sales_velocity", cast.outsider).flags == ("no_denominator",)
    assert measured("sales_velocity", cast.rep, as_of=date(2026, 4, 30)).drivers[:3] == (2, 2 / 3, 4750)
    rows = records("sales_velocity", cast.rep).rows
    assert {(row.fields["outcome"], row.fields["days"]) for row in rows} == {
        ("open", None), ("won", 30), ("won", None), ("lost", None),
    }  # fmt: skip


def test_sensitivities_are_exact_and_a_change_is_split_into_what_each_driver_did():
    assert drivers.sensitivity(0.1, divides=False) == 0.1
    assert drivers.sensitivity(-0.1, divides=True) == pytest.approx(1 / 9)
    assert drivers.product([40, 0.25, 25000, 0], DIVIDES) is None
    assert drivers.product([40, None, 25000, 90], DIVIDES) is None
    before, after = [40, 0.25, 25000, 90], [44, 0.25, 25000, 81]
    shares = drivers.shares_of_change(before, after, DIVIDES)
    change = drivers.product(after, DIVIDES) - drivers.product(before, DIVIDES)
    assert sum(shares) == pytest.approx(change)
    assert shares[1:3] == [0, 0]
    assert shares[3] > shares[0] > 0  # a tenth less to divide by is more than a tenth more
    assert sum(drivers.shares_of_change([0, 0.5, 10, 5], [2, 0.5, 10, 5], DIVIDES)) == pytest.approx(2)


def test_the_page_shows_the_drivers_and_why_it_changed(cast, client):
    a_pipeline(40, 1, 3, 25000, 90)
    client.force_login(cast.administrator)
    page = client.get(reverse("kpi-detail", args=["sales_velocity"]) + "?period=2026-Q2").content.decode()
    assert "$2,777.78" in page
    assert "−10.0%" in page
    assert "+11.1%" in page
    assert "$3,086.42" in page
    found = engine.explain("sales_velocity", COMPANY, *map(periods.parse, ("2026-05", "2026-06")), now=LATER)
    assert (found.change, [round(effect) for _, effect in found.drivers]) == (0, [0, 0, 0, 0])
    why = client.get(reverse("kpi-explanation", args=["sales_velocity"]) + "?period=2026-06").content.decode()
    assert "Average days to win" in why
