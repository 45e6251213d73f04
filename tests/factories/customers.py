"""Customers and what is done with them, made through the actions, so that every rule holds for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crm.models import User
from customers.actions import activities, contacts, customers, tasks
from customers.models import Activity, ChurnReason, Contact, Customer, Task

AT = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)


def make_customer(owner: User | None = None, name: str = "Acme Ltd", *, at: datetime = AT, **fields: Any) -> Customer:
    """A customer of `owner`, in the owner's team."""
    if fields.get("lifecycle") == "churned":
        fields.setdefault("churn_reason", churn_reason())
    return customers.create(name=name, by=owner, at=at, **fields)


def churn_reason(name: str = "Price") -> ChurnReason:
    return ChurnReason.objects.get_or_create(name=name)[0]


def make_contact(
    owner: User | None = None,
    name: str = "Carla Contact",
    *,
    customer: Customer | None = None,
    at: datetime = AT,
    **fields: Any,
) -> Contact:
    """A person looked after by `owner`, who works at `customer`."""
    return contacts.create(name=name, customer=customer, by=owner, at=at, **fields)


def make_activity(
    owner: User | None = None,
    customer: Customer | None = None,
    subject: str = "Called",
    *,
    at: datetime = AT,
    **fields: Any,
) -> Activity:
    """A call with the customer."""
    customer = customer or make_customer(owner)
    fields.setdefault("type", Activity.Type.CALL)
    return activities.log(customer=customer, subject=subject, by=owner, at=at, **fields)


def make_task(owner: User | None = None, title: str = "Call back", *, at: datetime = AT, **fields: Any) -> Task:
    return tasks.create(title=title, by=owner, at=at, **fields)
