"""Numbers about money: each amount at the rate of its own day, what has none is told, corrections are restated."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from customers.sales.models import CurrencyRate
from evaluation import kpis
from evaluation.actions import measurements
from evaluation.actions.restatements import restated
from evaluation.engine import COMPANY, watched
from evaluation.engine.watched import Watch
from evaluation.models import Measurement
from tests.evaluation.measured import measured, records
from tests.factories.evaluation import a_customer, an_opportunity, an_order, lost, measure_open, moment, won
from tests.factories.sales import make_contract

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rates():
    """One euro is worth 1.10 dollars from April on, and 1.2005 from the 15th of May on; a yen has no rate."""
    for day, rate in ((date(2026, 4, 1), "1.10"), (date(2026, 5, 15), "1.2005")):
        CurrencyRate.objects.create(currency="EUR", valid_from=day, rate=Decimal(rate))


def test_revenue_takes_each_sale_at_the_rate_of_its_day():
    won("2026-04-02", amount=1000)
    won("2026-04-20", amount="100.33", currency="EUR")  # 110.363
    won("2026-05-14 23:59", amount=50, currency="EUR")  # 55
    won("2026-05-15", amount="200.10", currency="EUR")  # 240.22005
    an_order("2026-06-01", amount=10, currency="EUR")  # 12.005
    won("2026-06-02", amount=900, currency="JPY")
    result = measured("revenue")
    assert (result.value, result.n) == (Decimal("1417.58805"), 5)
    assert result.flags == ("other_currency:1",)
    used = {(row.fields["amount"], row.fields["currency"]): row.fields["rate"] for row in records("revenue").rows}
    assert used == {
        (1000, "USD"): None, (Decimal("100.33"), "EUR"): Decimal("1.1"), (50, "EUR"): Decimal("1.1"),
        (Decimal("200.1"), "EUR"): Decimal("1.2005"), (10, "EUR"): Decimal("1.2005"), (900, "JPY"): None,
    }  # fmt: skip
    assert measured("average_sale").value == pytest.approx(1405.58305 / 4)
    lost("2026-06-01", amount="1000", currency="EUR")  # 1200.50
    share = measured("win_rate_by_value")
    assert share.value == pytest.approx(1405.58305 / (1405.58305 + 1200.5))


def test_the_pipeline_is_worth_what_it_is_at_the_rate_of_the_last_day():
    an_opportunity(("open", "2026-04-02"), amount=100, currency="EUR")
    assert measured("pipeline_value", period="2026-04").value == Decimal("110")
    assert measured("pipeline_value", period="2026-05").value == Decimal("120.05")
    today = moment("2026-05-14 12:00")
    assert measured("pipeline_value", period="2026-05", now=today).value == Decimal("110")
    assert measured("pipeline_value", period="2026-03").n == 0
    assert measured("weighted_pipeline", period="2026-05").value == Decimal("24.01")


def test_customers_and_contracts_convert_at_one_rate_for_start_and_end():
    customer = a_customer()
    make_contract(None, customer=customer, monthly_value=Decimal(100), currency="EUR", start=date(2026, 4, 2))
    won("2026-05-20", customer=customer, amount=100, currency="EUR")
    result = measured("net_revenue_retention", period="2026-05")
    assert (result.value, result.denominator) == (1.0, Decimal("110"))  # the euro rose within May: that is no growth
    assert measured("revenue_per_customer").value == pytest.approx(240.1)  # of half a customer on average


def test_a_corrected_rate_counts_in_open_periods_and_is_told_of_final_ones(monkeypatch):
    won("2026-05-20", amount=100, currency="EUR")
    watch = Watch(kpis.get("revenue"), COMPANY, "month")
    monkeypatch.setattr(watched, "_sources", {"test": lambda now: [watch]})
    measurements.measure_current(now=moment("2026-05-25"))
    stored = Measurement.objects.of_kpi("revenue")
    assert stored.get().value == pytest.approx(120.05)
    CurrencyRate.objects.filter(valid_from=date(2026, 5, 15)).update(rate=Decimal("1.3"))
    measurements.measure_current(now=moment("2026-05-26"))
    assert stored.get().value == 130
    measurements.measure_last(now=moment("2026-06-10"))
    final = stored.get()
    assert final.is_final
    CurrencyRate.objects.filter(valid_from=date(2026, 5, 15)).update(rate=Decimal("1.4"))
    measure_open(now=moment("2026-06-11"))
    assert stored.get(period_start=date(2026, 5, 1)).value == 130
    told = restated(final, now=moment("2026-06-11"))
    assert told.result.value == 140
    (row,) = told.moved
    assert (row.before["fields"]["rate"], row.after["fields"]["rate"]) == (Decimal("1.3"), Decimal("1.4"))
