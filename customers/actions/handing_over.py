"""What goes along when a customer gets a new owner."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q

from crm.actions import records
from crm.models import User
from customers.actions import tasks
from customers.models import Contact, Customer, Task


def open_tasks(customer: Customer, last_owner: User, to: User, *, by: User | None, at: datetime) -> None:
    """What the last owner still had to do for the customer is now the new owner's to do."""
    for task in Task.objects.alive().open().of_customer(customer).owned_by(last_owner):
        tasks.assign(task, to=to, by=by, at=at, tell=False)


def people(customer: Customer, last_owner: User, to: User, *, by: User | None, at: datetime) -> None:
    """People of this customer only; somebody who is also at another customer of the last owner stays."""
    still_theirs = Count("customers", filter=Q(customers__owner=last_owner, customers__deleted_at=None))
    contacts = Contact.objects.alive().of_customer(customer).owned_by(last_owner)
    elsewhere = Contact.objects.filter(owner=last_owner).annotate(theirs=still_theirs).filter(theirs__gt=0)
    for contact in contacts.exclude(pk__in=elsewhere.values("pk")):
        changes = {"owner": to, "team": to.team}
        records.update(contact, changes, by=by, at=at, event="handed_over", about=[customer])
