from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from crm import events
from crm.actions import records
from crm.models import StaleVersion
from customers.models import Customer
from customers.sales.models import Order, OrderLine, OrderReturn, OrderReturnLine, Product
from customers.sales.models.currency import in_cents

NUMBERING_LOCK = 7_302
OUR_NUMBER = r"^S\d{6,}$"


@dataclass(frozen=True)
class Line:
    product: Product
    quantity: Decimal
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        return in_cents(self.quantity * self.unit_price)


@transaction.atomic
def create(
    *,
    customer: Customer,
    by: Any,
    at: datetime,
    number: str = "",
    ordered_at: datetime | None = None,
    amount: Decimal | None = None,
    lines: Sequence[Line] = (),
    owner: Any = None,
    team: Any = None,
    **fields: Any,
) -> Order:
    """Note what was sold. Without an amount it is the sum of the lines; without a number it gets the next one."""
    order = Order(
        number=number.strip() or next_number(),
        customer=customer,
        ordered_at=ordered_at or at,
        amount=_total(amount, lines),
        owner=owner,
        team=team or (owner.team if owner else None),
        **fields,
    )
    records.create(order, by=by, at=at, about=[customer, order.opportunity], data={"lines": as_text(lines)})
    _write_lines(order, lines)
    return order


@transaction.atomic
def update(
    order: Order,
    changes: dict[str, Any],
    *,
    by: Any,
    at: datetime,
    lines: Sequence[Line] | None = None,
    version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Order:
    """Edit an order. `lines` replace the old ones; the amount follows them unless `changes` gives one.

    What of it came back stays sold: those lines, the currency, and as much money as was paid back.
    """
    changes = dict(changes)
    locked = Order._base_manager.select_for_update(of=("self",)).get(pk=order.pk)
    old = lines_of(locked)
    replaced = lines is not None and list(lines) != old
    if replaced:
        _keep_returned(locked, list(lines or ()))
    if replaced and version is not None and locked.version != version:
        raise StaleVersion(locked, ["lines"])
    if replaced and changes.get("amount", locked.amount) in (None, locked.amount) and locked.amount == sum_of(old):
        changes["amount"] = None  # it was the sum before, so it stays the sum
    if "amount" in changes:
        changes["amount"] = _total(changes["amount"], old if lines is None else lines)
    _refuse_against_returns(locked, changes)
    about = [locked.customer, locked.opportunity]
    saved = records.update(locked, changes, by=by, at=at, version=version, base=base, about=about)
    if replaced:
        saved = _replace_lines(saved, old, lines or (), by=by, at=at, already=saved.version != locked.version)
    return saved


def delete(order: Order, *, by: Any, at: datetime) -> Order:
    return records.delete(order, by=by, at=at, about=[order.customer, order.opportunity])


def restore(order: Order, *, by: Any, at: datetime) -> Order:
    return records.restore(order, by=by, at=at, about=[order.customer, order.opportunity])


def lines_of(order: Order) -> list[Line]:
    rows = OrderLine.objects.filter(order=order).select_related("product")
    return [Line(row.product, row.quantity, row.unit_price) for row in rows]


def next_number() -> str:
    """S000001 and on; two people creating at once wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING_LOCK])
    last = Order._base_manager.filter(number__regex=OUR_NUMBER).aggregate(last=Max("number"))["last"]
    return f"S{int(last[1:]) + 1 if last else 1:06d}"


def _replace_lines(
    order: Order, old: list[Line], lines: Sequence[Line], *, by: Any, at: datetime, already: bool
) -> Order:
    _exchange_lines(order, lines)
    if not already:
        order.version += 1
        order.updated_at = at
        order.save()
    data = {"lines": [as_text(old), as_text(lines)]}
    events.record("order.lines_changed", order, by=by, at=at, data=data, about=[order.customer, order.opportunity])
    return order


def _exchange_lines(order: Order, lines: Sequence[Line]) -> None:
    """New lines for old. One that returns point at stays the row it is, with the new quantity and price."""
    new = list(lines)
    kept = _keep_returned(order, new)
    for row, line in kept:
        row.quantity, row.unit_price = line.quantity, line.unit_price
        row.clean_fields(exclude=["order"])
        row.save()
    OrderLine.objects.filter(order=order).exclude(pk__in=[row.pk for row, _line in kept]).delete()
    _write_lines(order, new)


def _keep_returned(order: Order, new: list[Line]) -> list[tuple[OrderLine, Line]]:
    """Each row that returns point at with the line that stands for it now, which is taken out of `new`."""
    kept = []
    returned = OrderReturnLine.objects.filter(line__order=order).values("line")
    for row in OrderLine.objects.with_returns().filter(order=order, pk__in=returned).select_related("product"):
        line = next((line for line in new if line.product == row.product and line.quantity >= row.came_back), None)
        if line is None:
            said = {"quantity": f"{row.came_back.normalize():f}", "product": row.product}
            raise ValidationError(_("%(quantity)s × %(product)s came back: the order keeps its line.") % said)
        new.remove(line)
        kept.append((row, line))
    return kept


def _refuse_against_returns(order: Order, changes: dict[str, Any]) -> None:
    standing = OrderReturn.objects.standing().filter(order=order)
    refunded = sum(standing.values_list("amount", flat=True), Decimal(0))
    if refunded > 0 and changes.get("amount", order.amount) < min(refunded, order.amount):
        raise ValidationError({"amount": _("%(amount)s of it was paid back already.") % {"amount": refunded}})
    if changes.get("currency", order.currency) != order.currency and standing.exists():
        raise ValidationError({"currency": _("Something of it was returned: the currency stays.")})


def _write_lines(order: Order, lines: Sequence[Line]) -> None:
    rows = [
        OrderLine(order=order, product=line.product, quantity=line.quantity, unit_price=line.unit_price)
        for line in lines
    ]
    for row in rows:
        row.clean_fields(exclude=["order"])
        if row.quantity <= 0:
            raise ValidationError(_("A quantity is more than zero."))
    OrderLine.objects.bulk_create(rows)


def _total(amount: Decimal | None, lines: Sequence[Line]) -> Decimal:
    if amount is not None:
        return amount
    if not lines:
        raise ValidationError({"amount": _("Give an amount, or lines to add up.")})
    return sum_of(lines)


def sum_of(lines: Sequence[Line]) -> Decimal:
    return in_cents(sum((line.amount for line in lines), Decimal(0)))


def as_text(lines: Sequence[Line]) -> list[str]:
    return [f"{line.quantity.normalize():f} × {line.product} à {line.unit_price}" for line in lines]
