"""Orders from files: one row for each, or several rows with one number where each row brings a line."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from crm.exchange import storing
from crm.exchange.declaring import DATETIME, MONEY, REFERENCE, Field, Reference
from crm.exchange.drafts import Draft, Refused, Run
from customers.exchange.references import CUSTOMER, OWNER_AND_TEAM
from customers.sales.actions.orders import Line, as_text, sum_of
from customers.sales.exchange.columns import PRODUCT, WithCurrency
from customers.sales.models import Opportunity, Order, OrderLine, OrderReturnLine

COLUMNS = ("order", "product", "quantity", "unit_price")


class OrderImport(WithCurrency):
    """Lines are compared as a whole, whatever their order: they are all as the file says, or all as they were."""

    def settle(self, record: Order, draft: Draft, run: Run) -> None:
        super().settle(record, draft, run)
        told = [_line(step.values) for step in draft.steps]
        known = [] if draft.is_new else list(record.lines.all())
        old = [Line(row.product, row.quantity, row.unit_price) for row in known]
        draft.notes["lines"] = told if run.profile.lines and _counted(told) != _counted(old) and told else None
        draft.notes["old"] = known
        if draft.notes["lines"] is not None and OrderReturnLine.objects.filter(line__in=known).exists():
            raise Refused(__("Something of it was returned: its lines stay. Change them on its page."))
        self._add_up(record, draft, told, old)

    def _add_up(self, record: Order, draft: Draft, told: list[Line], old: list[Line]) -> None:
        """The amount the file gives, else the sum of the lines, as long as nobody said otherwise."""
        if draft.values.get("amount") is not None:
            return
        if draft.is_new and not told:
            raise Refused(__("Give an amount, or lines to add up."), "amount")
        if draft.is_new or (draft.notes["lines"] is not None and record.amount == sum_of(old)):
            record.amount = sum_of(told)

    def differs(self, draft: Draft, run: Run) -> dict[str, list[Any]]:
        lines = draft.notes["lines"]
        if draft.is_new or lines is None:
            return {}
        old = [Line(row.product, row.quantity, row.unit_price) for row in draft.notes["old"]]
        return {"lines": [", ".join(as_text(old)), ", ".join(as_text(lines))]}

    def insert(self, drafts: list[Draft], run: Run) -> None:
        super().insert(drafts, run)
        self._write_lines([draft for draft in drafts if draft.notes["lines"]])

    def save(self, drafts: list[Draft], run: Run) -> None:
        super().save(drafts, run)
        changed = [draft for draft in drafts if draft.notes["lines"] is not None]
        for draft in changed:
            draft.parts["old"] = [
                [row.product_id, str(row.quantity), str(row.unit_price)] for row in draft.notes["old"]
            ]
            draft.parts["order"] = draft.record.pk
        OrderLine.objects.filter(pk__in=[row.pk for draft in changed for row in draft.notes["old"]]).delete()
        self._write_lines(changed)

    def take_back_parts(self, parts: dict[str, Any]) -> list[str]:
        """Lines are put back only if they are the ones the import wrote."""
        if "order" not in parts:
            return []
        now = OrderLine.objects.filter(order=parts["order"])
        if OrderReturnLine.objects.filter(line__in=now).exists() or set(now.values_list("pk", flat=True)) != set(
            parts["lines"]
        ):
            return [__("lines")]
        now.delete()
        storing.add(OrderLine, COLUMNS, [(parts["order"], *line) for line in parts["old"]])
        return []

    def _write_lines(self, drafts: list[Draft]) -> None:
        lines = [(draft, line) for draft in drafts for line in draft.notes["lines"]]
        keys = storing.add(
            OrderLine,
            COLUMNS,
            [(draft.record.pk, line.product.pk, line.quantity, line.unit_price) for draft, line in lines],
        )
        for (draft, _line), key in zip(lines, keys, strict=True):
            draft.parts.setdefault("lines", []).append(key)


def _line(values: dict[str, Any]) -> Line:
    """What a row says of a line; one thing of each kind unless it says how many."""
    for name in ("product", "unit_price"):
        if values.get(name) is None:
            raise Refused(__("This is missing, and the profile does not allow that."), name)
    quantity = values.get("quantity")
    line = Line(values["product"], Decimal(1) if quantity is None else quantity, values["unit_price"])
    for name in ("quantity", "unit_price"):
        try:
            OrderLine._meta.get_field(name).clean(getattr(line, name), None)  # type: ignore[union-attr]
        except ValidationError as error:
            raise Refused(" ".join(error.messages), name) from None
    if line.quantity <= 0:
        raise Refused(__("A quantity is more than zero."), "quantity")
    return line


def _counted(lines: list[Line]) -> Counter[tuple[Any, ...]]:
    return Counter((line.product.pk, line.quantity, line.unit_price) for line in lines)


ORDERS = OrderImport(
    model=Order,
    fields=(
        Field("number", _("number"), required=True),
        Field("customer", _("customer"), REFERENCE, required=True, reference=CUSTOMER),
        Field("ordered_at", _("ordered"), DATETIME, required=True),
        Field("amount", _("amount"), MONEY, help=_("The sum of the lines where it is not said.")),
        Field("currency", _("currency")),
        Field("opportunity", _("opportunity"), REFERENCE, reference=Reference(Opportunity, ("external_id", "name"))),
        Field("notes", _("notes")),
        Field("product", _("product"), REFERENCE, reference=PRODUCT, stored=False, line=True),
        Field("quantity", _("quantity"), MONEY, stored=False, line=True),
        Field("unit_price", _("unit price"), MONEY, stored=False, line=True),
        *OWNER_AND_TEAM,
    ),
    identities=(("number",),),
    related=("customer", "opportunity"),
    prefetch=("lines__product",),
)
