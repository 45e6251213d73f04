"""What customers bring back. A return stays in the record; one that was wrong is cancelled, and says since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from customers.sales.models import Order, OrderLine, OrderReturn, OrderReturnLine, ReturnReason
from customers.sales.models.currency import in_cents
from customers.sales.models.forecast_period import organisation_zone

NUMBERING_LOCK = 7_304
OUR_NUMBER = r"^R\d{6,}$"
NOTHING = Decimal("0.00")
REASONS = ["Faulty", "Wrong article", "Not as expected", "Ordered too many"]


@dataclass(frozen=True)
class Back:
    """How much of a line came back."""

    line: OrderLine
    quantity: Decimal


@transaction.atomic
def note(
    order: Order,
    *,
    reason: ReturnReason,
    by: Any,
    at: datetime,
    lines: Sequence[Back] = (),
    amount: Decimal | None = None,
    returned_at: datetime | None = None,
    note: str = "",
    number: str = "",
    version: int | None = None,
) -> OrderReturn:
    """Note that something of an order came back, and what was paid back for it.

    Without an amount it is what was paid for these lines. `version` is what the person had before them.
    """
    locked = _locked(order, version)
    sold = {line.pk: line for line in OrderLine.objects.with_returns().filter(order=locked).select_related("product")}
    _check_lines(lines, sold)
    left = refundable(locked)
    refunded = usual_refund(locked, sold, lines, left) if amount is None else amount
    made = OrderReturn(
        number=number.strip() or next_number(), order=locked, returned_at=returned_at or at, amount=refunded,
        reason=reason, note=" ".join(note.split()), by=by, recorded_at=at,
    )  # fmt: skip
    check(made, lines, at, left)
    made.full_clean()
    made.save(force_insert=True)
    OrderReturnLine.objects.bulk_create(
        OrderReturnLine(order_return=made, line=back.line, quantity=back.quantity) for back in lines
    )
    told = [f"{back.quantity.normalize():f} × {sold[back.line.pk].product}" for back in lines]
    _tell(locked, "returned", made, by=by, at=at, lines=told, note=made.note)
    return made


@transaction.atomic
def cancel(order_return: OrderReturn, *, reason: str, by: Any, at: datetime) -> OrderReturn:
    """It did not come back after all: from now on the return counts for nothing. Doing it twice does nothing."""
    locked = _locked(order_return.order, None)
    made = OrderReturn.objects.select_for_update(of=("self",)).get(pk=order_return.pk)
    if made.is_cancelled:
        return made
    why = " ".join(reason.split())
    if not why:
        raise ValidationError({"reason": _("Say why the return is cancelled.")})
    made.cancelled_at, made.cancelled_by, made.cancelled_why = at, by, why
    made.full_clean()
    made.save()
    _tell(locked, "return_cancelled", made, by=by, at=at, reason=why)
    return made


def refundable(order: Order) -> Decimal:
    """What can still be paid back."""
    back = OrderReturn.objects.standing().filter(order=order).values_list("amount", flat=True)
    return order.amount - sum(back, NOTHING)


def usual_refund(order: Order, sold: Mapping[int, OrderLine], lines: Sequence[Back], left: Decimal) -> Decimal:
    """What was paid for these lines, where the order cost more or less than they come to in its proportion.

    As the difference of two rounded sums: once everything is back, everything is paid back.
    """
    whole = sum((line.quantity * line.unit_price for line in sold.values()), NOTHING)
    before = sum((line.came_back * line.unit_price for line in sold.values()), NOTHING)
    after = before + sum((back.quantity * sold[back.line.pk].unit_price for back in lines), NOTHING)
    if not whole:
        return NOTHING
    share = in_cents(order.amount * after / whole) - in_cents(order.amount * before / whole)
    return max(min(share, left), NOTHING)


def next_number() -> str:
    return next_numbers(1)[0]


def next_numbers(count: int) -> list[str]:
    """R000001 and on; two people at once wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING_LOCK])
    last = OrderReturn.objects.filter(number__regex=OUR_NUMBER).aggregate(last=Max("number"))["last"]
    first = int(last[1:]) + 1 if last else 1
    return [f"R{number:06d}" for number in range(first, first + count)]


def install_reasons(**__: Any) -> None:
    """Reasons to begin with, where there are none. The names are data: administrators write their own."""
    if not ReturnReason.objects.exists():
        ReturnReason.objects.bulk_create(ReturnReason(name=name) for name in REASONS)


def _locked(order: Order, version: int | None) -> Order:
    found: Order = Order._base_manager.select_for_update(of=("self",)).get(pk=order.pk)
    if version is not None and found.version != version:
        raise StaleVersion(found, ["lines"])
    return found


def _check_lines(lines: Sequence[Back], sold: Mapping[int, OrderLine]) -> None:
    if len({back.line.pk for back in lines}) != len(lines):
        raise ValidationError({"lines": _("Each line stands there once.")})
    for back in lines:
        line = sold.get(back.line.pk)
        if line is None:
            raise ValidationError({"lines": _("This is not a line of the order.")})
        if back.quantity <= 0:
            raise ValidationError({"lines": _("A quantity is more than zero.")})
        if back.quantity > line.kept:
            raise ValidationError({"lines": too_much(line.product, line.kept)})


def too_much(product: Any, left: Decimal) -> str:
    return _("Of %(product)s no more than %(left)s can come back.") % {
        "product": product,
        "left": f"{left.normalize():f}",
    }


def check(made: OrderReturn, lines: Sequence[Back], at: datetime, left: Decimal) -> None:
    """Whether what is said makes sense; `left` is what can still be paid back of the order."""
    order = made.order
    if not lines and not made.amount:
        raise ValidationError(_("Say what came back, or what was paid back."))
    if made.amount > 0 and made.amount > left:
        said = {"left": f"{max(left, NOTHING)} {order.currency}"}
        raise ValidationError({"amount": _("No more than %(left)s of it can be paid back.") % said})
    zone = organisation_zone()
    if made.returned_at.astimezone(zone).date() < order.ordered_at.astimezone(zone).date():
        raise ValidationError({"returned_at": _("It came back before it was ordered.")})
    if made.returned_at > at:
        raise ValidationError({"returned_at": _("Note it once it is back.")})


def _tell(order: Order, verb: str, made: OrderReturn, *, by: Any, at: datetime, **more: Any) -> None:
    """The order is another one now, for whoever has it open and for the import that brought it."""
    order.version += 1
    order.updated_at = at
    order.save()
    data = {
        "number": made.number, "amount": str(made.amount), "currency": order.currency,
        "return_reason": records.as_json(made.reason), **more,
    }  # fmt: skip
    events.record(f"order.{verb}", order, by=by, at=at, data=data, about=[order.customer, order.opportunity])
