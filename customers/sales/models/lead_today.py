"""What Today knows of leads: those of one's own that nobody has been in touch with."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models.today import Asking, Item, Weight, days_since
from customers.sales.models.lead import Lead


def to_contact(asking: Asking) -> list[Item]:
    """Those whose time is up first, then the most promising."""
    mine = Lead.objects.editable_by(asking.user).open().filter(owner=asking.user, first_contact_at=None)
    awake = mine.exclude(pk__in=asking.asleep(Lead.kind))
    rows = awake.order_by(F("contact_due_at").asc(nulls_last=True), "-score", "created_at", "pk")
    return [_row(lead, asking) for lead in rows.only("name", "contact_due_at", "score", "created_at")[: asking.limit]]


def _row(lead: Any, asking: Asking) -> Item:
    is_late = lead.contact_due_at is not None and lead.contact_due_at < asking.now
    days = max(days_since(lead.created_at, asking), 0)
    text = ngettext(
        "A lead nobody has been in touch with for %(days)s day; score %(score)s",
        "A lead nobody has been in touch with for %(days)s days; score %(score)s",
        days,
    )
    reasons = [_("the first contact is overdue")] if is_late else []
    return Item(
        Lead.kind, lead.pk, str(lead), Weight.BREACHED if is_late else Weight.WAITING,
        (text % {"days": days, "score": lead.score}, *reasons), lead.contact_due_at,
        finish={"contact": asking.of_record("lead-contact", lead.pk)},
    )  # fmt: skip
