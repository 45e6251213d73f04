"""What becomes of contracts by itself: renewed, ended where nobody renewed them, and prepared in time. Each once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from crm.models import Event, Notification
from customers.sales.actions import contract_corrections, contract_renewals, contracts, opportunities
from customers.sales.models import Contract, ContractMovement, ContractRenewal, Opportunity, RenewalRules
from customers.sales.subscriptions import renew_the_contract_sold
from tests.factories.sales import churn_reason, default_pipeline, make_contract, make_customer, make_pipeline

pytestmark = pytest.mark.django_db


def night(day: str) -> datetime:
    return datetime.fromisoformat(f"{day} 03:00").replace(tzinfo=UTC)


def moved(contract: Contract) -> list[tuple]:
    rows = contract.movements.order_by("pk")
    return [(row.type, row.counts_from.isoformat(), int(row.after), row.automatic) for row in rows]


def test_a_contract_that_renews_by_itself_is_in_its_next_term_the_day_after(cast):
    contract = make_contract(cast.rep, renews_automatically=True, end="2026-03-31", renewal_months=3)
    make_contract(cast.rep, renews_automatically=True, end="2026-06-30")
    contract_renewals.run(night("2026-03-31"))
    assert contract.movements.count() == 1
    contract_renewals.run(night("2026-04-01"))
    contract_renewals.run(night("2026-04-01"))
    contract.refresh_from_db()
    row = contract.movements.last()
    assert (contract.end, contract.version, contract.monthly_value) == (date(2026, 6, 30), 2, 100)
    assert moved(contract)[1:] == [("renewal", "2026-04-01", 100, True)]
    assert (row.due, row.until, row.before, row.owner, row.by) == (
        date(2026, 3, 31),
        date(2026, 6, 30),
        100,
        cast.rep,
        None,
    )
    assert Event.objects.filter(type="contract.renewed").count() == 1
    contract_renewals.run(night("2027-01-01"))  # nothing ran for half a year: every term is caught up
    contract.refresh_from_db()
    assert (contract.end, contract.movements.count()) == (date(2027, 3, 31), 5)


def test_one_that_nobody_renewed_ends_after_the_days_of_grace_for_the_reason_kept_for_that(cast):
    contract = make_contract(cast.rep, end="2026-03-31")
    open_ended = make_contract(cast.rep, end=None)
    contract_renewals.run(night("2026-04-30"))
    assert Contract.objects.filter(churned_from=None).count() == 2
    contract_renewals.run(night("2026-05-01"))
    contract_renewals.run(night("2026-05-01"))
    contract.refresh_from_db()
    assert (contract.churned_from, contract.churn_reason.name, contract.cancelled_on) == (
        date(2026, 4, 1), "Not renewed", None
    )  # fmt: skip
    assert moved(contract)[1:] == [("churn", "2026-04-01", 0, True)]
    assert open_ended.movements.count() == 1
    told = Notification.objects.get(receiver=cast.rep, message__contains="was not renewed")
    assert told.values["contract"] == "Care"
    later = {"by": cast.rep, "at": night("2026-05-03")}
    contract = contract_corrections.correct(contract, reason="The paper was in the post", **later)
    contract_renewals.end_what_lapsed(date(2026, 5, 4), at=night("2026-05-04"))
    contract.refresh_from_db()
    assert contract.churned_from is None  # taken back by a person, it is not written again


def test_a_renewal_is_prepared_once_for_whoever_holds_the_customer(cast):
    default_pipeline()
    renewals = make_pipeline("Renewals")
    RenewalRules.objects.create(days_ahead=60, pipeline=renewals)
    customer = make_customer(cast.teammate)
    contract = make_contract(cast.rep, of=customer, end="2026-12-31", notice_days=30, renewal_months=6)
    contract_renewals.run(night("2026-10-01"))
    assert not ContractRenewal.objects.exists()
    contract_renewals.run(night("2026-10-02"))
    contract_renewals.run(night("2026-10-03"))
    sale = Opportunity.objects.get()
    assert (sale.owner, sale.team, sale.pipeline, sale.amount, sale.expected_close, sale.customer) == (
        cast.teammate, cast.north, renewals, Decimal("600.00"), date(2026, 12, 31), customer
    )  # fmt: skip
    assert ContractRenewal.objects.get().opportunity == sale
    told = Notification.objects.get()
    assert (told.receiver, told.values) == (cast.teammate, {"contract": "Care", "day": "2026-12-31"})
    assert told.url == contract.get_absolute_url()


def test_one_that_renews_by_itself_is_announced_without_a_sale_and_one_that_ends_is_not(cast):
    make_contract(cast.rep, end="2026-06-30", renews_automatically=True)
    leaving = make_contract(cast.rep, end="2026-06-30")
    contracts.end(leaving, churn_reason=churn_reason(), by=cast.rep, at=night("2026-05-01"))
    contract_renewals.run(night("2026-05-02"))
    assert (Opportunity.objects.count(), ContractRenewal.objects.count()) == (0, 1)
    assert Notification.objects.get().message == "“%(contract)s” renews by itself after %(day)s."


def test_the_sale_of_a_renewal_renews_the_contract_once(cast):
    default_pipeline()
    contract = make_contract(cast.rep, end="2026-06-30")
    contract_renewals.run(night("2026-05-02"))
    opportunities.win(Opportunity.objects.get(), by=cast.rep, at=night("2026-05-20") + timedelta(hours=9))
    for _ in range(2):
        renew_the_contract_sold(Event.objects.get(type="opportunity.won"))
    contract.refresh_from_db()
    assert contract.end == date(2027, 6, 30)
    assert [row.type for row in ContractMovement.objects.order_by("pk")] == ["new", "renewal"]
