"""What is done with a contact: a person, and the customers the person works at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import events
from crm.actions import records
from crm.models import User
from customers.actions import contact_points, duplicates
from customers.models import Contact, Customer, CustomerContact, tidy
from customers.models.matching import Alike


@transaction.atomic
def create(
    *,
    by: User | None,
    at: datetime,
    customer: Customer | None = None,
    role: str = "",
    is_main: bool = False,
    started_on: date | None = None,
    apart_from: Iterable[Alike] = (),
    **fields: Any,
) -> Contact:
    """A new person, at once with their first customer where there is one. `apart_from`: see `customers.create`."""
    owner = fields.pop("owner", by)
    team = fields.pop("team", None) or (owner.team if owner else None)
    contact = Contact(owner=owner, team=team, **tidy.fields(fields))
    records.create(contact, by=by, at=at, about=[customer])
    duplicates.note_apart(contact, apart_from, by=by, at=at)
    if customer is not None:
        said: dict[str, Any] = {"role": role, "is_main": is_main, "started_on": started_on}
        link(contact, customer=customer, **said, by=by, at=at, quietly=True)
    return contact


@transaction.atomic
def update(
    contact: Contact,
    changes: dict[str, Any],
    *,
    by: User | None,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Contact:
    contact = records.update(
        contact, tidy.fields(changes), by=by, at=at, version=version, base=base, about=_customers_of(contact)
    )
    if {"email", "phone"} & set(changes):
        contact_points.follow([contact])
    return contact


@transaction.atomic
def link(
    contact: Contact,
    *,
    customer: Customer,
    by: User | None,
    at: datetime,
    role: str = "",
    is_main: bool = False,
    started_on: date | None = None,
    quietly: bool = False,
) -> CustomerContact:
    """The person works at the customer; linking again changes the role, and brings back who had left.

    `quietly` where creation says it all.
    """
    _refuse_bin(contact, customer)
    _refuse_future(at, started_on=started_on)
    role = tidy.one_line(role)
    row, is_new = CustomerContact.objects.get_or_create(
        customer=customer, contact=contact, defaults={"role": role, "started_on": started_on}
    )
    is_back = row.has_ended
    if not is_new and (row.role != role or is_back or started_on not in (None, row.started_on)):
        row.role, row.ended_on = role, None
        row.started_on = started_on or (None if is_back else row.started_on)
        row.save(update_fields=["role", "started_on", "ended_on"])
        event = "contact.linked" if is_back else "contact.role_changed"
        _record(event, contact, customer, row.role, by=by, at=at)
    elif is_new and not quietly:
        _record("contact.linked", contact, customer, row.role, by=by, at=at)
    if is_main:
        set_main(contact, customer=customer, by=by, at=at, quietly=is_new)
        row.refresh_from_db()
    return row


@transaction.atomic
def leave(
    contact: Contact, *, customer: Customer, by: User | None, at: datetime, on: date | None = None
) -> CustomerContact:
    """The person no longer works at the customer, `on` the last day: it stays in the history of both."""
    row = CustomerContact.objects.select_for_update().filter(customer=customer, contact=contact).first()
    if row is None:
        raise ValidationError(_("This person does not work at the customer."))
    last = on or timezone.localdate(at)
    if row.ended_on == last or (row.has_ended and on is None):
        return row
    _refuse_future(at, on=last)
    if row.started_on and last < row.started_on:
        raise ValidationError({"on": _("The last day is before the first.")})
    row.ended_on, row.is_main = last, False
    row.save(update_fields=["ended_on", "is_main"])
    _record("contact.left", contact, customer, row.role, by=by, at=at)
    return row


@transaction.atomic
def unlink(contact: Contact, *, customer: Customer, by: User | None, at: datetime) -> None:
    """That the person works there was a mistake; the person and everything noted stays. Who left: `leave`."""
    row = CustomerContact.objects.filter(customer=customer, contact=contact).first()
    if row is not None:
        row.delete()
        _record("contact.unlinked", contact, customer, row.role, by=by, at=at)


@transaction.atomic
def set_main(
    contact: Contact, *, customer: Customer, by: User | None, at: datetime, quietly: bool = False
) -> CustomerContact:
    """The one whom the customer is called by; there is one at most."""
    # The customer's row is the lock: two at once would otherwise both find no main contact.
    Customer._base_manager.select_for_update(of=("self",)).get(pk=customer.pk)
    links = CustomerContact.objects.filter(customer=customer)
    row = links.filter(contact=contact).first()
    if row is None or row.has_ended:
        raise ValidationError(_("This person does not work at the customer."))
    if row.is_main:
        return row
    links.filter(is_main=True).update(is_main=False)
    row.is_main = True
    row.save(update_fields=["is_main"])
    if not quietly:
        _record("contact.made_main", contact, customer, row.role, by=by, at=at)
    return row


@transaction.atomic
def delete(contact: Contact, *, by: User | None, at: datetime) -> Contact:
    return records.delete(contact, by=by, at=at, about=_customers_of(contact))


@transaction.atomic
def restore(contact: Contact, *, by: User | None, at: datetime) -> Contact:
    return records.restore(contact, by=by, at=at, about=_customers_of(contact))


def _record(type: str, contact: Contact, customer: Customer, role: str, *, by: User | None, at: datetime) -> None:
    data = {"customer": records.as_json(customer), "role": role}
    events.record(type, contact, by=by, at=at, data=data, about=[customer])


def _refuse_future(at: datetime, **days: date | None) -> None:
    """When somebody comes or leaves is noted once the day has come: until then it is a plan."""
    for name, day in days.items():
        if day is not None and day > timezone.localdate(at):
            raise ValidationError({name: _("This day has not come yet.")})


def _customers_of(contact: Contact) -> list[Customer]:
    return list(contact.customers.filter(deleted_at=None))


def _refuse_bin(contact: Contact, customer: Customer) -> None:
    if contact.is_in_bin or customer.is_in_bin:
        raise ValidationError(_("One of the two is in the bin."))
