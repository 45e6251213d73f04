"""What of each kind of record search finds, and how a result reads."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from crm.custom_fields.searching import texts_of
from crm.search.documents import Words
from customers.models.activity import Activity
from customers.models.contact import Contact
from customers.models.contact_point import ContactPoint, points_of, values_of
from customers.models.customer import Customer
from customers.models.task import Task


def of_customer(customer: Any) -> Words:
    return Words(
        title=customer.name,
        subtitle=customer.city,
        texts=[customer.number, website_domain(customer), customer.city, *former_names(customer), *texts_of(customer)],
        phones=values_of(customer, "phone"),
        emails=values_of(customer, "email"),
    )


def of_contact(contact: Any) -> Words:
    return Words(
        title=contact.name,
        subtitle=contact.email,
        texts=texts_of(contact),
        handles=[point.value for point in points_of(contact) if point.type == ContactPoint.Type.HANDLE],
        phones=values_of(contact, "phone"),
        emails=values_of(contact, "email"),
    )


# No subtitle below: who may see the activity or the task may not be allowed to see its customer.


def of_activity(activity: Any) -> Words:
    return Words(title=activity.subject)


def of_task(task: Any) -> Words:
    return Words(title=task.title)


def former_names(customer: Any) -> list[str]:
    """What the customers were called, and their numbers, that this one took in."""
    merged = getattr(customer, "merged_read", None)
    taken_in = customer.merged.all() if merged is None else merged
    return [text for one in taken_in for text in (one.name, one.number) if text]


def website_domain(customer: Customer) -> str:
    """example.com, of https://www.example.com/about."""
    if not customer.website:
        return ""
    return (urlsplit(customer.website).hostname or "").removeprefix("www.")


DESCRIBE = {Customer.kind: of_customer, Contact.kind: of_contact, Activity.kind: of_activity, Task.kind: of_task}
POINTS = {"points": "points_read"}
LISTS = {Customer.kind: {"merged": "merged_read"} | POINTS, Contact.kind: POINTS}
