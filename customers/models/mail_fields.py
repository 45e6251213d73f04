"""What templates of letters may name of customers, contacts and their owners."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.access import fields as fields_of_readers
from crm.mail import fields
from customers.models.contact import Contact
from customers.models.customer import Customer


def register() -> None:
    fields.register("contact", {
        "name": (_("name of the contact"), lambda contact: contact.name),
        "email": (_("mail address of the contact"), lambda contact: _seen(contact, "email", contact.email)),
        "phone": (_("phone of the contact"), lambda contact: _seen(contact, "phone", contact.phone_for_reading)),
    })  # fmt: skip
    fields.register("customer", {
        "name": (_("name of the customer"), lambda customer: customer.name),
        "number": (_("number of the customer"), lambda customer: customer.number),
        "city": (_("city of the customer"), lambda customer: customer.city),
    })  # fmt: skip
    fields.register("owner", {
        "name": (_("name of whoever looks after them"), lambda owner: owner.name),
        "email": (_("mail address of whoever looks after them"), lambda owner: owner.email),
    })  # fmt: skip
    fields.register("writer", {
        "name": (_("name of whoever writes"), lambda writer: writer.name),
        "email": (_("mail address of whoever writes"), lambda writer: writer.email),
    })  # fmt: skip
    fields.stand_around(Contact.kind, around_contact)
    fields.stand_around(Customer.kind, around_customer)


def _seen(contact: Any, name: str, text: str) -> str:
    """A letter is no way round: what is hidden from its writer is not known for it, also while they write."""
    return "" if name in fields_of_readers.hidden(contact.kind) else text


def around_contact(user: Any, contact: Any) -> dict[str, Any]:
    return {"contact": contact, "customer": customer_of(user, contact), "owner": contact.owner}


def around_customer(user: Any, customer: Any) -> dict[str, Any]:
    return {"contact": main_contact(user, customer), "customer": customer, "owner": customer.owner}


def around_letter(user: Any, customer: Any, contact: Any, about: Any = None) -> dict[str, Any]:
    """What stands around a letter: what it is about, else its customer; whom it goes to; who writes, if nobody else."""
    known: dict[str, Any] = {}
    if about is not None and about.kind in fields.kinds_to_fill_from():
        known = fields.records_around(user, about)
    elif customer is not None:
        known = around_customer(user, customer)
    if contact is not None:
        known["contact"] = contact
    known["owner"] = known.get("owner") or user
    known["writer"] = user
    return known


def customer_of(user: Any, contact: Any) -> Customer | None:
    theirs = Customer.objects.visible_to(user).with_person(contact)
    return theirs.order_by("-contact_links__is_main", "pk").first()


def main_contact(user: Any, customer: Any) -> Contact | None:
    """Whom one writes to first: the main contact, else one with an address."""
    theirs = Contact.objects.visible_to(user).working_at(customer)
    return theirs.exclude(email="").order_by("-customer_links__is_main", "pk").first()
