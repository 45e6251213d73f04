"""What is closed stays as it was sold, unless somebody who may correct it says why. Every action that writes asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import events
from crm.access.permissions import Verb
from crm.joining import listed
from customers.sales.models import Opportunity

CORRECTION = "closed_correction"  # the permission
LOCKED = ("customer", "product", "owner", "team", "amount", "currency", "monthly_value", "expected_close")
OTHERS = {"lines": gettext_lazy("products"), "credit": gettext_lazy("credit")}


def is_locked(opportunity: Opportunity) -> bool:
    return opportunity.closed_at is not None and opportunity.pipeline.locks_closed


def may_correct(person: Any) -> bool:
    """What nobody does in person, the nightly jobs, is no correction."""
    return person is None or bool(person.access.may(CORRECTION, Verb.EDIT))


def is_open_to(opportunity: Opportunity, person: Any) -> bool:
    return may_correct(person) or not is_locked(opportunity)


def touched(opportunity: Opportunity, changes: dict[str, Any], base: dict[str, Any] | None = None) -> list[str]:
    """Which of the locked fields would become others; what the editor left as it was is none of them."""
    left = base or {}
    return [
        name
        for name in LOCKED
        if name in changes
        and changes[name] != getattr(opportunity, name)
        and (name not in left or left[name] != changes[name])
    ]


def refuse(opportunity: Opportunity, names: Iterable[str], *, by: Any, reason: str) -> None:
    """Says what to do instead, where it is locked and these would change."""
    named = list(names)
    if not named or not is_locked(opportunity):
        return
    said = {"fields": listed([_label(name) for name in named])}
    if not may_correct(by):
        sentence = _("What is closed keeps this: %(fields)s. Reopen it first, or ask a manager to correct it.")
        raise ValidationError(sentence % said)
    if by is not None and not reason.strip():
        raise ValidationError({"overriding": _("It is closed: say why this changes: %(fields)s.") % said})


def tell(opportunity: Opportunity, names: Iterable[str], *, by: Any, at: datetime, reason: str) -> None:
    """That it was corrected, and why; what became of each field is told by the event of the change itself."""
    named = list(names)
    if named and by is not None and is_locked(opportunity):
        data = {"fields": named, "reason": " ".join(reason.split())}
        about = [opportunity.customer]
        events.record("opportunity.closed_corrected", opportunity, by=by, at=at, data=data, about=about)


def _label(name: str) -> str:
    return str(OTHERS[name] if name in OTHERS else Opportunity._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
