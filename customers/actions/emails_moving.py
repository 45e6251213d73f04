"""Letters to a lead become the customer's when it becomes one, and the lead's again when that is undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm.models import User
from customers.actions import activities, emails
from customers.models import Activity, Contact, Customer, Email


def file_with(record: Any, customer: Customer, contact: Contact | None, *, by: User | None, at: datetime) -> None:
    """What was written to and from the record is told on the customer's timeline, at the time at which it was."""
    for email in Email.objects.about(record).filter(customer=None).select_for_update(of=("self",)).order_by("pk"):
        email.customer, email.contact = customer, contact
        email.save(update_fields=["customer", "contact"])
        if email.is_shared and email.went_out_or_came_in and not email.is_automatic:
            emails.note_activity(email, by=by, at=at)


def file_back(record: Any, *, until: datetime | None, by: User | None, at: datetime) -> None:
    """Undo `file_with`: what is older than the conversion is the record's alone again."""
    letters = _older(record, until).select_for_update(of=("self",)).order_by("pk")
    for email in letters:
        activity = email.activity
        email.customer = email.contact = email.activity = None
        email.save(update_fields=["customer", "contact", "activity"])
        if activity is not None and not activity.is_in_bin:
            activities.delete(activity, by=by, at=at)


def without_letters(rows: Any, record: Any, until: datetime | None) -> Any:
    """Of rows that point to a customer or contact those that `file_with` did not make."""
    letters = _older(record, until).order_by()
    if rows.model is Email:
        return rows.exclude(pk__in=letters.values("pk"))
    if rows.model is Activity:
        return rows.exclude(pk__in=letters.exclude(activity=None).values("activity"))
    if rows.model is Activity.contacts.through:
        return rows.exclude(activity__in=letters.exclude(activity=None).values("activity"))
    return rows


def _older(record: Any, until: datetime | None) -> Any:
    letters = Email.objects.about(record)
    return letters.filter(at__lte=until) if until is not None else letters.none()
