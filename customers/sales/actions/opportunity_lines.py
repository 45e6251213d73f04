"""The products of an opportunity: the amount follows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm import events
from crm.models import StaleVersion
from customers.sales.actions import closed, opportunities
from customers.sales.models import Opportunity, OpportunityLine, Product, closed_amounts
from customers.sales.models.opportunity_line import charged

NONE = Decimal("0.00")


@dataclass(frozen=True)
class Line:
    product: Product
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal = Decimal(0)
    months: int | None = None  # how long it recurs; paid once without

    @property
    def charge(self) -> Decimal:
        return charged(self.quantity, self.unit_price, self.discount)

    @property
    def total(self) -> Decimal:
        return self.charge * (self.months or 1)


@transaction.atomic
def replace(
    opportunity: Opportunity,
    lines: Sequence[Line],
    *,
    by: Any,
    at: datetime,
    version: int | None = None,
    overriding: str = "",
) -> Opportunity:
    """Put these lines in the place of those there are. The amount is their sum; without lines it stays as it is.

    `version` is what the editor had before them: any change since is refused. The same lines again change nothing.
    """
    locked = Opportunity._base_manager.select_for_update(of=("self",)).get(pk=opportunity.pk)
    if version is not None and version != locked.version:
        raise StaleVersion(locked, ["amount"])
    before = lines_of(locked)
    if list(lines) == before:
        return locked
    closed_amounts.refuse_writing(by, before, list(lines))
    closed.refuse(locked, ["lines"], by=by, reason=overriding)
    if not locked.is_open and not closed.is_locked(locked):
        raise ValidationError(_("It is closed: what was sold stays as it was."))
    OpportunityLine.objects.filter(opportunity=locked).delete()
    for line in lines:
        row = OpportunityLine(
            opportunity=locked, product=line.product, quantity=line.quantity, unit_price=line.unit_price,
            discount=line.discount, months=line.months,
        )  # fmt: skip
        row.full_clean(exclude=["charge", "total"])
        row.save()
    data = {"lines": [as_text(before), as_text(lines)]}
    events.record("opportunity.lines_changed", locked, by=by, at=at, data=data, about=[locked.customer])
    closed.tell(locked, ["lines"], by=by, at=at, reason=overriding)
    return opportunities.update(locked, _sums(locked), by=by, at=at, following_lines=True, overriding=overriding)


def lines_of(opportunity: Opportunity) -> list[Line]:
    rows = OpportunityLine.objects.filter(opportunity=opportunity).select_related("product").order_by("pk")
    return [Line(row.product, row.quantity, row.unit_price, row.discount, row.months) for row in rows]


def as_text(lines: Sequence[Line]) -> list[str]:
    """As the history keeps them."""
    return [
        f"{line.quantity.normalize():f} × {line.product}, {line.total}" + (f" ({line.months})" if line.months else "")
        for line in lines
    ]


def _sums(opportunity: Opportunity) -> dict[str, Any]:
    """What the database added up: the amount and the recurring value per month."""
    rows = OpportunityLine.objects.filter(opportunity=opportunity).values_list("total", "charge", "months")
    if not rows:
        return {"monthly_value": None}
    monthly = [charge for _total, charge, months in rows if months]
    return {
        "amount": sum((total for total, _charge, _months in rows), NONE),
        "monthly_value": sum(monthly, NONE) if monthly else None,
    }
