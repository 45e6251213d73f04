"""Amounts of sales, for readers to whom a role closes them: one field, `amount` of opportunities, and what tells it.

What repeats the amount reads as empty with it. Quotes, orders, contracts, forecasts and quotas say little else: nobody
sees them from whom it is hidden. A sum of a column with one sale in it is that sale, so there are no sums either:
`currency.totals` makes none, and pages that are all sums are refused (docs/decisions/0010-closed-fields.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from crm.access import fields
from crm.access.fields import Hidden
from crm.access.grants import access_of
from crm.models import Event, Notification
from customers.sales.models.currency import tidy_currency
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.opportunity_line import OpportunityLine
from customers.sales.models.stage_change import StageChange

KIND, FIELD = "opportunity", "amount"
# What else says it, by the names that columns, filters, events, formulas and the API have for it.
CLOSED_WITH = ("monthly_value", "weighted", "weighted_amount", "lines")
WITHHELD = ("quote", "order", "order_return", "contract", "forecast", "quota")


def declare() -> None:
    """Called in `AppConfig.ready`."""
    fields.declare(Opportunity, FIELD, "notes", closes={FIELD: CLOSED_WITH}, withholds={FIELD: WITHHELD})
    fields.repeat(Opportunity, "monthly_value", kind=KIND, of=FIELD)
    fields.repeat(StageChange, "amount", kind=KIND, of=FIELD)
    for column in ("quantity", "unit_price", "discount", "charge", "total"):
        fields.repeat(OpportunityLine, column, kind=KIND, of=FIELD)
    fields.retell(Event, "data", of_event)
    fields.retell(Notification, "values", of_notification)


def are_hidden() -> bool:
    """Whether the reader sees no amounts."""
    return FIELD in fields.hidden(KIND)


def are_hidden_from(user: Any) -> bool:
    return FIELD in access_of(user).hidden.get(KIND, fields.NOTHING)


def require(user: Any) -> None:
    """403 for whoever sees no amounts: of a page or an answer that is all sums of them."""
    if are_hidden_from(user):
        raise PermissionDenied(_("This adds up amounts, and your role does not show them."))


def may_be_written() -> bool:
    return FIELD not in fields.unwritable(KIND)


def require_writing(user: Any) -> None:
    if FIELD in access_of(user).unwritable.get(KIND, fields.NOTHING):
        raise PermissionDenied(fields.CLOSED)


def refuse_writing(by: Any, before: Any, after: Any) -> None:
    """An amount is changed by whoever may write it, at whichever door. What nobody does in person may."""
    if by is not None and before != after and FIELD in access_of(by).unwritable.get(KIND, fields.NOTHING):
        raise ValidationError({FIELD: fields.CLOSED})


def worth_after(sale: Opportunity, changes: Mapping[str, Any]) -> tuple[Any, str]:
    """Another currency is another amount, where there is one."""
    return worth(changes.get(FIELD, sale.amount), changes.get("currency", sale.currency))


def worth(amount: Any, currency: str) -> tuple[Any, str]:
    return amount, "" if amount is None else tidy_currency(currency)


def of_event(event: Any, data: Any, hidden: Hidden) -> Any:
    """That the amount was changed, not from what to what; what it was sold for is left out."""
    closed = hidden.get(KIND, fields.NOTHING) if event.subject_kind == KIND else fields.NOTHING
    if FIELD not in closed or not isinstance(data, dict) or closed.isdisjoint(data):
        return data
    return {
        name: [None, None] if name in closed else value
        for name, value in data.items()
        if name not in closed or isinstance(value, list)
    }


def of_notification(_message: Any, values: Any, hidden: Hidden) -> Any:
    """What was told before the role was changed."""
    if FIELD not in hidden.get(KIND, fields.NOTHING) or FIELD not in values:
        return values
    return {**values, FIELD: "–"}
