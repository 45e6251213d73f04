"""Contracts: every movement is a row that stays, and the contract stands where its rows leave it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from crm.models import Event, StaleVersion
from customers.actions import customers
from customers.sales.actions import contract_corrections, contracts
from customers.sales.actions.contract_movements import term_end
from customers.sales.models import Contract, ContractMovement, Money
from customers.sales.subscriptions import hand_over_open_opportunities
from tests.factories.sales import WEDNESDAY, churn_reason, make_contract, make_customer, make_opportunity

pytestmark = pytest.mark.django_db
MAY = date(2026, 5, 13)


def rows(contract: Contract) -> list[tuple]:
    return [(row.type, row.counts_from.isoformat(), int(row.before), int(row.after)) for row in moved(contract)]


def moved(contract: Contract) -> list[ContractMovement]:
    return list(contract.movements.order_by("pk"))


def worth(day: str, contracts_: object = None) -> list[Money]:
    within = ContractMovement.objects.all() if contracts_ is None else ContractMovement.objects.of_contracts(contracts_)
    return within.monthly_value_on(date.fromisoformat(day))


def test_a_contract_grows_shrinks_is_renewed_ends_and_comes_back(cast):
    contract = make_contract(cast.rep)
    how = {"by": cast.rep, "at": WEDNESDAY}
    contract = contracts.change_value(contract, value=Decimal(150), counts_from=date(2026, 6, 1), **how)
    contract = contracts.change_value(contract, value=Decimal(120), counts_from=date(2026, 9, 1), **how)
    contract = contracts.renew(contract, value=Decimal(130), **how)
    assert (contract.end, contract.monthly_value) == (date(2027, 12, 31), 130)
    reason = churn_reason("Price")
    contract = contracts.end(contract, churn_reason=reason, last_day=date(2027, 3, 31), **how)
    assert (contract.churned_from, contract.churn_reason, contract.cancelled_on) == (date(2027, 4, 1), reason, MAY)
    contract = contracts.reactivate(contract, counts_from=date(2027, 7, 1), value=Decimal(90), **how)
    assert (contract.end, contract.churned_from, contract.churn_reason) == (date(2028, 6, 30), None, None)
    assert rows(contract) == [
        ("new", "2026-01-01", 0, 100),
        ("expansion", "2026-06-01", 100, 150),
        ("contraction", "2026-09-01", 150, 120),
        ("renewal", "2027-01-01", 120, 120),
        ("expansion", "2027-01-01", 120, 130),
        ("churn", "2027-04-01", 130, 0),
        ("reactivation", "2027-07-01", 0, 90),
    ]
    days = ("2025-12-31", "2026-01-01", "2026-06-01", "2026-12-31", "2027-01-01", "2027-03-31", "2027-04-01")
    values = [[int(money.amount) for money in worth(day)] for day in (*days, "2027-07-01")]
    assert values == [[], [100], [150], [120], [130], [130], [], [90]]
    events = Event.objects.filter(subject_kind="contract").order_by("pk").values_list("type", flat=True)
    assert [each.removeprefix("contract.") for each in events] == [
        "created", "value_changed", "value_changed", "renewed", "ended", "reactivated"
    ]  # fmt: skip


def test_recurring_revenue_of_a_team_is_one_sum_by_currency_without_the_bin(cast, django_assert_num_queries):
    make_contract(cast.rep)
    make_contract(cast.teammate, monthly_value=Decimal("50.50"))
    make_contract(cast.outsider, monthly_value=Decimal(7), currency="EUR")
    gone = make_contract(cast.rep, monthly_value=Decimal(999))
    contracts.delete(gone, by=cast.rep, at=WEDNESDAY)
    with django_assert_num_queries(1):
        assert worth("2026-05-13", Contract.objects.filter(team=cast.north)) == [Money(Decimal("150.50"), "USD")]
    assert worth("2026-05-13") == [Money(Decimal("150.50"), "USD"), Money(Decimal("7.00"), "EUR")]


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda one, how: contracts.end(one, churn_reason=None, **how), "Say why it ends."),
        (lambda one, how: contracts.end(one, churn_reason=churn_reason(), last_day=date(2027, 1, 1), **how), "before"),
        (lambda one, how: contracts.reactivate(one, **how), "It has not ended."),
        (lambda one, how: contracts.change_value(one, value=Decimal(1), counts_from=date(2027, 1, 1), **how), "Renew"),
        (lambda one, how: contracts.change_value(one, value=Decimal(1), counts_from=date(2025, 1, 1), **how), "later"),
        (lambda one, how: contracts.renew(one, until=date(2026, 12, 31), **how), "ends after the one before"),
        (lambda one, how: contracts.update(one, {"end": date(2030, 1, 1)}, **how), "by a movement only"),
        (lambda one, how: contracts.update(one, {"monthly_value": Decimal(5)}, **how), "by a movement only"),
        (lambda one, how: contract_corrections.correct(one, reason="Never was", **how), "move it to the bin"),
        (
            lambda one, how: contract_corrections.correct(one, reason=" ", replacement={"value": Decimal(1)}, **how),
            "Say",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_moves(act, said, cast):
    contract = make_contract(cast.rep)
    with pytest.raises(ValidationError, match=said):
        act(contract, {"by": cast.rep, "at": WEDNESDAY})
    contract.refresh_from_db()
    assert (contract.version, contract.end, rows(contract)) == (
        1, date(2026, 12, 31), [("new", "2026-01-01", 0, 100)]
    )  # fmt: skip


def test_a_movement_is_corrected_by_a_row_that_turns_it_round(cast):
    contract, how = make_contract(cast.rep), {"by": cast.rep, "at": WEDNESDAY}
    contract = contracts.change_value(contract, value=Decimal(190), counts_from=date(2026, 6, 1), **how)
    wrong = moved(contract)[-1]
    said = {"value": Decimal(109), "counts_from": date(2026, 5, 1)}
    contract = contract_corrections.correct(contract, reason="Digits swapped", replacement=said, movement=wrong, **how)
    assert rows(contract)[1:] == [
        ("expansion", "2026-06-01", 100, 190), ("expansion", "2026-06-01", 190, 100),
        ("expansion", "2026-05-01", 100, 109),
    ]  # fmt: skip
    assert (contract.monthly_value, moved(contract)[2].corrects_id) == (109, wrong.pk)
    assert [worth(day)[0].amount for day in ("2026-04-30", "2026-05-01", "2026-06-01")] == [100, 109, 109]
    contract = contract_corrections.correct(contract, reason="Not at all", **how)
    assert (contract.monthly_value, worth("2026-06-01")[0].amount) == (100, 100)
    with pytest.raises(ValidationError, match="no longer the last"):
        contract_corrections.correct(contract, reason="Again", movement=wrong, **how)
    first = {"value": Decimal(80), "counts_from": date(2026, 2, 1), "until": date(2027, 1, 31)}
    contract = contract_corrections.correct(contract, reason="Began later", replacement=first, **how)
    assert (contract.start, contract.end, contract.monthly_value) == (date(2026, 2, 1), date(2027, 1, 31), 80)


def test_a_cancellation_is_taken_back_and_the_contract_runs_on(cast):
    contract, how = make_contract(cast.rep), {"by": cast.rep, "at": WEDNESDAY}
    contract = contracts.end(contract, churn_reason=churn_reason(), **how)
    assert Contract.objects.with_state(MAY).get().state == "leaving"
    with pytest.raises(ValidationError, match="Take that back first"):
        contracts.renew(contract, **how)
    contract = contract_corrections.correct(contract, reason="They stay", **how)
    assert (contract.churned_from, contract.churn_reason, contract.cancelled_on) == (None, None, None)
    states = [Contract.objects.with_state(date(year, 6, 1)).get().state for year in (2025, 2026, 2027)]
    assert states == ["coming", "running", "overdue"]


def test_movements_are_never_changed_nor_removed(cast):
    contract = make_contract(cast.rep)
    for act in (lambda: contract.movements.update(after=1), lambda: contract.movements.all().delete()):
        with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
            act()
    assert rows(contract) == [("new", "2026-01-01", 0, 100)]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"end": date(2025, 1, 1)}, "contract_ends_after_it_begins"),
        ({"end": None, "renews_automatically": True}, "contract_renews_what_ends"),
        ({"churned_from": date(2026, 2, 1)}, "contract_ended_for_a_reason"),
        ({"monthly_value": Decimal(-1)}, "contract_value_not_negative"),
        ({"renewal_months": 0}, "contract_renewal_months_sensible"),
    ],
)
def test_the_database_refuses_what_no_contract_can_be(fields, name, cast):
    contract = make_contract(cast.rep)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Contract.objects.filter(pk=contract.pk).update(**fields)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"type": "expansion", "before": 5, "after": 5}, "contract_movement_values_fit_its_type"),
        ({"type": "churn", "before": 5, "after": 0}, "contract_churn_has_a_reason"),
        ({"type": "renewal", "before": 5, "after": 5}, "contract_renewal_has_a_due_date"),
    ],
)
def test_the_database_refuses_what_no_movement_can_be(fields, name, cast):
    contract = make_contract(cast.rep)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        ContractMovement.objects.create(
            contract=contract, counts_from=MAY, agreed_on=MAY, recorded_at=WEDNESDAY, **fields
        )


def test_an_external_number_is_given_once_and_an_opportunity_belongs_to_the_same_customer(cast):
    make_contract(cast.rep, external_id="C-1")
    for fields in ({"external_id": "C-1"}, {"opportunity": make_opportunity(cast.rep)}):
        with pytest.raises(ValidationError):
            make_contract(cast.rep, **fields)
    assert Contract.objects.count() == 1


def test_two_people_moving_one_contract_do_not_overwrite_each_other(cast):
    contract, how = make_contract(cast.rep), {"by": cast.rep, "at": WEDNESDAY}
    contracts.change_value(contract, value=Decimal(110), version=1, **how)
    with pytest.raises(StaleVersion):
        contracts.change_value(contract, value=Decimal(120), version=1, **how)
    assert [row.after for row in moved(contract)] == [100, 110]


def test_running_contracts_follow_the_customer_to_its_new_owner_and_past_movements_stay_credited(cast):
    customer = make_customer(cast.rep)
    running, ended = make_contract(cast.rep, of=customer), make_contract(cast.rep, of=customer, name="Old")
    contracts.end(ended, churn_reason=churn_reason(), by=cast.rep, at=WEDNESDAY)
    customers.hand_over(customer, to=cast.teammate, by=cast.manager, at=WEDNESDAY + timedelta(days=1))
    hand_over_open_opportunities(Event.objects.get(type="customer.handed_over"))
    running.refresh_from_db()
    ended.refresh_from_db()
    assert (running.owner, ended.owner, running.movements.get().owner) == (cast.teammate, cast.rep, cast.rep)


def test_a_term_ends_the_day_before_its_months_are_over():
    said = [((2026, 1, 1), 12), ((2024, 2, 29), 12), ((2026, 1, 31), 1), ((2026, 12, 15), 3)]
    ends = [term_end(date(*first), months).isoformat() for first, months in said]
    assert ends == ["2026-12-31", "2025-02-27", "2026-02-27", "2027-03-14"]


def test_the_day_of_a_movement_is_the_organisations(cast, settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    late = datetime(2026, 5, 13, 20, 0, tzinfo=UTC)
    contract = contracts.change_value(make_contract(cast.rep), value=Decimal(1), by=cast.rep, at=late)
    assert moved(contract)[-1].counts_from == date(2026, 5, 14)
