"""The win rate by beginning: won and lost compete, and what is still open counts as far as it was followed."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from django.urls import reverse

from evaluation.formulas.incidence import aalen_johansen
from evaluation.formulas.intervals import wilson
from tests.evaluation.measured import measured, parts, records
from tests.factories.evaluation import an_opportunity, lost, moment, won

pytestmark = pytest.mark.django_db

NOW = moment("2026-06-10")


def test_the_estimate_worked_by_hand():
    found = aalen_johansen([1, 1, 2, 3, 3, 3, 4, 5], [1, -1, 0, 1, 0, -1, 0, 1])
    # One of eight; of the 6/8 that last longer one of five; of the 3/5 of those that last longer again, the last one.
    assert found.share == pytest.approx(1 / 8 + 6 / 8 / 5 + 6 / 8 * 3 / 5)
    everything_seen = aalen_johansen([1, 2, 3, 4, 5], [1, -1, 1, -1, -1])
    assert everything_seen.share == pytest.approx(2 / 5)
    assert everything_seen.interval() == pytest.approx(wilson(2, 5))
    assert (aalen_johansen([3, 4], [0, 0]).share, aalen_johansen([], [])) == (0, None)


def test_what_is_open_is_followed_as_long_as_it_has_been_open(cast):
    """Won after 10 days, lost after 20, won after 50, lost after 60; open for 11, reopened, and for 40 days by now."""
    won("2026-04-11", cast.rep, opened="2026-04-01")
    lost("2026-04-21", cast.outsider, opened="2026-04-01")
    waiting = an_opportunity(("open", "2026-05-01"), owner=cast.rep, opened="2026-05-01")
    began = ("open", "2026-04-01")
    an_opportunity(began, ("won", "2026-05-21"), owner=cast.rep, opened="2026-04-01")
    an_opportunity(began, ("lost", "2026-05-31"), owner=cast.rep, opened="2026-04-01")
    an_opportunity(("won", "2026-06-01"), ("open", "2026-06-05"), owner=cast.rep, opened="2026-05-30")
    won("2026-05-31", cast.rep, opened="2026-07-01")  # of no cohort
    won("2026-05-31", cast.rep)  # neither: its beginning is unknown
    odd = won("2026-04-20", cast.rep, opened="2026-05-05")
    result = measured("cohort_win_rate", now=NOW)
    # 1 of 6; of the 5/6 left, the reopened one aside, 3/4 outlast the loss, and 1 of the 2 followed so far is won.
    assert result.value == pytest.approx(1 / 6 + 5 / 6 * 3 / 4 * 1 / 2)
    assert (result.n, result.denominator, result.numerator) == (6, 6, None)
    assert result.flags == ("small_n", "provisional", "opened_after_closed:1")
    assert parts("cohort_win_rate", "person")["Olaf Outsider"] == 0
    assert measured("cohort_win_rate", as_of=date(2026, 5, 1)).value == pytest.approx(1 / 4)
    found = records("cohort_win_rate")
    assert {row.id for row in found.rows if not row.counted} == {odd.pk}
    assert next(row for row in found.rows if row.id == waiting.pk).fields["outcome"] == "open"
    assert measured("cohort_win_rate", period="2025").flags == ("no_denominator",)


def test_what_is_won_after_a_year_was_open_for_a_year_and_the_cohort_is_then_final():
    won("2026-03-31", opened="2025-04-01")
    lost("2026-05-01", opened="2025-04-01")
    won("2026-05-01", opened="2025-04-01")
    assert measured("cohort_win_rate", period="2025-Q2").value == pytest.approx(1 / 3)
    assert "provisional" not in measured("cohort_win_rate", period="2025-Q2").flags
    assert "provisional" in measured("cohort_win_rate", period="2025-Q2", now=moment("2026-03-31")).flags


def test_the_database_says_what_python_says():
    dice, durations, ways = random.Random(5), [], []
    for _number in range(60):
        began = moment("2026-04-01") + timedelta(days=dice.randint(0, 60))
        opened, lasts, way = f"{began:%Y-%m-%d}", dice.randint(1, 30), dice.choice([1, -1, -1, 0])
        ended = began + timedelta(days=lasts)
        if way and ended < NOW:
            (won if way == 1 else lost)(f"{ended:%Y-%m-%d}", opened=opened)
        else:
            an_opportunity(("open", opened), opened=opened)
        durations.append(min(NOW, ended).timestamp() - began.timestamp() if way else (NOW - began).total_seconds())
        ways.append(way if ended < NOW else 0)
    by_hand, result = aalen_johansen(durations, ways), measured("cohort_win_rate", now=NOW)
    assert (result.value, result.n) == (pytest.approx(by_hand.share), 60)
    low, high = by_hand.interval()
    assert (result.interval.low, result.interval.high) == (pytest.approx(low), pytest.approx(high))
    assert by_hand.effective_n < 60


def test_it_stands_beside_the_win_rate_where_they_differ_by_more_than_five_points(cast, client):
    client.force_login(cast.administrator)
    for number in range(4):
        won(f"2026-06-0{number + 1}", opened="2026-05-01")
    lost("2026-06-01", opened="2024-01-01")
    url = reverse("kpi-detail", args=["win_rate"]) + "?period=2026-Q2"
    page = client.get(url).content.decode()
    assert "Win rate by beginning of the twelve months until then: 100.0% of 4, +20.0" in page
    lost("2026-06-02", opened="2026-05-01")
    assert "Win rate by beginning of" in client.get(url).content.decode()  # 4 of 6 beside 4 of 5
    for _ in range(20):
        won("2026-06-20", opened="2026-05-01")
    assert "Win rate by beginning of" not in client.get(url).content.decode()  # 24 of 26 beside 24 of 25
