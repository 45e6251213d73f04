"""One person, as the records know them: whom a request for erasure, or for what is held, is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from crm.access import fields
from crm.actions.redaction_words import SHORTEST_HAN, Words
from crm.models import Event, User
from crm.search.normalise import HAN
from customers.models.contact import Contact
from customers.models.contact_point import ContactPoint
from customers.models.customer import Customer

NAMES_HAN = 3  # characters: shorter names are borne by many


@dataclass(frozen=True)
class Person:
    """Their contacts, themselves as a customer, where they work, and by what they are called and reached.

    `at` is the moment of what is done about them.
    """

    contacts: tuple[int, ...]
    customers: tuple[int, ...]  # they themselves, with those that were merged into them
    works_at: tuple[int, ...]  # organisations, whose story names them
    names: tuple[str, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    others: tuple[str, ...]  # handles, streets
    at: datetime

    @cached_property
    def near(self) -> Words:
        """Looked for where it is about them, or where they work."""
        names = [name for name in self.names if " " in name or HAN.search(name)]
        return Words([*names, *self.emails, *self.others], self.phones)

    @cached_property
    def everywhere(self) -> Words:
        """Only what names nobody else: looked for in everything that was written down."""
        names = [name for name in self.names if _is_a_whole_name(name) and not self._is_borne(name)]
        return Words([*names, *self.own_emails], self.own_phones)

    @cached_property
    def own_emails(self) -> tuple[str, ...]:
        return tuple(email for email in self.emails if not self._is_shared("email", email))

    @cached_property
    def own_phones(self) -> tuple[str, ...]:
        return tuple(phone for phone in self.phones if not self._is_shared("phone", phone))

    @property
    def anywhere(self) -> tuple[int, ...]:
        """Customers whose story tells of them: they themselves, and where they work."""
        return (*self.customers, *self.works_at)

    def _is_borne(self, name: str) -> bool:
        others = (
            Contact._base_manager.exclude(pk__in=self.contacts),
            Customer._base_manager.exclude(pk__in=self.customers),
            User.objects.all(),
        )
        return any(rows.filter(name__iexact=name).exists() for rows in others)

    def _is_shared(self, type: str, value: str) -> bool:
        """A switchboard, or an address that several people read."""
        points = ContactPoint.objects.filter(key=f"{type}:{value.casefold()}")
        if points.exclude(contact__in=self.contacts).exclude(customer__in=self.customers).exists():
            return True
        contacts = Contact._base_manager.exclude(pk__in=self.contacts).filter(**{type: value})
        customers = Customer._base_manager.exclude(pk__in=self.customers).filter(**{type: value})
        return (
            contacts.exists() or customers.exists() or (type == "email" and User.objects.filter(email=value).exists())
        )


@fields.uncovered
def of(record: Contact | Customer, at: datetime) -> Person:
    """A contact and, where a customer is the same person, that customer; and the other way round.

    By their real addresses, whoever asks: what is found is counted, or read under the reader's own rules.
    """
    contacts, customers = _one(record)
    links = Customer._base_manager.filter(contact_links__contact__in=contacts).exclude(pk__in=customers)
    rows: list[Any] = [*Contact._base_manager.filter(pk__in=contacts), *Customer._base_manager.filter(pk__in=customers)]
    points = list(ContactPoint.objects.filter(contact__in=contacts))
    points += list(ContactPoint.objects.filter(customer__in=customers))
    before = _earlier(contacts, customers)
    names = [row.name for row in rows] + before["name"]
    reached = {
        type: [getattr(row, type) for row in rows] + before[type] + [each.value for each in points if each.type == type]
        for type in ("email", "phone")
    }
    others = [each.value for each in points if each.type in (ContactPoint.Type.HANDLE, ContactPoint.Type.ADDRESS)]
    return Person(
        contacts, customers, tuple(sorted(set(links.values_list("pk", flat=True)))), _told(names),
        _told(reached["email"]), _told(reached["phone"]), _told(others), at,
    )  # fmt: skip


def _one(record: Contact | Customer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Who is a customer in person stands there as a contact too: of the same name, mail or phone."""
    people = Customer._base_manager.filter(form=Customer.Form.PERSON)
    if isinstance(record, Customer):
        contacts = [
            each for each in Contact._base_manager.filter(customer_links__customer=record) if _same(each, record)
        ]
        customers = {record.pk}
    else:
        contacts = [record]
        found = people.filter(contact_links__contact=record)
        customers = {each.pk for each in found if _same(record, each)}
    customers |= set(people.filter(merged_into__in=customers).values_list("pk", flat=True))
    return tuple(sorted(each.pk for each in contacts)), tuple(sorted(customers))


def _same(contact: Contact, customer: Customer) -> bool:
    return (
        contact.name.casefold() == customer.name.casefold()
        or bool(contact.email and contact.email == customer.email)
        or bool(contact.phone and contact.phone == customer.phone)
    )


def _earlier(contacts: tuple[int, ...], customers: tuple[int, ...]) -> dict[str, list[str]]:
    """What they were called and how they were reached before, as the log tells it."""
    found: dict[str, list[str]] = {"name": [], "email": [], "phone": []}
    for kind, ids in ((Contact.kind, contacts), (Customer.kind, customers)):
        rows = Event.objects.filter(subject_kind=kind, subject_id__in=ids, type=f"{kind}.updated")
        for data in rows.values_list("data", flat=True):
            for name, held in found.items():
                held += [value for value in data.get(name) or [] if isinstance(value, str)]
    return found


def _is_a_whole_name(name: str) -> bool:
    """First and last: one alone is a word, or somebody else's."""
    return len(name) >= NAMES_HAN if HAN.search(name) else " " in name


def _told(values: list[str]) -> tuple[str, ...]:
    return tuple(sorted({value.strip() for value in values if len(value.strip()) >= SHORTEST_HAN}))
