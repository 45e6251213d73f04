"""What lies ahead, and what sales were worth: weighted pipeline, next steps, win rate by value, average sale."""

from __future__ import annotations

from decimal import Decimal

import pytest

from customers.models import Task
from tests.evaluation.measured import measured, parts
from tests.factories.evaluation import an_opportunity, lost, moment, won

pytestmark = pytest.mark.django_db


def test_the_weighted_pipeline_takes_amount_and_probability_as_both_stood_then(cast):
    an_opportunity(("open", "2026-04-01"), ("later", "2026-05-01", {"amount": 2000}), owner=cast.rep)  # 0.6
    an_opportunity(("open", "2026-04-01"), ("later", "2026-07-02"), owner=cast.outsider)  # 0.2 as the quarter ended
    an_opportunity(("open", "2026-04-01"), ("won", "2026-06-01"))
    an_opportunity(("open", "2026-04-01"), currency="EUR")
    an_opportunity(("open", "2026-04-01"), amount=None)
    result = measured("weighted_pipeline")
    assert (result.value, result.n) == (Decimal("1400.0000"), 2)
    assert result.flags == ("missing_amount:1", "other_currency:1")
    assert parts("weighted_pipeline", "person")["Rosa Rep"] == 1200
    assert measured("weighted_pipeline", period="2026-Q3").value == 1800


def test_a_next_step_counts_while_it_is_open_and_has_a_date(cast):
    def step(opportunity, **fields):
        Task.objects.create(
            title="Call", about_kind="opportunity", about_id=opportunity.pk,
            **{"due_at": moment("2026-07-05"), "created_at": moment("2026-05-01"), **fields},
        )  # fmt: skip

    covered, done, undated, late = (an_opportunity(("open", "2026-04-01"), owner=cast.rep) for _ in range(4))
    step(covered)
    step(covered)
    step(done, done_at=moment("2026-06-01"))
    step(undated, due_at=None)
    step(late, created_at=moment("2026-07-01"))  # after the quarter
    closed = won("2026-05-01")
    step(closed)
    result = measured("next_step_coverage")
    assert (result.value, result.numerator, result.denominator) == (0.25, 1, 4)
    assert measured("next_step_coverage", period="2026-Q3").numerator == 2
    assert "state_of_today" not in result.flags
    assert measured("next_step_coverage", period="2025").flags == ("no_denominator",)


def test_the_win_rate_by_value_and_the_average_sale(cast):
    won("2026-05-01", cast.rep, amount=300)
    won("2026-05-01", cast.outsider, amount=100)
    lost("2026-05-01", cast.rep, amount=600)
    lost("2026-05-01", cast.rep, amount=None)
    won("2026-05-01", cast.rep, amount=900, currency="EUR")
    an_opportunity(("won", "2026-05-02"), ("open", "2026-05-03"), amount=5000)  # reopened since
    share, average = measured("win_rate_by_value"), measured("average_sale")
    assert (share.value, share.numerator, share.denominator, share.n) == (0.4, 400, 1000, 3)
    assert share.flags == ("missing_amount:1", "other_currency:1")
    assert (average.value, average.n, average.flags) == (200, 2, ("other_currency:1",))
    assert parts("win_rate_by_value", "person") == {"Rosa Rep": pytest.approx(1 / 3), "Olaf Outsider": 1.0}
    assert measured("average_sale", period="2024").value is None
