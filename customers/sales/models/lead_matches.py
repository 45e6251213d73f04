"""Customers that a lead may be already, among those that the person may see: by the keys that tell duplicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm.access import fields
from crm.search.normalise import fold
from customers.models import Contact, Customer, match_key, matching
from customers.sales.models.lead import Lead

OFFERED = 6


@dataclass(frozen=True)
class Match:
    """A customer, and what it has in common with the lead."""

    customer: Customer
    reasons: list[Any]


@fields.uncovered
def matches(user: Any, lead: Lead) -> list[Match]:
    """The most alike first; nothing that the person may not see. By an address that is closed to them all the same:
    a duplicate is made by whoever does not hear of it."""
    keys = match_key.of_values(name=lead.organisation or lead.name, email=lead.email, phone=lead.phone)
    found = matching.customers(keys)
    seen = Customer.objects.visible_to(user).in_bulk([alike.pk for alike in found])
    return [Match(seen[alike.pk], alike.reasons) for alike in found if alike.pk in seen][:OFFERED]


def known_contact(user: Any, lead: Lead, customer: Customer) -> Contact | None:
    """The person of the lead, where the customer's people have somebody of the same mail or phone and name."""
    people = Contact.objects.visible_to(user).working_at(customer)
    if lead.email and (same := people.filter(email=lead.email).order_by("pk").first()):
        return same
    named = people.filter(phone=lead.phone).order_by("pk") if lead.phone else people.none()
    return next((person for person in named if fold(person.name) == fold(lead.name)), None)
