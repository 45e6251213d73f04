"""What is in another currency counts at the rate of its own day, and is never left out in silence."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from crm.exchange import batches
from customers.sales.actions import opportunities
from customers.sales.models import CurrencyRate, Money, Opportunity, RfmScore, rfm
from customers.sales.models import attribution as attributed
from customers.sales.models import board as boards
from customers.sales.models import forecast_figures as figures
from customers.sales.models.currency_rate import Rates
from customers.sales.models.forecast_period import Period
from tests.crm.test_import_runs import NOW, undo
from tests.crm.test_import_runs import run as run_batch
from tests.factories.sales import (
    WEDNESDAY,
    make_campaign,
    make_contract,
    make_cost,
    make_customer,
    make_opportunity,
    stage,
)

pytestmark = pytest.mark.django_db
TODAY = WEDNESDAY.date()  # 13 May 2026
QUARTER = Period(date(2026, 4, 1), "quarter")


@pytest.fixture
def rates():
    """One euro is worth 1.10 dollars in April, and 1.2005 from the 10th of May on. Nobody knows what a yen is worth."""
    for day, rate in ((date(2026, 4, 1), "1.10"), (date(2026, 5, 10), "1.2005")):
        CurrencyRate.objects.create(currency="EUR", valid_from=day, rate=Decimal(rate))


def money(amounts: list[Money]) -> list[tuple[str, str]]:
    return [(str(one.amount), one.currency) for one in amounts]


def won(cast, day: str, amount: str, currency: str, **fields):
    sale = make_opportunity(cast.rep, amount=Decimal(amount), currency=currency, at=at(day), **fields)
    return opportunities.win(sale, by=cast.rep, at=at(day))


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)


def test_a_rate_counts_from_its_day_until_the_next(rates):
    asked = [date(2026, 3, 31), date(2026, 4, 1), date(2026, 5, 9), date(2026, 5, 10), date(2030, 1, 1)]
    assert [Rates(day).of("EUR") for day in asked] == [
        None, Decimal("1.1"), Decimal("1.1"), Decimal("1.2005"), Decimal("1.2005")
    ]  # fmt: skip
    assert Rates(TODAY).of("USD") == 1


def test_nothing_is_asked_where_there_is_nothing_to_convert(rates, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert money(Rates(TODAY).total([Money(Decimal(5), "USD"), Money(Decimal(7), "USD")])) == [("12.00", "USD")]


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"rate": 0}, "currency_rate_more_than_nothing"),
        ({"currency": "eur"}, "currency_rate_currency_is_a_code"),
        ({"valid_from": date(2026, 4, 1)}, "currency_rate_once_a_day"),
    ],
)
def test_the_database_keeps_rates_right(rates, wrong, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        CurrencyRate.objects.filter(valid_from=date(2026, 5, 10)).update(**wrong)
    with pytest.raises(ValidationError, match="own currency needs no rate"):
        CurrencyRate(currency="usd", valid_from=TODAY, rate=1).clean()


def test_the_board_adds_up_what_is_open_at_the_rate_of_today(cast, rates):
    for amount, currency in (("1000.00", "USD"), ("100.33", "EUR"), ("1200", "JPY")):
        make_opportunity(cast.rep, amount=Decimal(amount), currency=currency)
    sums = boards.sums_by_stage(Opportunity.objects.visible_to(cast.rep), stage("Qualifying").pipeline, TODAY)
    column = sums[stage("Qualifying").pk]
    # 1000 + 100.33 × 1.2005 = 1120.446165, of which a tenth is likely
    assert money(column.amounts) == [("1120.45", "USD"), ("1200.00", "JPY")]
    assert money(column.weighted) == [("112.04", "USD"), ("120.00", "JPY")]


def test_the_pages_say_what_has_no_rate(client, cast, rates):
    customer = make_customer(cast.rep)
    for amount, currency in (("1000.00", "USD"), ("1200", "JPY")):
        make_opportunity(cast.rep, customer=customer, amount=Decimal(amount), currency=currency)
    client.force_login(cast.rep)
    addresses = [
        reverse("opportunity-board"), reverse("forecast-board"), reverse("customer-opportunities", args=[customer.pk]),
    ]  # fmt: skip
    for address in addresses:
        shown = " ".join(client.get(address).content.decode().split())
        assert "¥1,200</span> without a rate" in shown, address


def test_a_forecast_takes_what_was_won_at_the_rate_of_the_day_it_was_won(cast, rates):
    won(cast, "2026-04-20", "100.00", "EUR")  # 110.00
    won(cast, "2026-05-11", "10.01", "EUR")  # 12.017005
    won(cast, "2026-05-11", "300", "JPY")
    make_opportunity(cast.rep, amount=Decimal(200), currency="EUR", expected_close=date(2026, 6, 1))  # 240.10
    found = figures.of_person(cast.rep, QUARTER, UTC, TODAY)
    assert money(found.closed) == [("122.02", "USD"), ("300.00", "JPY")]
    assert money(found.pipeline) == [("362.12", "USD"), ("300.00", "JPY")]
    months = [Period(date(2026, month, 1), "month") for month in (4, 5)]
    assert figures.won_by("owner", [cast.rep.pk], months, UTC) == {
        (cast.rep.pk, date(2026, 4, 1)): Decimal("110.00"),
        (cast.rep.pk, date(2026, 5, 1)): Decimal("12.017005"),
    }
    left = figures.won_without_a_rate([cast.rep.pk], [], date(2026, 4, 1), date(2026, 6, 30), UTC)
    assert money(left) == [("300.00", "JPY")]


def test_a_campaign_counts_each_cost_and_sale_at_its_own_day(cast, rates):
    fair = make_campaign(cast.manager, name="Fair")
    customer = make_customer(cast.rep, campaign="Fair")
    won(cast, "2026-04-20", "1000", "EUR", customer=customer)  # 1100
    make_cost(cast.manager, 100, campaign=fair, currency="EUR", month=date(2026, 5, 1))  # 110: the rate of the first
    results = attributed.results_of(fair, cast.manager, TODAY, UTC)
    spending = attributed.spending_of(fair, results, cast.manager)
    assert (money(results.won), money(spending.spent)) == ([("1100.00", "USD")], [("110.00", "USD")])
    assert (spending.cost_per_customer, spending.upper_return) == (Money(Decimal("110.00"), "USD"), 9.0)
    make_cost(cast.manager, 100, campaign=fair, currency="JPY", month=date(2026, 5, 1))
    spending = attributed.spending_of(fair, results, cast.manager)
    assert money(spending.spent) == [("110.00", "USD"), ("100.00", "JPY")]
    assert spending.upper_return is None  # not without what the yen cost


def test_contracts_and_rfm_convert_too(cast, rates):
    customer = make_customer(cast.rep)
    contract = make_contract(
        cast.rep, customer=customer, monthly_value=Decimal("99.99"), currency="EUR", start=date(2026, 4, 2)
    )
    assert money(contract.movements.monthly_value_on(TODAY)) == [("120.04", "USD")]
    won(cast, "2026-04-20", "100.00", "EUR", customer=customer)
    rfm.compute(at("2026-05-13"))
    assert RfmScore.objects.get(customer=customer).amount == Decimal("110.00")


def test_rates_come_from_a_file_which_may_correct_them_and_go_with_it(cast, rates, client):
    text = "currency,from,rate\nEUR,2026-05-10,1.25\ngbp,2026-01-01,1.31\nUSD,2026-01-01,1\n"
    fields = {"currency": "currency", "valid_from": "from", "rate": "rate"}
    batch = batches.stage(
        io.BytesIO(text.encode()), target="currency_rate", file_name="r.csv", by=cast.administrator, at=NOW
    )
    batches.choose(batch, {"fields": fields}, at=NOW)
    batch = run_batch(batch)
    client.force_login(cast.rep)
    told = client.get("/api/v1/currency-rates/").json()["results"]
    known = {(row["currency"], row["valid_from"]): row["rate"] for row in told}
    assert known == {
        ("EUR", "2026-04-01"): "1.1000000000",
        ("EUR", "2026-05-10"): "1.2500000000",
        ("GBP", "2026-01-01"): "1.3100000000",
    }
    undo(batch)
    assert CurrencyRate.objects.get(valid_from=date(2026, 5, 10)).rate == Decimal("1.2005")
    assert CurrencyRate.objects.count() == 2
