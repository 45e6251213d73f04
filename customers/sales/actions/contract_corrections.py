"""A movement that was wrong is taken back by a row that turns it round; nothing is ever edited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from customers.sales.actions.contract_movements import chain_end, locked, new_row, standing, write
from customers.sales.models import Contract, ContractMovement
from customers.sales.models.forecast_period import local_day

Type = ContractMovement.Type


@transaction.atomic
def correct(
    contract: Contract,
    *,
    reason: str,
    by: Any,
    at: datetime,
    movement: ContractMovement | None = None,
    replacement: dict[str, Any] | None = None,
    version: int | None = None,
) -> Contract:
    """Take the last movement back by a row that turns it round, and where something else is true, say that instead.

    The first movement is only ever replaced: a contract that never was is moved to the bin. `movement` is what the
    person had before them: where another one was written since, this is refused. `replacement` may name counts_from,
    value and until.
    """
    contract = locked(contract, version)
    rows = standing(contract)
    last = rows[-1]
    if movement is not None and movement.pk != last.pk:
        raise ValidationError(_("Only the last movement can be corrected, and this is no longer the last."))
    if not reason.strip():
        raise ValidationError({"reason": _("Say what was wrong.")})
    if last.type == Type.NEW and replacement is None:
        raise ValidationError(_("Without its first movement there is no contract: move it to the bin instead."))
    back = _turned_round(contract, last, reason.strip(), by=by, at=at)
    written = [back, _replaced(contract, rows[:-1], last, replacement, by=by, at=at)] if replacement else [back]
    return write(contract, written, "corrected", by=by, at=at)


def _turned_round(contract: Contract, last: ContractMovement, reason: str, *, by: Any, at: datetime) -> Any:
    return new_row(
        contract, Type(last.type), last.counts_from, local_day(at), last.after, last.before, due=last.due,
        until=last.until, churn_reason=last.churn_reason, reason=reason, corrects=last, by=by, at=at,
    )  # fmt: skip


def _replaced(
    contract: Contract,
    earlier: list[ContractMovement],
    last: ContractMovement,
    said: dict[str, Any],
    *,
    by: Any,
    at: datetime,
) -> ContractMovement:
    """The movement as it should have been."""
    day = said.get("counts_from") or last.counts_from
    value = last.after if said.get("value") is None else said["value"]
    type_ = Type(last.type)
    if type_ in (Type.RENEWAL, Type.CHURN):
        value = last.after  # neither has a value of its own
    if type_ == Type.RENEWAL:
        day = last.counts_from
    if type_ in (Type.EXPANSION, Type.CONTRACTION):
        if value == last.before:
            raise ValidationError({"value": _("That is the value from before: take the movement back instead.")})
        type_ = Type.EXPANSION if value > last.before else Type.CONTRACTION
    if earlier and day < chain_end(earlier):
        raise ValidationError({"counts_from": _("Its value moved after that day already. Choose a later one.")})
    until = said.get("until", last.until) if type_ in ContractMovement.BEGINS else None
    if until is not None and until < day:
        raise ValidationError({"until": _("It ends before it begins.")})
    return new_row(
        contract, type_, day, last.agreed_on, last.before, value, due=last.due, until=until,
        churn_reason=last.churn_reason, reason=last.reason, by=by, at=at,
    )  # fmt: skip
