"""Contracts and the movements numbers are made of, written directly: a test says exactly what moved when."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from customers.sales.models import ChurnReason, Contract, ContractMovement
from tests.factories.evaluation import a_customer, moment

_number = count(1)


def a_contract(
    customer: Any = None, *moved: Any, value: Any = 100, owner: Any = None, currency: str = "USD", **fields: Any
) -> Contract:
    """From 2025 on; each movement is (type, counts from, value after), with what else it says.

    Terms of the first movement end with `until`; "back" takes back the movement before it.
    """
    contract = Contract.objects.create(
        name=f"Contract {next(_number)}", customer=customer or a_customer(), start=date(2025, 1, 1), owner=owner,
        team=owner.team if owner else None, monthly_value=value, currency=currency,
        opportunity=fields.pop("opportunity", None),
    )  # fmt: skip
    row = move(contract, "new", fields.get("start", "2025-01-01"), value, 0, until=fields.get("until"))
    for type_, counts_from, after, *more in moved:
        said = dict(more[0]) if more else {}
        if type_ == "back":
            wrong = {"corrects": row, "due": row.due, "until": row.until, "reason": "Wrong"}
            row = move(contract, row.type, str(row.counts_from), row.before, row.after, **wrong)
        else:
            row = move(contract, type_, counts_from, row.after if after is None else after, row.after, **said)
    return contract


def move(
    contract: Contract, type_: str, counts_from: str, after: Any, before: Any, agreed: str | None = None, **said: Any
) -> ContractMovement:
    if type_ == "churn":
        said["churn_reason"] = ChurnReason.objects.get_or_create(name="Price")[0]
    owner = contract.owner
    return ContractMovement.objects.create(
        contract=contract, type=type_, counts_from=date.fromisoformat(counts_from), before=before, after=after,
        agreed_on=date.fromisoformat(agreed or counts_from), owner=owner, team=owner.team if owner else None,
        recorded_at=moment("2026-01-01"), **said,
    )  # fmt: skip


def renewed(counts_from: str, due: str, until: str, agreed: str | None = None) -> tuple[Any, ...]:
    """A movement for `a_contract`."""
    return ("renewal", counts_from, None, {"due": due, "until": until, "agreed": agreed or due})
