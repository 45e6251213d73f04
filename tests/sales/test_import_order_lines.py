"""Several rows with one number are one order with lines: checked before, repeatable, and taken back."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from django.core import serializers

from crm.exchange import batches, running, undoing
from crm.models import ImportBatch, ImportRow
from customers.actions import customers
from customers.sales.actions import orders
from customers.sales.models import Order, OrderLine
from tests.crm.test_import_runs import LATER, NOW, told, undo
from tests.crm.test_import_runs import run as run_batch
from tests.factories.sales import make_product

pytestmark = pytest.mark.django_db
FIELDS = {"number": "order", "customer": "customer", "ordered_at": "day", "product": "product",
          "quantity": "pieces", "unit_price": "price"}  # fmt: skip
HEADS = "order,customer,day,product,pieces,price\n"
FILE = (
    f"{HEADS}"
    "A-1,Acme,2026-03-01,Bolt,10,0.25\n"
    "A-2,Acme,2026-03-02,Nut,,3\n"
    "A-1,Acme,2026-03-01,Nut,2,3.00\n"
    "A-3,Acme,2026-03-03,Gear,1,5\n"
    "A-3,Acme,2026-03-03,Nut,1,5\n"
    "A-4,Acme,2026-03-04,Nut,0,5\n"
    "A-5,Acme,2026-03-05,Nut,1,5\n"
    "A-5,Acme,2026-03-06,Bolt,1,5\n"
    "A-6,Acme,2026-03-06,Bolt,1,\n"
    "A-7,Acme,2026-03-06,,,\n"
)


@pytest.fixture
def acme(cast):
    make_product("Bolt", code="B")
    make_product(name="Nut", code="N")
    return customers.create(name="Acme", by=cast.administrator, at=NOW)


def stage(text: str, by, fields=None, **profile) -> ImportBatch:
    batch = batches.stage(io.BytesIO(text.encode()), target="order", file_name="orders.csv", by=by, at=NOW)
    batches.choose(batch, {"fields": fields or FIELDS, **profile}, at=NOW)
    return batch


def lines_of(number: str) -> list[tuple[str, Decimal, Decimal]]:
    lines = OrderLine.objects.filter(order__number=number)
    return sorted(lines.values_list("product__name", "quantity", "unit_price"))


def dump() -> str:
    return serializers.serialize("json", [*Order.objects.order_by("pk"), *OrderLine.objects.order_by("pk")])


def test_rows_of_one_number_become_one_order_with_lines(cast, acme):
    batch = stage(FILE, cast.administrator)
    running.check(batch, at=NOW)
    assert Order.objects.count() == 0
    checked = told(batch)
    run_batch(batch)
    assert told(batch) == checked
    missing = "This is missing, and the profile does not allow that."
    assert [(number, outcome, reason) for number, outcome, reason, _changes in checked] == [
        (2, "created", ""),
        (3, "created", ""),
        (4, "created", ""),
        (5, "error", "product: There is no “Gear”."),
        (6, "error", "product: There is no “Gear”."),
        (7, "error", "quantity: A quantity is more than zero."),
        (8, "error", "ordered: Row 9 says otherwise of the same record."),
        (9, "error", "ordered: Row 9 says otherwise of the same record."),
        (10, "error", f"unit price: {missing}"),
        (11, "error", "amount: Give an amount, or lines to add up."),
    ]
    assert list(Order.objects.order_by("number").values_list("number", "amount")) == [
        ("A-1", Decimal("8.50")),
        ("A-2", Decimal("3.00")),
    ]
    assert lines_of("A-1") == [("Bolt", Decimal(10), Decimal("0.25")), ("Nut", Decimal(2), Decimal(3))]
    assert lines_of("A-2") == [("Nut", Decimal(1), Decimal(3))]


def test_a_second_run_changes_nothing_whatever_the_order_of_the_lines(cast, acme):
    run_batch(stage(FILE, cast.administrator))
    before = dump()
    rows = FILE.splitlines(keepends=True)
    again = run_batch(stage(rows[0] + "".join(reversed(rows[1:4])), cast.administrator))
    assert (again.count("same"), again.count("created"), again.count("updated")) == (3, 0, 0)
    assert dump() == before


def test_undo_removes_the_orders_with_their_lines(cast, acme):
    before = dump()
    batch = run_batch(stage(FILE, cast.administrator))
    undo(batch)
    assert dump() == before
    assert OrderLine.objects.count() == 0


@pytest.fixture
def known(cast, acme) -> Order:
    run_batch(stage(FILE, cast.administrator))
    return Order.objects.get(number="A-1")


CHANGED = f"{HEADS}A-1,Acme,2026-03-01,Bolt,20,0.25\n"


def test_lines_that_differ_replace_the_old_ones_and_the_sum_follows(cast, known):
    batch = stage(CHANGED, cast.administrator)
    running.check(batch, at=NOW)
    assert told(batch)[0][3]["lines"] == ["10 × Bolt à 0.25, 2 × Nut à 3.00", "20 × Bolt à 0.25"]
    assert len(lines_of("A-1")) == 2
    run_batch(batch)
    known.refresh_from_db()
    assert (known.amount, known.version) == (Decimal("5.00"), 2)
    assert lines_of("A-1") == [("Bolt", Decimal(20), Decimal("0.25"))]


def test_undo_puts_the_old_lines_back(cast, known):
    batch = run_batch(stage(CHANGED, cast.administrator))
    undo(batch)
    known.refresh_from_db()
    assert (known.amount, known.version) == (Decimal("8.50"), 1)
    assert lines_of("A-1") == [("Bolt", Decimal(10), Decimal("0.25")), ("Nut", Decimal(2), Decimal(3))]


def test_lines_somebody_changed_since_are_kept_and_named(cast, known):
    batch = run_batch(stage(CHANGED, cast.administrator))
    nut = make_product(name="Washer")
    orders.update(known, {}, lines=[orders.Line(nut, Decimal(1), Decimal(9))], by=cast.administrator, at=LATER)
    undo(batch)
    assert lines_of("A-1") == [("Washer", Decimal(1), Decimal(9))]
    assert [entry.reason for entry in undoing.kept(batch)] == ["Changed since, and kept: amount, lines."]


def test_a_file_without_lines_leaves_those_there_are(cast, known):
    fields = {"number": "order", "customer": "customer", "ordered_at": "day", "amount": "sum"}
    batch = run_batch(
        stage("order,customer,day,sum\nA-1,Acme,2026-03-01,9\nA-1,Acme,2026-03-01,8\n", cast.administrator, fields)
    )
    assert [row[1:3] for row in told(batch)] == [
        ("updated", ""),
        ("error", "Row 2 says otherwise of the same record."),
    ]
    assert len(lines_of("A-1")) == 2
    assert Order.objects.get(number="A-1").amount == Decimal(9)
    assert ImportRow.objects.filter(batch=batch).count() == 2
