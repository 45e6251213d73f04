"""What winning customers cost is noted, and taken back where it was wrong; nothing is ever changed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.actions import records
from customers.sales.models import Cost

KEPT = ("month", "category", "channel", "campaign", "currency", "owner", "team")


def note(*, by: Any, at: datetime, owner: Any = None, team: Any = None, **fields: Any) -> Cost:
    """One entry of the ledger."""
    cost = Cost(owner=owner or by, team=team or (owner or by).team, **fields)
    return records.create(cost, by=by, at=at, data=_told(cost))


@transaction.atomic
def take_back(cost: Cost, *, reason: str, by: Any, at: datetime, amount: Decimal | None = None) -> Cost:
    """An entry of the same amount the other way round; with `amount` another one that says what is true instead.

    Done once: what is taken back already is refused. Returns the entry that stands now, or the counter-entry.
    """
    locked = Cost._base_manager.select_for_update(of=("self",)).get(pk=cost.pk)
    if locked.corrects_id is not None or locked.is_taken_back:
        raise ValidationError(_("This is taken back already, or takes something back itself."))
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    same = {name: getattr(locked, name) for name in KEPT}
    counter = Cost(**same, amount=-locked.amount, note=reason.strip(), corrects=locked)
    records.create(counter, by=by, at=at, data=_told(counter))
    if amount is None:
        return counter
    return note(**same, amount=amount, note=locked.note, by=by, at=at)


def _told(cost: Cost) -> dict[str, Any]:
    return {"month": cost.month.isoformat(), "amount": str(cost.amount), "currency": cost.currency}
