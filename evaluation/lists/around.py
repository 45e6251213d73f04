"""Customers by a KPI's value of their own: what the customer list, and so a segment, can ask of the last 365 days.

Offered are KPIs that say something about one customer, whose records anybody who may see the customer's can look at.
What a customer is worth over its life, or how likely it leaves, is no number of the kind: see docs/segments.md.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.forms import DecimalField
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from crm.web.lists import offered
from customers.lists.around import MOST_MONEY, Between
from customers.lists.customers import CustomerFilter
from evaluation import kpis
from evaluation.engine import of_customers
from evaluation.kpis import Unit

PERCENT, HOURS = Decimal(100), Decimal(3600)
OFFERED = {
    "revenue": ("opportunity", "order"),
    "win_rate": ("opportunity",),
    "first_response_time": ("ticket",),
    "resolution_time": ("ticket",),
    "sla_attainment": ("ticket",),
    "csat": ("response",),
}


def offer() -> None:
    made = {f"kpi_{code}": OwnValue(code, kinds=("measurement", *kinds)) for code, kinds in OFFERED.items()}
    offered.offer(CustomerFilter, _("KPIs of the customer"), 40, **made)


class OwnValue(Between):
    """Shares are asked in percent and times in hours, as pages show them."""

    number = DecimalField

    def __init__(self, code: str, **kwargs: Any) -> None:
        self.kpi = kpis.get(code)
        label, most = _("{kpi}, last 365 days"), MOST_MONEY
        if self.kpi.unit == Unit.RATIO:
            label, most = _("{kpi} in percent, last 365 days"), PERCENT
        elif self.kpi.unit == Unit.SECONDS:
            label = _("{kpi} in hours, last 365 days")
        label = format_lazy(label, kpi=self.kpi.name)
        least = -MOST_MONEY if self.kpi.unit == Unit.MONEY else 0  # more may have come back than was sold
        super().__init__(label=label, least=least, most=most, **kwargs)

    def narrow(self, qs: QuerySet, low: Any, high: Any) -> QuerySet:
        parent: Any = self.parent  # type: ignore[attr-defined]
        low, high = (None if end is None else self.in_own_unit(end) for end in (low, high))
        user = parent.request.user
        return qs.filter(pk__in=of_customers.between(self.kpi, low, high, user, timezone.now()))

    def in_own_unit(self, value: Decimal) -> Decimal:
        """As the KPI counts: a share as a fraction, a time in seconds."""
        if self.kpi.unit == Unit.RATIO:
            return value / PERCENT
        return value * HOURS if self.kpi.unit == Unit.SECONDS else value
