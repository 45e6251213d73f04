"""Customers that a lead may be already: by mail, phone, domain or name, among those that the person may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.search import finding
from crm.search.normalise import fold, words
from customers.models import Contact, Customer, CustomerContact
from customers.models.words import website_domain
from customers.sales.models.lead import Lead

OFFERED = 6
# Where anybody gets an address: the same domain there says nothing.
EVERYBODYS_DOMAINS = {
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "gmx.de",
    "gmx.net", "web.de", "qq.com", "163.com", "126.com", "sina.com", "foxmail.com", "aol.com", "proton.me",
}  # fmt: skip
LEGAL_FORMS = {
    "ltd", "limited", "inc", "incorporated", "llc", "gmbh", "ag", "kg", "co", "company", "corp", "corporation", "plc",
    "sa", "sarl", "bv", "srl", "spa", "group",
}  # fmt: skip
LEGAL_FORMS_UNSPACED = ("股份有限公司", "有限责任公司", "有限公司", "公司", "集团")


@dataclass(frozen=True)
class Match:
    """A customer, and what it has in common with the lead."""

    customer: Customer
    reasons: list[Any]


def matches(user: Any, lead: Lead) -> list[Match]:
    """The most alike first; nothing that the person may not see."""
    found = [Match(customer, _in_common(user, lead, customer)) for customer in _candidates(user, lead)]
    alike = [match for match in found if match.reasons]
    return sorted(alike, key=lambda match: (-len(match.reasons), match.customer.pk))[:OFFERED]


def known_contact(user: Any, lead: Lead, customer: Customer) -> Contact | None:
    """The person of the lead, where the customer's people have somebody of the same mail or phone and name."""
    people = Contact.objects.visible_to(user).of_customer(customer)
    if lead.email and (same := people.filter(email=lead.email).order_by("pk").first()):
        return same
    named = people.filter(phone=lead.phone).order_by("pk") if lead.phone else people.none()
    return next((person for person in named if fold(person.name) == fold(lead.name)), None)


def bare_name(name: str) -> str:
    """A name without its legal form, case, accents and width: "ＡＣＭＥ Co., Ltd" and "Acme" are the same."""
    parts = words(name)
    while len(parts) > 1 and parts[-1] in LEGAL_FORMS:
        parts.pop()
    bare = " ".join(parts)
    for form in LEGAL_FORMS_UNSPACED:
        if bare.endswith(form) and bare != form:
            return bare.removesuffix(form)
    return bare


def own_domain(email: str) -> str:
    """The domain of a mail address, unless everybody's."""
    domain = email.rpartition("@")[2]
    return "" if domain in EVERYBODYS_DOMAINS else domain


def _candidates(user: Any, lead: Lead) -> Iterable[Customer]:
    texts = [lead.email, lead.phone, own_domain(lead.email), bare_name(lead.organisation or lead.name)]
    ids: set[int] = set()
    for text in filter(None, texts):
        ids |= {hit.object_id for hit in finding.find(user, text, only=[Customer.kind])}
    people = {
        hit.object_id
        for text in filter(None, [lead.email, lead.phone])
        for hit in finding.find(user, text, only=[Contact.kind])
    }
    ids |= set(CustomerContact.objects.filter(contact__in=people).values_list("customer_id", flat=True))
    return Customer.objects.visible_to(user).filter(pk__in=ids).order_by("pk")


def _in_common(user: Any, lead: Lead, customer: Customer) -> list[Any]:
    people = Contact.objects.visible_to(user).of_customer(customer)
    domain = own_domain(lead.email)
    reasons: list[Any] = []
    if lead.email and (customer.email == lead.email or people.filter(email=lead.email).exists()):
        reasons.append(_("same mail"))
    elif domain and domain in (website_domain(customer), own_domain(customer.email)):
        reasons.append(_("same domain"))
    if lead.phone and (customer.phone == lead.phone or people.filter(phone=lead.phone).exists()):
        reasons.append(_("same phone"))
    if bare_name(customer.name) == bare_name(lead.organisation or lead.name):
        reasons.append(_("same name"))
    return reasons
