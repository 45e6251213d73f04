"""What follows from a change of lifecycle: who leaves leaves for a reason, who comes back was won back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from customers.models import Customer

CHURNED, ACTIVE = Customer.Lifecycle.CHURNED, Customer.Lifecycle.ACTIVE


def effects(customer: Customer, changes: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The changes with what belongs to them; without a reason nobody leaves."""
    after = changes.get("lifecycle", customer.lifecycle)
    reason = changes.get("churn_reason", customer.churn_reason_id)
    if after == CHURNED and reason is None:
        raise ValidationError({"churn_reason": _("Say why the customer left.")})
    if after != CHURNED and changes.get("churn_reason") is not None:
        raise ValidationError({"churn_reason": _("Only a customer that left has a reason for it.")})
    if "lifecycle" not in changes or after == CHURNED:
        return changes
    changes = changes | {"churn_reason": None}
    if is_won_back(customer.lifecycle, after):
        changes.setdefault("won_back_at", at)
    return changes


def is_won_back(before: str, after: str) -> bool:
    return before == CHURNED and after == ACTIVE
