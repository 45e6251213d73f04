"""Who has a say in a sale, as what, and how they stand to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm import events
from crm.actions import records
from crm.models import StaleVersion
from customers.models import Contact, CustomerContact
from customers.sales.actions import opportunities
from customers.sales.models import Opportunity, OpportunityContact

Said = tuple[str, str]  # role and attitude


@transaction.atomic
def note(
    opportunity: Opportunity,
    contact: Contact,
    *,
    role: str,
    by: Any,
    at: datetime,
    attitude: str | None = None,
    is_main: bool | None = None,
    seen: Said | None = None,
) -> OpportunityContact:
    """Add a person, or say otherwise of one who is there; the same again changes nothing.

    `seen` is what the editor had before them: where somebody said something else meanwhile, it is refused.
    """
    locked = Opportunity._base_manager.select_for_update(of=("self",)).get(pk=opportunity.pk)
    row = OpportunityContact.objects.filter(opportunity=locked, contact=contact).first()
    before: Said | None = (row.role, row.attitude) if row else None
    row = row or OpportunityContact(opportunity=locked, contact=contact)
    row.role, row.attitude = role, attitude or row.attitude
    after = (row.role, row.attitude)
    if seen is not None and before not in (seen, after):
        raise StaleVersion(locked, ["people"])
    if before != after:
        row.full_clean()
        row.save()
        was = before or (None, None)
        data = {"role": [was[0], after[0]], "attitude": [was[1], after[1]]}
        _tell("person_noted", locked, contact, by, at, data)
    if is_main is not None:
        _set_main(locked, contact, is_main, by, at)
    return row


@transaction.atomic
def remove(opportunity: Opportunity, contact: Contact, *, by: Any, at: datetime) -> None:
    """They have no say in it after all; if they were the main contact, nobody is."""
    locked = Opportunity._base_manager.select_for_update(of=("self",)).get(pk=opportunity.pk)
    removed, _rows = OpportunityContact.objects.filter(opportunity=locked, contact=contact).delete()
    if removed:
        _tell("person_removed", locked, contact, by, at, {})
    _set_main(locked, contact, False, by, at)


def _set_main(opportunity: Opportunity, contact: Contact, is_main: bool, by: Any, at: datetime) -> None:
    was_main = opportunity.contact_id == contact.pk
    if is_main == was_main:
        return
    links = CustomerContact.objects.filter(contact=contact, customer=opportunity.customer_id)
    if is_main and not links.exists():
        raise ValidationError({"is_main": _("The main contact is somebody of the customer.")})
    opportunities.update(opportunity, {"contact": contact if is_main else None}, by=by, at=at)


def _tell(verb: str, opportunity: Opportunity, contact: Contact, by: Any, at: datetime, data: dict[str, Any]) -> None:
    told = {"contact": records.as_json(contact), **data}
    events.record(f"opportunity.{verb}", opportunity, by=by, at=at, data=told, about=[opportunity.customer, contact])
