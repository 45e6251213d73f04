"""Dividing the credit of a sale. Splits are only ever added: what was true of a day that is over stays told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm import events
from crm.models import StaleVersion, User
from customers.sales.actions import closed
from customers.sales.models import CreditShare, CreditSplit, Opportunity
from customers.sales.models.credit import ALL, day_of
from customers.sales.models.forecast_period import local_day

Kind = CreditSplit.Kind


@dataclass(frozen=True)
class Share:
    person: User
    share: Decimal


@transaction.atomic
def divide(
    opportunity: Opportunity,
    *,
    kind: str,
    shares: Sequence[Share],
    by: Any,
    at: datetime,
    valid_from: date | None = None,
    valid_until: date | None = None,
    reason: str = "",
    seen: int | None = None,
) -> CreditSplit | None:
    """Say who has it from a day on: today, or the day it was closed on, unless said. Without shares the owner again.

    Revenue adds up to 100 %. What is closed needs a reason. The same again changes nothing and gives what stands.
    `seen` is the latest split the editor knew of (0 for none): another one since is refused.
    """
    locked = Opportunity._base_manager.select_for_update(of=("self",)).get(pk=opportunity.pk)
    latest = locked.credit_splits.filter(kind=kind).latest_first().first()
    if seen is not None and seen != (latest.pk if latest else 0):
        raise StaleVersion(locked, ["credit"])
    split = CreditSplit(
        opportunity=locked, kind=kind, valid_from=valid_from or day_of(locked, local_day(at)), valid_until=valid_until,
        reason=" ".join(reason.split()), by=by, recorded_at=at,
    )  # fmt: skip
    _check(split, shares)
    if _said(split, shares) == (_said(latest, shares_of(latest)) if latest else ()) or (not latest and not shares):
        return latest
    closed.refuse(locked, ["credit"], by=by, reason=split.reason)
    split.full_clean()
    split.save(force_insert=True)
    CreditShare.objects.bulk_create(
        CreditShare(split=split, person=one.person, team=one.person.team, share=one.share) for one in shares
    )
    data = {
        "kind": kind,
        "credit": [as_text(shares_of(latest)) if latest else [], as_text(shares)],
        "day": split.valid_from.isoformat(),
        "reason": split.reason,
    }
    events.record("opportunity.credit_divided", locked, by=by, at=at, data=data, about=[locked.customer])
    return split


def shares_of(split: CreditSplit) -> list[Share]:
    rows = split.shares.select_related("person").order_by("pk")
    return [Share(row.person, row.share) for row in rows]


def as_text(shares: Iterable[Share]) -> list[str]:
    """As the history keeps them."""
    return [f"{one.person} {(one.share * 100).normalize():f} %" for one in shares]


def _check(split: CreditSplit, shares: Sequence[Share]) -> None:
    people = [one.person.pk for one in shares]
    if len(set(people)) != len(people):
        raise ValidationError(_("Each person stands there once."))
    if any(not 0 < one.share <= 1 for one in shares):
        raise ValidationError(_("A share is more than 0 and at most 100 %."))
    total = sum((one.share for one in shares), Decimal(0))
    if split.kind == Kind.REVENUE and shares and total != ALL:
        said = {"total": f"{(total * 100).normalize():f}"}
        raise ValidationError(_("The shares add up to %(total)s %%, not to 100 %%.") % said)
    if split.valid_until and split.valid_until < split.valid_from:
        raise ValidationError({"valid_until": _("It ends before it begins.")})
    if split.opportunity.closed_at and not split.reason:
        raise ValidationError({"reason": _("It is closed: say why its credit changes.")})


def _said(split: CreditSplit, shares: Sequence[Share]) -> tuple[Any, ...]:
    held = frozenset((one.person.pk, one.share) for one in shares)
    return (split.valid_from, split.valid_until, held)
