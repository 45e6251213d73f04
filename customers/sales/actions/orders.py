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
from customers.sales.models import Order, OrderLine, Product
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
    """Edit an order. `lines` replace the old ones; the amount follows them unless `changes` gives one."""
    changes = dict(changes)
    locked = Order._base_manager.select_for_update(of=("self",)).get(pk=order.pk)
    old = lines_of(locked)
    replaced = lines is not None and list(lines) != old
    if replaced and version is not None and locked.version != version:
        raise StaleVersion(locked, ["lines"])
    if replaced and changes.get("amount", locked.amount) in (None, locked.amount) and locked.amount == sum_of(old):
        changes["amount"] = None  # it was the sum before, so it stays the sum
    if "amount" in changes:
        changes["amount"] = _total(changes["amount"], old if lines is None else lines)
    about = [locked.customer, locked.opportunity]
    saved = records.update(locked, changes, by=by, at=at, version=version, base=base, about=about)
    if replaced:
        saved = _replace_lines(saved, old, lines or (), by=by, at=at, already=saved.version != locked.version)
    return saved


def delete(order: Order, *, by: Any, at: datetime) -> Order:
    return records.delete(order, by=by, at=at, about=[order.customer, order.opportunity])  # type: ignore[return-value]


def restore(order: Order, *, by: Any, at: datetime) -> Order:
    return records.restore(order, by=by, at=at, about=[order.customer, order.opportunity])  # type: ignore[return-value]


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
    OrderLine.objects.filter(order=order).delete()
    _write_lines(order, lines)
    if not already:
        order.version += 1
        order.updated_at = at
        order.save()
    data = {"lines": [as_text(old), as_text(lines)]}
    events.record("order.lines_changed", order, by=by, at=at, data=data, about=[order.customer, order.opportunity])
    return order


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
