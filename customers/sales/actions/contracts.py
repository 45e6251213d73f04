"""What is done with contracts. Every movement is a row of its own; the contract stands where its rows leave it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.actions import journal, records
from customers.models import Customer
from customers.sales.actions.contract_movements import about, chain_end, locked, new_row, standing, term_end, write
from customers.sales.models import ChurnReason, Contract, ContractMovement
from customers.sales.models.currency import tidy_currency
from customers.sales.models.forecast_period import local_day

Type = ContractMovement.Type
MOVED = ("start", "end", "monthly_value", "currency")  # only ever by a movement
A_DAY = timedelta(days=1)


@transaction.atomic
def sign(
    *,
    customer: Customer,
    name: str,
    start: date,
    monthly_value: Decimal,
    by: Any,
    at: datetime,
    end: date | None = None,
    agreed_on: date | None = None,
    owner: Any = None,
    team: Any = None,
    **fields: Any,
) -> Contract:
    """A contract begins, with its first movement. `agreed_on` is today unless said, and never after it begins."""
    contract = Contract(
        customer=customer, name=name, start=start, end=end, monthly_value=monthly_value, owner=owner,
        team=team or (owner.team if owner else None), **fields,
    )  # fmt: skip
    data = {
        "monthly_value": str(monthly_value),
        "currency": tidy_currency(contract.currency),
        "start": start.isoformat(),
    }
    records.create(contract, by=by, at=at, data=data, about=about(contract))
    agreed = agreed_on or min(local_day(at), start)
    new_row(contract, Type.NEW, start, agreed, Decimal(0), monthly_value, until=end, by=by, at=at).save()
    return contract


@transaction.atomic
def update(
    contract: Contract,
    changes: dict[str, Any],
    *,
    by: Any,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Contract:
    """Edit what is no movement: names, notice, how it renews."""
    moved = [name for name in MOVED if name in changes and changes[name] != getattr(contract, name)]
    if moved:
        raise ValidationError({moved[0]: _("This changes by a movement only, or by correcting one.")})
    return records.update(contract, changes, by=by, at=at, version=version, base=base, about=about(contract))


@transaction.atomic
def change_value(
    contract: Contract,
    *,
    value: Decimal,
    by: Any,
    at: datetime,
    counts_from: date | None = None,
    reason: str = "",
    version: int | None = None,
) -> Contract:
    """It is worth more or less per month from a day of its term on. The same value again changes nothing."""
    contract = locked(contract, version)
    if value == contract.monthly_value:
        return contract
    day = counts_from or max(local_day(at), contract.start)
    _check_runs(contract)
    _check_day(contract, day)
    if contract.end and day > contract.end:
        raise ValidationError({"counts_from": _("The term ends before. Renew it with the new value.")})
    row = _value_row(contract, day, value, by=by, at=at, reason=reason)
    return write(contract, [row], "value_changed", by=by, at=at)


@transaction.atomic
def renew(
    contract: Contract,
    *,
    by: Any,
    at: datetime,
    until: date | None = None,
    value: Decimal | None = None,
    agreed_on: date | None = None,
    version: int | None = None,
) -> Contract:
    """The next term begins the day after this one, for as long as agreed or until a day, perhaps with another value."""
    contract = locked(contract, version)
    _check_runs(contract)
    if contract.end is None:
        raise ValidationError(_("It has no last day: there is nothing to renew."))
    begins = contract.end + A_DAY
    until = until or term_end(begins, contract.renewal_months)
    if until < begins:
        raise ValidationError({"until": _("The new term ends after the one before.")})
    now, agreed = contract.monthly_value, agreed_on or local_day(at)
    rows = [new_row(contract, Type.RENEWAL, begins, agreed, now, now, due=contract.end, until=until, by=by, at=at)]
    if value is not None and value != now:
        rows.append(_value_row(contract, begins, value, by=by, at=at, agreed_on=agreed))
    return write(contract, rows, "renewed", by=by, at=at)


@transaction.atomic
def end(
    contract: Contract,
    *,
    churn_reason: ChurnReason | None,
    by: Any,
    at: datetime,
    last_day: date | None = None,
    cancelled_on: date | None = None,
    note: str = "",
    version: int | None = None,
) -> Contract:
    """It is cancelled: it runs until the end of its term, or until another last day, and counts no longer after it."""
    contract = locked(contract, version)
    _check_runs(contract)
    if churn_reason is None:
        raise ValidationError({"churn_reason": _("Say why it ends.")})
    cancelled = cancelled_on or local_day(at)
    last_day = last_day or contract.end or max(cancelled, contract.start)
    if contract.end and last_day > contract.end:
        raise ValidationError({"last_day": _("The term ends before. Renew it until then first.")})
    _check_day(contract, last_day + A_DAY)
    row = new_row(
        contract, Type.CHURN, last_day + A_DAY, cancelled, contract.monthly_value, Decimal(0), due=contract.end,
        churn_reason=churn_reason, reason=note, by=by, at=at,
    )  # fmt: skip
    return write(contract, [row], "ended", by=by, at=at)


@transaction.atomic
def reactivate(
    contract: Contract,
    *,
    by: Any,
    at: datetime,
    value: Decimal | None = None,
    counts_from: date | None = None,
    until: date | None = None,
    version: int | None = None,
) -> Contract:
    """The customer came back: a new term begins, with the value from before unless another is agreed."""
    contract = locked(contract, version)
    if contract.churned_from is None:
        raise ValidationError(_("It has not ended."))
    day = counts_from or max(local_day(at), contract.churned_from)
    if day < contract.churned_from:
        raise ValidationError({"counts_from": _("It had not ended yet then.")})
    if until is None and contract.end is not None:
        until = term_end(day, contract.renewal_months)
    if until is not None and until < day:
        raise ValidationError({"until": _("It ends before it begins.")})
    value = contract.monthly_value if value is None else value
    row = new_row(contract, Type.REACTIVATION, day, local_day(at), Decimal(0), value, until=until, by=by, at=at)
    return write(contract, [row], "reactivated", by=by, at=at)


@transaction.atomic
def hand_over(contract: Contract, *, owner: Any, by: Any, at: datetime) -> Contract:
    """Give it to somebody else; what moved already stays credited as it was."""
    changes = {"owner": owner, "team": owner.team if owner else contract.team}
    return records.update(contract, changes, by=by, at=at, event="handed_over", about=about(contract))


def hand_over_many(contracts: Any, *, owner: Any, by: Any, at: datetime) -> int:
    """One by one, each with its event, undone as one; returns how many changed hands."""
    with journal.handing_over(Contract.kind, owner, by=by, at=at):
        return sum(hand_over(each, owner=owner, by=by, at=at).version != each.version for each in contracts)


def put_back(contract: Contract, changes: dict[str, Any], *, by: Any, at: datetime) -> Contract:
    """Whose it was before many were handed over."""
    return records.update(contract, changes, by=by, at=at, event="handed_over", about=about(contract))


def delete(contract: Contract, *, by: Any, at: datetime) -> Contract:
    """Into the bin: it counts for nothing there."""
    return records.delete(contract, by=by, at=at, about=about(contract))


def restore(contract: Contract, *, by: Any, at: datetime) -> Contract:
    return records.restore(contract, by=by, at=at, about=about(contract))


def _check_runs(contract: Contract) -> None:
    if contract.churned_from is not None:
        raise ValidationError(_("It has ended, or is cancelled. Take that back first, or reactivate it."))


def _check_day(contract: Contract, day: date) -> None:
    """Never before what moved its value last: the order of the rows is what the value follows from."""
    latest = chain_end(standing(contract))
    if day < latest:
        raise ValidationError({"counts_from": _("Its value moved after that day already. Choose a later one.")})


def _value_row(contract: Contract, day: date, value: Decimal, **more: Any) -> ContractMovement:
    type_ = Type.EXPANSION if value > contract.monthly_value else Type.CONTRACTION
    agreed = more.pop("agreed_on", None) or min(local_day(more["at"]), day)
    return new_row(contract, type_, day, agreed, contract.monthly_value, value, **more)
