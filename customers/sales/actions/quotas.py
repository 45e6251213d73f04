"""Quotas are set month by month; a year at once, by hand or spread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.actions import records
from crm.models import StaleVersion, Team, User
from customers.sales.models import Quota


def create(*, by: Any, at: datetime, **fields: Any) -> Quota:
    """One month of a person or a team."""
    _check_currency(fields)
    return records.create(Quota(**_with_team(fields)), by=by, at=at)


def update(quota: Quota, changes: dict[str, Any], *, by: Any, at: datetime, version: int | None = None) -> Quota:
    _check_currency(changes)
    return records.update(quota, changes, by=by, at=at, version=version)


def delete(quota: Quota, *, by: Any, at: datetime) -> Quota:
    return records.delete(quota, by=by, at=at)


@transaction.atomic
def set_year(
    subject: Team | User,
    year: int,
    amounts: Sequence[Decimal | None],
    *,
    by: Any,
    at: datetime,
    seen: str | None = None,
) -> int:
    """Twelve months at once: what is None has no quota. Returns how many months changed.

    `seen` is `state_of` what the editor had before them: where somebody else changed the year since, this is refused.
    """
    # One writer at a time for each subject: two that add the same month would meet at the constraint.
    type(subject)._base_manager.select_for_update(of=("self",)).get(pk=subject.pk)
    known = {one.month.month: one for one in Quota.objects.alive().of(subject).of_year(year)}
    if seen is not None and seen != state_of(known.values()):
        raise StaleVersion(next(iter(known.values()), Quota()), ["amount"])
    changed = 0
    for number, amount in enumerate(amounts, start=1):
        quota = known.get(number)
        if quota is None and amount is not None:
            whose = {"for_team": subject} if isinstance(subject, Team) else {"owner": subject}
            create(month=date(year, number, 1), amount=amount, by=by, at=at, **whose)
        elif quota is not None and amount is None:
            delete(quota, by=by, at=at)
        elif quota is None or quota.amount == amount:
            continue
        else:
            update(quota, {"amount": amount}, by=by, at=at)
        changed += 1
    return changed


def state_of(quotas: Any) -> str:
    """What tells two states of a year apart."""
    return ",".join(f"{one.pk}-{one.version}" for one in sorted(quotas, key=lambda one: one.month))


def _with_team(fields: dict[str, Any]) -> dict[str, Any]:
    owner = fields.get("owner")
    team = fields.get("for_team") or fields.get("team") or (owner.team if owner else None)
    return fields | {"team": team}


def _check_currency(fields: dict[str, Any]) -> None:
    if fields.get("currency") and fields["currency"].strip().upper() != settings.CURRENCY:
        raise ValidationError({"currency": _("Quotas are in the organisation's currency, so that they add up.")})
