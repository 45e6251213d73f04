"""Returns and what goods cost from files: checked before, repeatable, refused where it makes no sense, taken back."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest

from crm.exchange import batches, running
from crm.exchange.unusable import Unusable
from crm.models import ImportBatch
from customers.sales.actions import order_returns
from customers.sales.actions.orders import Line
from customers.sales.models import Order, OrderReturn, UnitCost
from tests.crm.test_import_runs import NOW, told, undo
from tests.crm.test_import_runs import run as run_batch
from tests.factories.sales import make_order, make_product, return_reason

pytestmark = pytest.mark.django_db
FIELDS = {"order": "order", "number": "return", "returned_at": "day", "reason": "why", "amount": "paid",
          "product": "article", "quantity": "pieces"}  # fmt: skip
STAYS = "A return stays as it is. Cancel it on the page of its order and note what is true."
FILE = """order,return,day,why,paid,article,pieces
A-1,B-1,2026-05-13,Faulty,,Pump,2
A-1,B-1,2026-05-13,Faulty,,Hose,
A-1,B-2,2026-05-13,Faulty,,Pump,9
A-1,B-3,2026-05-13,Faulty,2000,Pump,1
A-1,B-4,2026-05-12,Faulty,10,,
A-1,B-5,2026-05-14,Faulty,10,,
A-1,B-6,2026-05-13,Mood,10,,
A-2,B-7,2026-05-13,Faulty,10,,
A-1,B-8,2026-05-13,Faulty,,Pump,8
A-1,B-9,2026-05-13,Faulty,,Gear,1
"""


@pytest.fixture
def order(cast):
    """10 pumps at 100.00 and 3 hoses at 10.00; one of another team's beside it."""
    pump, hose = make_product("Pump"), make_product("Hose")
    make_product("Gear")
    lines = [Line(pump, Decimal(10), Decimal(100)), Line(hose, Decimal(3), Decimal(10))]
    make_order(cast.outsider, at=NOW, number="A-2")
    return_reason()
    return make_order(cast.rep, at=NOW, number="A-1", lines=lines)


def stage(text: str, by, target: str = "order_return", fields=FIELDS, **profile) -> ImportBatch:
    batch = batches.stage(io.BytesIO(text.encode()), target=target, file_name="file.csv", by=by, at=NOW)
    batches.choose(batch, {"fields": fields, **profile}, at=NOW)
    return batch


def noted() -> list[tuple]:
    made = OrderReturn.objects.order_by("number").prefetch_related("lines__line__product")
    return [(one.number, one.amount, {str(row.line.product): row.quantity for row in one.lines.all()}) for one in made]


def test_what_came_back_is_noted_line_by_line_and_what_makes_no_sense_says_why(cast, order):
    batch = stage(FILE, cast.manager)
    running.check(batch, at=NOW)
    assert (OrderReturn.objects.count(), order.version) == (0, Order.objects.get(pk=order.pk).version)
    checked = told(batch)
    run_batch(batch)
    assert told(batch) == checked
    assert {number: (outcome, reason) for number, outcome, reason, _changes in checked} == {
        2: ("created", ""),
        3: ("created", ""),
        4: ("error", "quantity: Of Pump no more than 8 can come back."),
        5: ("error", "refunded: No more than 820.00 USD of it can be paid back."),
        6: ("error", "returned: It came back before it was ordered."),
        7: ("error", "returned: Note it once it is back."),
        8: ("error", "reason: There is no “Mood”."),
        9: ("error", "order: There is no “A-2”."),
        10: ("created", ""),
        11: ("error", "product: This is not a line of the order."),
    }
    assert noted() == [
        ("B-1", Decimal("210.00"), {"Pump": 2, "Hose": 1}),
        ("B-8", Decimal("800.00"), {"Pump": 8}),
    ]
    one = OrderReturn.objects.get(number="B-1")
    assert (one.by, one.recorded_at, order_returns.refundable(order)) == (cast.manager, NOW, Decimal("20.00"))
    assert Order.objects.get(pk=order.pk).version == order.version + 1


def test_a_second_run_changes_nothing_another_word_is_refused_and_undo_spares_what_was_cancelled(cast, order):
    fields = {name: FIELDS[name] for name in ("order", "returned_at", "reason", "amount")}
    file = "order,day,why,paid\nA-1,2026-05-13 08:00,Faulty,10\nA-1,2026-05-13 09:00,Faulty,20\n"
    first = run_batch(stage(file, cast.manager, fields=fields, identity=["order", "returned_at"]))
    assert noted() == [("R000001", Decimal("10.00"), {}), ("R000002", Decimal("20.00"), {})]
    again = run_batch(stage(file, cast.manager, fields=fields, identity=["order", "returned_at"]))
    assert [outcome for _number, outcome, *_ in told(again)] == ["same", "same"]
    other = stage(file.replace("20", "21", 9).replace("2126", "2026"), cast.manager, fields=fields,
                  identity=["order", "returned_at"])  # fmt: skip
    assert [(outcome, reason) for _number, outcome, reason, _changes in told(run_batch(other))] == [
        ("same", ""),
        ("error", STAYS),
    ]
    order_returns.cancel(OrderReturn.objects.get(number="R000002"), reason="Twice", by=cast.rep, at=NOW)
    undo(first)
    assert [number for number, *_ in noted()] == ["R000002"]
    assert first.counts["kept"] == 1


def test_who_may_not_change_the_order_notes_no_return_of_it(cast, order):
    with pytest.raises(Unusable, match="does not allow importing"):
        run_batch(stage(FILE, cast.analyst))
    assert OrderReturn.objects.count() == 0


def test_what_goods_cost_comes_from_files_of_administrators_and_is_read_by_whoever_sees_costs(client, cast):
    make_product("Pump", code="P")
    fields = {"product": {"column": "article", "by": "code"}, "valid_from": "from", "cost": "cost", "currency": "cur"}
    file = "article,from,cost,cur\nP,2026-01-01,60.5,usd\nP,2026-07-01,-1,\nX,2026-07-01,1,\n"
    with pytest.raises(Unusable, match="does not allow importing"):
        run_batch(stage(file, cast.manager, "unit_cost", fields))
    made = run_batch(stage(file, cast.administrator, "unit_cost", fields))
    assert [outcome for _number, outcome, *_ in told(made)] == ["created", "error", "error"]
    one = UnitCost.objects.get()
    assert (one.cost, one.currency, one.valid_from) == (Decimal("60.50"), "USD", date(2026, 1, 1))
    changed = run_batch(stage(file.replace("60.5", "61"), cast.administrator, "unit_cost", fields))
    assert [outcome for _number, outcome, *_ in told(changed)] == ["updated", "error", "error"]
    client.force_login(cast.manager)
    said = {"id": one.pk, "product": one.product_id, "cost": "61.00", "currency": "USD", "valid_from": "2026-01-01"}
    assert client.get("/api/v1/unit-costs/").json() == [said]
    client.force_login(cast.rep)
    assert client.get("/api/v1/unit-costs/").status_code == 403
    undo(changed)
    assert UnitCost.objects.get().cost == Decimal("60.50")
    undo(made)
    assert not UnitCost.objects.exists()
