"""Whether a lead's mail address is any good: a postman says that there is none such, somebody that there is after all.

A contact's addresses are rows of their own that know this (customers/actions/contact_points.py); a lead has one.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from crm.models import User
from customers.actions import contact_points
from customers.models import Contact, ContactPoint, tidy
from customers.models.reached import refuse_closed as refuse_closed_field
from customers.sales.actions.lead_changes import lock, refuse_closed, store
from customers.sales.models import Lead


@transaction.atomic
def mark_failed(address: str, at: datetime) -> None:
    """No mail arrives there: whichever leads have it are not written to."""
    found = Lead.objects.alive().filter(email=tidy.email(address), email_failed_at=None, customer=None)
    for lead in found.order_by("pk"):
        locked = lock(lead)
        if locked.email_failed_at is None and not locked.is_converted and locked.email == lead.email:
            locked.email_failed_at = at
            store(locked, "address_failed", {"address": locked.email}, by=None, at=at)


@transaction.atomic
def clear(address: str, written_at: datetime, at: datetime) -> None:
    """They wrote from it since: whichever leads have it are written to again."""
    for lead in Lead.objects.with_failed_email(address).filter(email_failed_at__lt=written_at).order_by("pk"):
        locked = lock(lead)
        if locked.email_failed_at is not None and not locked.is_converted and locked.email == lead.email:
            locked.email_failed_at = None
            store(locked, "address_trusted", {"address": locked.email}, by=None, at=at)


def is_failed(address: str) -> bool:
    return Lead.objects.with_failed_email(address).exists()


@transaction.atomic
def trust(lead: Lead, *, by: User, at: datetime) -> Lead:
    """It is right after all, somebody says. Said twice it is said once."""
    locked = lock(lead)
    if locked.email_failed_at is None:
        return locked
    refuse_closed_field(Lead.kind, "email")
    refuse_closed(locked)
    locked.email_failed_at = None
    return store(locked, "address_trusted", {"address": locked.email}, by=by, at=at)


def hand_on(lead: Lead, contact: Contact, *, by: User, at: datetime) -> None:
    """What is known of the address goes to the new contact with it."""
    if lead.email_failed_at is None:
        return
    contact_points.write_down(contact, at=at)
    for point in ContactPoint.objects.of(contact).filter(key=f"email:{lead.email}"):
        contact_points.change(point, validity=ContactPoint.Validity.INVALID, by=by, at=at)
    contact.refresh_from_db()
