"""Returns from files: one row for each, or several rows of one where each brings a line of the order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from crm.access.grants import Access
from crm.access.permissions import Reach, Verb
from crm.exchange import storing
from crm.exchange.declaring import DATETIME, MONEY, REFERENCE, Field, Importable, Reference
from crm.exchange.drafts import Draft, Refused, Run
from customers.sales.actions import order_returns
from customers.sales.actions.order_returns import NOTHING, Back
from customers.sales.exchange.columns import PRODUCT
from customers.sales.models import Order, OrderLine, OrderReturn, OrderReturnLine, ReturnReason

STANDS = ("number", "order_id", "returned_at", "amount", "reason_id", "note")
COLUMNS = ("order_return", "line", "quantity")


@dataclass
class Sold:
    """An order as the rows so far leave it: its lines with what came back of each, and what can still be paid back."""

    lines: dict[int, OrderLine]
    left: Decimal

    @classmethod
    def of(cls, order: Order) -> Sold:
        lines = OrderLine.objects.with_returns().filter(order=order).select_related("product").order_by("pk")
        return cls({line.pk: line for line in lines}, order_returns.refundable(order))

    def share_out(self, product: Any, quantity: Decimal, taken: dict[int, Decimal]) -> None:
        """So much of a product, from the lines that have it; `taken` is what earlier rows of the return took."""
        lines = [line for line in self.lines.values() if line.product_id == product.pk]
        if not lines:
            raise Refused(__("This is not a line of the order."), "product")
        missing = quantity
        for line in lines:
            part = min(missing, line.kept - taken[line.pk])
            taken[line.pk] += part
            missing -= part
        if missing > 0:
            left = sum((line.kept for line in lines), NOTHING)
            raise Refused(order_returns.too_much(product, left), "quantity")

    def take_back(self, made: OrderReturn, lines: list[Back]) -> None:
        self.left -= made.amount
        for back in lines:
            self.lines[back.line.pk].came_back += back.quantity


class OrderReturnImport(Importable):
    """A return in the record stays as it is: a row that says otherwise is refused."""

    def reach(self, access: Access, verb: Verb) -> Reach:
        """Whoever may change an order may note what came back of it."""
        return access.reach(Order.kind, Verb.EDIT)

    def begin(self, run: Run) -> None:
        """What earlier rows noted is in the database by now; a check remembers it instead."""
        if not run.is_dry:
            run.caches.pop("sold", None)

    def new(self, draft: Draft, run: Run) -> OrderReturn:
        return OrderReturn(by=run.user, recorded_at=run.at)

    def settle(self, record: OrderReturn, draft: Draft, run: Run) -> None:
        told = [_said(step.values) for step in draft.steps] if run.profile.lines else []
        if not draft.is_new:
            self._refuse_other(record, draft, told)
            return
        sold = self._sold(record.order, run)
        taken: dict[int, Decimal] = defaultdict(Decimal)
        for product, quantity in told:
            sold.share_out(product, quantity, taken)
        lines = [Back(sold.lines[pk], quantity) for pk, quantity in taken.items() if quantity]
        if record.amount is None:
            record.amount = order_returns.usual_refund(record.order, sold.lines, lines, sold.left)
        draft.notes["lines"] = lines

    def _refuse_other(self, record: OrderReturn, draft: Draft, told: list[tuple[Any, Decimal]]) -> None:
        known = [(row.line.product, row.quantity) for row in record.lines.all()]
        is_other = any(getattr(record, name) != draft.before[name] for name in STANDS)
        if is_other or (told and _summed(told) != _summed(known)):
            raise Refused(__("A return stays as it is. Cancel it on the page of its order and note what is true."))

    def check(self, record: OrderReturn, draft: Draft, run: Run) -> None:
        sold = self._sold(record.order, run)
        order_returns.check(record, draft.notes["lines"], run.at, sold.left)
        sold.take_back(record, draft.notes["lines"])

    def insert(self, drafts: list[Draft], run: Run) -> None:
        made = [draft.record for draft in drafts]
        unnumbered = [record for record in made if not record.number]
        for record, number in zip(unnumbered, order_returns.next_numbers(len(unnumbered)), strict=True):
            record.number = number
        super().insert(drafts, run)
        lines = [(draft.record.pk, back.line.pk, back.quantity) for draft in drafts for back in draft.notes["lines"]]
        storing.add(OrderReturnLine, COLUMNS, lines)
        _touch({record.order_id for record in made}, run.at)

    def removed(self, records: list[Any]) -> None:
        _touch({record.order_id for record in records}, timezone.now())

    def _sold(self, order: Order, run: Run) -> Sold:
        known = run.caches.setdefault("sold", {})
        if order.pk not in known:
            known[order.pk] = Sold.of(order)
        return known[order.pk]


def _touch(orders: set[int], at: datetime) -> None:
    """They are other ones now, for whoever has them open."""
    Order._base_manager.filter(pk__in=orders).update(version=F("version") + 1, updated_at=at)


def _said(values: dict[str, Any]) -> tuple[Any, Decimal]:
    """What a row says of a line; one thing unless it says how many."""
    if values.get("product") is None:
        raise Refused(__("This is missing, and the profile does not allow that."), "product")
    quantity = values.get("quantity")
    if quantity is not None and quantity <= 0:
        raise Refused(__("A quantity is more than zero."), "quantity")
    return values["product"], Decimal(1) if quantity is None else quantity


def _summed(lines: list[tuple[Any, Decimal]]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = defaultdict(Decimal)
    for product, quantity in lines:
        found[product.pk] += quantity
    return found


ORDER_RETURNS = OrderReturnImport(
    model=OrderReturn,
    fields=(
        Field("order", _("order"), REFERENCE, required=True, reference=Reference(Order, ("number",), to_change=True)),
        Field("number", _("number"), help=_("Of the return; we give one where the file has none.")),
        Field("returned_at", _("returned"), DATETIME, required=True),
        Field("reason", _("reason"), REFERENCE, required=True, reference=Reference(ReturnReason)),
        Field("amount", _("refunded"), MONEY, help=_("What was paid for the lines where it is not said.")),
        Field("note", _("note")),
        Field("product", _("product"), REFERENCE, reference=PRODUCT, stored=False, line=True),
        Field("quantity", _("quantity"), MONEY, stored=False, line=True),
    ),
    identities=(("number",), ("order", "returned_at")),
    unique=(("number",),),
    related=("order", "reason"),
    prefetch=("lines__line__product",),
)
