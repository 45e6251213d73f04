"""The one door for mail to a customer's people: may they be written to, for this purpose, at this address?

Whoever sends a mail asks here first, and keeps the refusal where people look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from crm.access import fields
from customers.models import tidy
from customers.models.consent import Consent
from customers.models.contact import Contact
from customers.models.contact_point import ContactPoint
from customers.models.customer import Customer
from customers.models.purpose import Purpose
from customers.models.unsubscription import Unsubscription

Agreed = Callable[[str, Purpose], bool]
_agreed_elsewhere: list[Agreed] = []
_failed_elsewhere: list[Callable[[str], bool]] = []


def also_agreed(agreed: Agreed) -> None:
    """Apps above know of people who are no contacts and gave their consent: leads, on a form."""
    _agreed_elsewhere.append(agreed)


def also_failed(failed: Callable[[str], bool]) -> None:
    """… and that mail to them came back."""
    _failed_elsewhere.append(failed)


class Refusal(models.TextChoices):
    """Why somebody is not written to."""

    GONE = "gone", _("the contact was deleted")
    NO_EMAIL = "no_email", _("no email address")
    INVALID = "invalid", _("the address is invalid")
    DO_NOT_CONTACT = "do_not_contact", _("does not want to be contacted")
    CUSTOMER = "customer", _("nobody at the customer is to be contacted")
    OPTED_OUT = "opted_out", _("the address has opted out")
    WITHDRAWN = "withdrawn", _("has withdrawn the consent")
    NO_CONSENT = "no_consent", _("has not given consent")


@dataclass(frozen=True)
class Verdict:
    """Yes, or why not."""

    refusal: Refusal | None = None

    def __bool__(self) -> bool:
        return self.refusal is None

    @property
    def reason(self) -> str:
        """The refusal as it is kept; empty where there is none."""
        return str(self.refusal.value) if self.refusal else ""

    @property
    def in_words(self) -> str:
        return str(self.refusal.label) if self.refusal else ""


@fields.uncovered
def may_write_to(whom: Contact | str, purpose: str, *, customer: Customer | None = None, address: str = "") -> Verdict:
    """Whether a mail for the purpose may go to a contact, or to an address whoever has it.

    With `customer`, what that customer wants counts; else what any of the contact's customers wants. `address` is
    another of the contact's addresses than the first. Who asked us something is answered (`Purpose.SERVICE`) unless
    the mail could not arrive. Asked by somebody to whom addresses are closed, the answer is the same.
    """
    if isinstance(whom, Contact):
        people, address = [whom], tidy.email(address or whom.email)
        if whom.is_in_bin:
            return Verdict(Refusal.GONE)
    else:
        address = tidy.email(whom)
        people = list(Contact.objects.alive().with_email(address).order_by("pk"))
    if not address:
        return Verdict(Refusal.NO_EMAIL)
    points = list(ContactPoint.objects.of_address(address))
    if any(point.is_invalid for point in points) or (not people and any(each(address) for each in _failed_elsewhere)):
        return Verdict(Refusal.INVALID)
    if purpose == Purpose.SERVICE:
        return Verdict()
    if any(person.do_not_contact for person in people):
        return Verdict(Refusal.DO_NOT_CONTACT)
    if _is_closed(people, customer):
        return Verdict(Refusal.CUSTOMER)
    if any(point.opted_out_at for point in points) or _is_unsubscribed(address, purpose):
        return Verdict(Refusal.OPTED_OUT)
    return _by_consent(people, purpose, address)


def _is_unsubscribed(address: str, purpose: str) -> bool:
    """By the link of a mailing: from what goes to many, not from what the program itself writes for."""
    return purpose not in Purpose.BUILT_IN and Unsubscription.objects.in_force().of_address(address).exists()


def _is_closed(people: Iterable[Contact], customer: Customer | None) -> bool:
    """Whether a customer wants that nobody there is written to."""
    if customer is not None:
        return customer.do_not_contact
    closed = Customer.objects.alive().filter(do_not_contact=True)
    return closed.filter(contact_links__contact__in=list(people)).exists()


def _by_consent(people: list[Contact], code: str, address: str) -> Verdict:
    """What was said last counts. A purpose that is not in use, or needs consent, is for nobody who gave none."""
    purpose = Purpose.objects.filter(code=code).first()
    if purpose is None:
        raise ValueError(f"There is no purpose {code!r}.")
    said: list[Any] = list(Consent.objects.filter(contact__in=people, purpose=purpose).current())
    if any(not consent.is_given for consent in said):
        return Verdict(Refusal.WITHDRAWN)
    if purpose.needs_consent and not people:
        agreed = any(each(address, purpose) for each in _agreed_elsewhere)
        return Verdict() if agreed else Verdict(Refusal.NO_CONSENT)
    if purpose.needs_consent and len(said) < len(people):
        return Verdict(Refusal.NO_CONSENT)
    return Verdict()


def writable(people: Any, code: str) -> Any:
    """Of many contacts those whom `may_write_to` would let through for the purpose, in one statement."""
    purpose = Purpose.objects.filter(code=code).first()
    if purpose is None:
        raise ValueError(f"There is no purpose {code!r}.")
    addresses = ContactPoint.objects.filter(key=Concat(Value("email:"), OuterRef("email")))
    barred = addresses.filter(Q(validity=ContactPoint.Validity.INVALID) | Q(opted_out_at__isnull=False))
    closed = Customer.objects.alive().filter(do_not_contact=True, contact_links__contact=OuterRef("pk"))
    last = Consent.objects.filter(contact=OuterRef("pk"), purpose=purpose).order_by("-at", "-pk").values("state")[:1]
    open_ones = people.filter(~Exists(barred), ~Exists(closed), deleted_at=None, do_not_contact=False)
    if code not in Purpose.BUILT_IN:
        open_ones = open_ones.filter(~Exists(Unsubscription.objects.in_force().filter(address=OuterRef("email"))))
    said = open_ones.exclude(email="").annotate(last_said=Subquery(last))
    if purpose.needs_consent:
        return said.filter(last_said=Consent.State.GIVEN)
    return said.filter(Q(last_said=None) | Q(last_said=Consent.State.GIVEN))
