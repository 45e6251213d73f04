"""Contracts from a file: found again by their number, moved by what the next file says anew, and taken back whole."""

from __future__ import annotations

import io

import pytest

from crm.exchange import batches
from crm.models import ImportBatch
from customers.sales.models import Contract, ContractMovement
from tests.crm.test_import_runs import NOW, undo
from tests.crm.test_import_runs import run as run_batch
from tests.factories.sales import churn_reason, make_customer

pytestmark = pytest.mark.django_db
FIELDS = {
    "external_id": "no", "name": "name", "customer": "customer", "start": "from", "end": "to", "monthly_value": "value",
    "last_day": "ended", "churn_reason": "why", "owner": "owner",
}  # fmt: skip
HEAD = "no,name,customer,from,to,value,ended,why,owner\n"
FIRST = HEAD + (
    "C-1,Care,Acme,2024-01-01,2026-06-30,100,,,Rosa Rep\n"
    "C-2,Line,Acme,2024-01-01,,50,2025-03-31,Price,Rosa Rep\n"
    "C-3,No reason,Acme,2024-01-01,2024-12-31,50,2024-12-31,,Rosa Rep\n"
)
SECOND = HEAD + (
    "C-1,Care,Acme,2024-01-01,2027-06-30,120,,,Rosa Rep\n"
    "C-2,Line,Acme,2024-01-01,,50,2025-03-31,Price,Rosa Rep\n"
    "C-3,Other,Acme,2024-01-01,,50,,,Rosa Rep\n"
)


def stage(text: str, by) -> ImportBatch:
    batch = batches.stage(io.BytesIO(text.encode()), target="contract", file_name="contracts.csv", by=by, at=NOW)
    batches.choose(batch, {"fields": FIELDS}, at=NOW)
    return batch


def stands() -> list[tuple]:
    return [
        (one.external_id, str(one.end), int(one.monthly_value), str(one.churned_from))
        for one in Contract.objects.order_by("external_id")
    ]


def moved(number: str) -> list[tuple]:
    rows = ContractMovement.objects.filter(contract__external_id=number).order_by("pk")
    return [(row.type, row.counts_from.isoformat(), int(row.before), int(row.after)) for row in rows]


def test_what_a_file_says_anew_moves_the_contract_and_undoing_takes_the_movements_back(cast):
    make_customer(cast.rep)
    churn_reason("Price")
    first = run_batch(stage(FIRST, cast.administrator))
    before = [("C-1", "2026-06-30", 100, "None"), ("C-2", "None", 50, "2025-04-01")]
    assert stands() == before
    assert moved("C-2") == [("new", "2024-01-01", 0, 50), ("churn", "2025-04-01", 50, 0)]

    run_batch(stage(FIRST, cast.administrator))  # again: nothing new in it
    assert ContractMovement.objects.count() == 3

    second = run_batch(stage(SECOND, cast.administrator))
    assert stands()[0] == ("C-1", "2027-06-30", 120, "None")
    assert moved("C-1")[1:] == [("renewal", "2026-07-01", 100, 100), ("expansion", "2026-07-01", 100, 120)]
    assert ContractMovement.objects.filter(contract__external_id="C-1").last().owner == cast.rep

    undo(second)
    assert stands() == before
    assert moved("C-1") == [("new", "2024-01-01", 0, 100)]
    undo(first)
    assert not Contract.objects.exists()
    assert not ContractMovement.objects.exists()
