"""What numbers tell of amounts, for readers to whom a role closes these (customers/sales/models/closed_amounts.py).

A KPI that adds up amounts is closed to them whole, wherever it stands: of one sale it would say that sale. Of any other
the records behind it are shown without the amounts that were kept with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.access import fields
from customers.sales.models import closed_amounts
from evaluation import kpis
from evaluation.kpis.declaration import AMOUNTS, Kpi

CLOSED = "closed"


def codes() -> list[str]:
    """Of the KPIs that are closed with amounts."""
    return [kpi.code for kpi in kpis.all_kpis() if kpi.is_of_amounts]


def codes_closed_to(user: Any) -> list[str]:
    return codes() if closed_amounts.are_hidden_from(user) else []


def is_closed(kpi: Kpi) -> bool:
    """To whoever reads now. What is stored is measured by nobody, or by somebody who writes: whole."""
    return fields.reads_closed(closed_amounts.KIND, closed_amounts.FIELD) and kpi.is_of_amounts


def require(user: Any, kpi: Kpi, *, with_records: bool = False) -> None:
    """403 where the KPI is closed to the person, or (`with_records`) what was kept of its records is."""
    if kpi.is_of_amounts or (with_records and not AMOUNTS.isdisjoint(kpi.facts.shown)):
        closed_amounts.require(user)


def shown(used: Mapping[str, Any]) -> dict[str, Any]:
    """The values a record was used with, as far as the reader may see them."""
    if not fields.reads_closed(closed_amounts.KIND, closed_amounts.FIELD):
        return dict(used)
    return {name: value for name, value in used.items() if name not in AMOUNTS}
