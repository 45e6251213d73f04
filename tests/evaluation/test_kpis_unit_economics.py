"""What a customer costs by when it was spent, and beside what one brings in."""

from __future__ import annotations

import pytest

from evaluation.engine import wording
from tests.evaluation.measured import measured, records
from tests.factories.evaluation import a_cost, a_customer, an_order, won

pytestmark = pytest.mark.django_db


def test_costs_count_for_the_customers_who_buy_a_sales_cycle_later(cast):
    """Sales take two months, so that February's 600 and March's 400 are what April's and May's customers cost."""
    for opened, closed in (("2025-10-01", "2025-11-01"), ("2025-10-01", "2025-12-01"), ("2025-10-01", "2026-02-01")):
        won(closed, cast.rep, opened=opened)
    a_cost("2026-02", 600)
    a_cost("2026-03", 400, "salaries")
    a_cost("2026-05", 7000)
    for day in ("2026-04-10", "2026-04-20", "2026-05-31"):
        an_order(day, a_customer())
    an_order("2026-06-10", a_customer("Of June"))  # nobody noted what April cost
    result = measured("cac_lagged")
    assert (result.value, result.numerator, result.denominator) == (pytest.approx(1000 / 3), 1000, 3)
    assert result.flags == ("missing_costs:1",)
    assert [row.label for row in records("cac_lagged").rows if row.issue] == ["Of June"]
    assert measured("cac").denominator == 1
    nobody = measured("cac_lagged", period="2026-07")
    assert (nobody.value, nobody.numerator) == (None, 7000)
    assert wording.shown(nobody) == "Cost $7,000.00, no customers"


def test_without_a_cycle_there_is_no_lag():
    a_cost("2026-04", 600)
    an_order("2026-04-10", a_customer())
    won("2026-04-11", opened=None)
    result = measured("cac_lagged")
    assert (result.value, result.flags) == (None, ("no_denominator", "no_cycle:1"))
    assert wording.shown(result) == "–"
