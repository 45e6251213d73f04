"""The rows of a contract: how one is made, which of them count, and where they leave the contract."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from crm import events
from crm.actions import records
from crm.models import StaleVersion
from customers.sales.models import Contract, ContractMovement

Type = ContractMovement.Type
A_DAY = timedelta(days=1)


def term_end(first: date, months: int) -> date:
    """The last day of a term of so many months; as PostgreSQL counts them, which the nightly renewal asks."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    day = min(first.day, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, day) - timedelta(days=1)


def new_row(
    contract: Contract,
    type_: ContractMovement.Type,
    counts_from: date,
    agreed_on: date,
    before: Decimal,
    after: Decimal,
    *,
    by: Any,
    at: datetime,
    **more: Any,
) -> ContractMovement:
    return ContractMovement(
        contract=contract, type=type_, counts_from=counts_from, agreed_on=agreed_on, before=before, after=after,
        owner=contract.owner, team=contract.team, by=by, recorded_at=at, **more,
    )  # fmt: skip


def standing(contract: Contract) -> list[ContractMovement]:
    """The rows that count, in the order they were written."""
    rows = ContractMovement.objects.filter(contract=contract).in_force().select_related("churn_reason")
    return list(rows.order_by("pk"))


def chain_end(rows: list[ContractMovement]) -> date:
    """The day of the last row that moved the value; renewals leave it as it is."""
    return max(row.counts_from for row in rows if row.type != Type.RENEWAL)


def stand(contract: Contract, rows: list[ContractMovement]) -> None:
    """Let the contract be as its rows say; the caller saves it."""
    contract.start = rows[0].counts_from
    contract.end = [row.until for row in rows if row.type in ContractMovement.BEGINS][-1]
    contract.monthly_value = [row.after for row in rows if row.type != Type.CHURN][-1]
    last = rows[-1]
    has_ended = last.type == Type.CHURN
    contract.churned_from = last.counts_from if has_ended else None
    contract.churn_reason = last.churn_reason if has_ended else None
    contract.cancelled_on = last.agreed_on if has_ended and not last.automatic else None
    if contract.end is None:
        contract.renews_automatically = False


def locked(contract: Contract, version: int | None) -> Contract:
    found: Contract = Contract._base_manager.select_for_update(of=("self",)).get(pk=contract.pk)
    if version is not None and found.version != version:
        raise StaleVersion(found, ["monthly_value"])
    return found


def write(contract: Contract, rows: list[ContractMovement], verb: str, *, by: Any, at: datetime) -> Contract:
    """Write the rows, let the contract stand where they leave it, and tell."""
    before = contract.monthly_value
    for row in rows:
        row.save(force_insert=True)
    stand(contract, standing(contract))
    contract.version += 1
    contract.updated_at = at
    contract.full_clean()
    contract.save()
    last = rows[-1]
    data = {
        "monthly_value": [str(before), str(last.before if last.type == Type.CHURN else contract.monthly_value)],
        "currency": contract.currency,
        "day": (last.counts_from - A_DAY if last.type == Type.CHURN else last.counts_from).isoformat(),
        "until": contract.end.isoformat() if contract.end else "",
        "churn_reason": records.as_json(last.churn_reason),
        "reason": last.reason or rows[0].reason,
    }
    events.record(f"contract.{verb}", contract, by=by, at=at, data=data, about=about(contract))
    return contract


def about(contract: Contract) -> list[Any]:
    return [contract.customer, contract.opportunity]
