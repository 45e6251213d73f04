"""`may_write_to` of many at once, each with its reason: as many statements for a thousand as for one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from customers.models import tidy
from customers.models.consent import Consent
from customers.models.contact import Contact, CustomerContact
from customers.models.contact_point import ContactPoint
from customers.models.purpose import Purpose
from customers.models.unsubscription import Unsubscription
from customers.models.writing import Refusal, Verdict

AT_ONCE = 1000


@dataclass(frozen=True)
class Asked:
    """An address, and the contacts who stand behind it: one, or for somebody who is no contact whoever has it."""

    address: str
    people: tuple[Contact, ...] = ()
    has_agreed: bool = False  # without being a contact, on a form


def verdicts(asked: Sequence[Asked], code: str) -> list[Verdict]:
    purpose = Purpose.objects.filter(code=code).first()
    if purpose is None:
        raise ValueError(f"There is no purpose {code!r}.")
    found: list[Verdict] = []
    for start in range(0, len(asked), AT_ONCE):
        some = asked[start : start + AT_ONCE]
        known = _Known(some, purpose)
        found += [Verdict(known.refusal(one)) for one in some]
    return found


class _Known:
    """What is known of these addresses and people."""

    def __init__(self, asked: Sequence[Asked], purpose: Purpose) -> None:
        self.purpose = purpose
        addresses = {one.address for one in asked if one.address}
        people = {person.pk for one in asked for person in one.people}
        keys = [f"email:{address}" for address in addresses]
        rows = ContactPoint.objects.filter(key__in=keys).values_list("value", "validity", "opted_out_at")
        points = [(tidy.email(value), validity, opted_out) for value, validity, opted_out in rows]
        self.invalid = {value for value, validity, _at in points if validity == ContactPoint.Validity.INVALID}
        self.opted_out = {value for value, _validity, at in points if at is not None}
        self.unsubscribed: set[str] = set()
        if purpose.code not in Purpose.BUILT_IN:
            rows_out = Unsubscription.objects.in_force().filter(address__in=addresses)
            self.unsubscribed = set(rows_out.values_list("address", flat=True))
        closed = CustomerContact.objects.filter(
            contact__in=people, customer__do_not_contact=True, customer__deleted_at=None
        )
        self.closed = set(closed.values_list("contact_id", flat=True))
        said = Consent.objects.filter(contact__in=people, purpose=purpose).current()
        self.said = {row.contact_id: row.is_given for row in said}

    def refusal(self, one: Asked) -> Refusal | None:
        if any(person.is_in_bin for person in one.people):
            return Refusal.GONE
        if not one.address:
            return Refusal.NO_EMAIL
        if one.address in self.invalid:
            return Refusal.INVALID
        if self.purpose.code == Purpose.SERVICE:
            return None
        if any(person.do_not_contact for person in one.people):
            return Refusal.DO_NOT_CONTACT
        if any(person.pk in self.closed for person in one.people):
            return Refusal.CUSTOMER
        if one.address in self.opted_out or one.address in self.unsubscribed:
            return Refusal.OPTED_OUT
        return self._by_consent(one)

    def _by_consent(self, one: Asked) -> Refusal | None:
        said = [self.said.get(person.pk) for person in one.people]
        if any(given is False for given in said):
            return Refusal.WITHDRAWN
        silent = not said or any(given is None for given in said)
        return Refusal.NO_CONSENT if self.purpose.needs_consent and silent and not one.has_agreed else None


def people_with(addresses: Iterable[str]) -> dict[str, list[Contact]]:
    """The contacts who have each of these addresses, as their first or a further one."""
    wanted = {address for address in addresses if address}
    found: dict[str, dict[int, Contact]] = {}
    for contact in Contact.objects.alive().filter(email__in=wanted):
        found.setdefault(contact.email, {})[contact.pk] = contact
    points = ContactPoint.objects.filter(key__in=[f"email:{each}" for each in wanted], contact__deleted_at=None)
    for point in points.select_related("contact"):
        if point.contact is not None:
            found.setdefault(tidy.email(point.value), {})[point.contact.pk] = point.contact
    return {address: list(people.values()) for address, people in found.items()}
