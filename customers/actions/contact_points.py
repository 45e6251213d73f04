"""Further emails, phones, addresses and handles of a contact or a customer, and which of each is the first one.

The first email and phone are the record's own fields. Whoever changes a field calls `follow`; whoever makes another
one the first changes the field: so the two never differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import chain
from smtplib import SMTPRecipientsRefused
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm import events
from crm.actions import records
from crm.models import User
from crm.search import documents
from customers.models import Contact, ContactPoint, Customer, MatchKey, tidy
from customers.models.contact_point import IN_A_FIELD, in_fields, key_of
from customers.models.match_key import Sign
from customers.models.reached import refuse_closed

CHANGEABLE = ("label", "value", "network", "postal_code", "city", "country")
TOLD = (*CHANGEABLE, "is_primary", "validity", "opted_out_at")


@transaction.atomic
def add(
    record: Contact | Customer,
    *,
    type: str,
    by: User | None,
    at: datetime,
    is_primary: bool = False,
    validity: str | None = None,
    opted_out: bool | None = None,
    **fields: Any,
) -> ContactPoint:
    """One more. One that is there already is changed instead; the first of its type is the first one anyway."""
    refuse_closed(record.kind, type)
    record = _locked(record)
    point = ContactPoint(**{record.kind: record}, type=type, added_at=at, **fields)
    point.clean()
    known = ContactPoint.objects.of(record).filter(key=point.key).first()
    if known is not None:
        given = {**fields, "is_primary": is_primary or known.is_primary, "validity": validity, "opted_out": opted_out}
        return change(known, by=by, at=at, **given)
    point.is_primary = point.key in {each.key for each in in_fields(record)}
    alone = not (getattr(record, type) if point.is_in_a_field else ContactPoint.objects.of(record).filter(type=type))
    _mark(point, validity or point.validity, bool(opted_out), at)
    point.full_clean(validate_constraints=False)
    point.save()
    write_down(record, at=at)
    if not point.is_primary and (is_primary or alone):
        _make_first(point, record, by=by, at=at)
    point.refresh_from_db()
    _tell("point_added", point, {name: records.as_json(getattr(point, name)) for name in TOLD}, by=by, at=at)
    return point


@transaction.atomic
def change(
    point: ContactPoint,
    *,
    by: User | None,
    at: datetime,
    is_primary: bool | None = None,
    validity: str | None = None,
    opted_out: bool | None = None,
    **fields: Any,
) -> ContactPoint:
    """Change what is said. What is not named stays; the first one stays the first until another one is."""
    if by is not None:  # what comes back, or is opted out by a link, is noted whoever asks
        refuse_closed(point.record.kind, point.type)
    record = _locked(point.record)
    point = ContactPoint.objects.get(pk=point.pk)
    before = {name: getattr(point, name) for name in TOLD}
    for name in CHANGEABLE:
        setattr(point, name, fields.get(name, getattr(point, name)))
    point.clean()
    if point.value != before["value"] and point.is_in_a_field:
        _as_new(point)
    _mark(point, validity or point.validity, _or(opted_out, point.opted_out_at is not None), at)
    if ContactPoint.objects.of(record).filter(key=point.key).exclude(pk=point.pk).exists():
        raise ValidationError({"value": _("This is known already.")})
    point.full_clean(validate_constraints=False)
    point.save()
    if point.is_primary and point.is_in_a_field:
        _write_field(record, point.type, point.value, by=by, at=at)
    if is_primary and not point.is_primary:
        _make_first(point, record, by=by, at=at)
    point.refresh_from_db()
    diff = {
        name: [records.as_json(before[name]), records.as_json(getattr(point, name))]
        for name in TOLD
        if before[name] != getattr(point, name)
    }
    if diff:
        _tell("point_changed", point, diff, by=by, at=at)
    return point


@transaction.atomic
def remove(point: ContactPoint, *, by: User | None, at: datetime) -> None:
    """It is not used any more. Was it the first one, the next of its type is."""
    refuse_closed(point.record.kind, point.type)
    record = _locked(point.record)
    found = ContactPoint.objects.filter(pk=point.pk).first()
    if found is None:
        return
    found.delete()
    if found.is_primary:
        following = ContactPoint.objects.of(record).filter(type=found.type).order_by("pk").first()
        if following is not None:
            _make_first(following, record, by=by, at=at)
        elif found.is_in_a_field:
            _write_field(record, found.type, "", by=by, at=at)
    _tell("point_removed", found, {name: records.as_json(getattr(found, name)) for name in TOLD}, by=by, at=at)


Marks = Callable[[str, datetime], None]
Clears = Callable[[str, datetime, datetime], None]
_elsewhere: list[tuple[Marks, Clears]] = []


def also_marks(mark: Marks, clear: Clears) -> None:
    """Apps above know of people who are no contacts, and have addresses too: leads."""
    _elsewhere.append((mark, clear))


@transaction.atomic
def mark_invalid(address: str, *, by: User | None, at: datetime) -> int:
    """A mail to it came back: whoever has the address, it is of no use until somebody says otherwise."""
    address = tidy.email(address)
    keys = MatchKey.objects.filter(kind=Customer.kind, sign=Sign.EMAIL, value=address)  # customers have no index on it
    holders: Any = chain(
        Contact.objects.alive().filter(email=address),
        Customer.objects.alive().filter(pk__in=keys.values("object_id")),
    )
    for record in holders:
        write_down(record, at=at)
    found = ContactPoint.objects.of_address(address).exclude(validity=ContactPoint.Validity.INVALID)
    found = found.filter(contact__deleted_at=None, customer__deleted_at=None)  # what is in the bin is not changed
    points = list(found.select_related("contact", "customer").order_by("pk"))
    for point in points:
        change(point, by=by, at=at, validity=ContactPoint.Validity.INVALID)
    for mark, _clear in _elsewhere:
        mark(address, at)
    return len(points)


@transaction.atomic
def heard_from(address: str, *, written_at: datetime, at: datetime) -> None:
    """Somebody wrote from it after it was found to be of no use: nothing is held against it any more.

    That it is good nobody says by this; a sender can be made up, and then the next letter comes back again.
    """
    address = tidy.email(address)
    found = ContactPoint.objects.of_address(address).filter(invalid_since__lt=written_at)
    found = found.filter(contact__deleted_at=None, customer__deleted_at=None)
    for point in found.select_related("contact", "customer").order_by("pk"):
        change(point, by=None, at=at, validity=ContactPoint.Validity.UNKNOWN)
    for _mark_it, clear in _elsewhere:
        clear(address, written_at, at)


def is_for_good(refused: SMTPRecipientsRefused) -> bool:
    """Whether the mail server says that there is no such address, rather than that it is busy."""
    return all(code >= 500 for code, _why in refused.recipients.values())


def follow(changed: Iterable[Contact | Customer]) -> None:
    """The fields were written: the rows that say which is the first one are true again.

    An address that was corrected is the same place with another name; one that must not be forgotten is kept beside.
    """
    found = list(changed)
    for kind in {record.kind for record in found}:
        of_kind = {record.pk: record for record in found if record.kind == kind}
        rows = ContactPoint.objects.filter(**{f"{kind}__in": list(of_kind)}, type__in=IN_A_FIELD).order_by("pk")
        by_record: dict[tuple[int, str], list[ContactPoint]] = {}
        for point in rows:
            by_record.setdefault((getattr(point, f"{kind}_id"), point.type), []).append(point)
        wrong = {pk for (pk, type), points in by_record.items() if _follow_one(points, getattr(of_kind[pk], type))}
        documents.refresh_many(type(of_kind[pk])._base_manager.get(pk=pk) for pk in sorted(wrong))


def write_down(record: Contact | Customer, *, at: datetime) -> None:
    """What only a field says becomes a row, so that it can be moved or marked."""
    known = set(ContactPoint.objects.of(record).values_list("key", flat=True))
    for point in in_fields(record):
        if point.key not in known:
            setattr(point, record.kind, record)
            point.added_at = at
            point.save()


def step_back(record: Customer, names: Iterable[str]) -> None:
    """Before another one takes its place, what was the first one is one of the further ones."""
    ContactPoint.objects.of(record).filter(type__in=list(names), is_primary=True).update(is_primary=False)


def _follow_one(points: list[ContactPoint], value: str) -> bool:
    """Whether something was to be changed."""
    first = next((point for point in points if point.is_primary), None)
    if first is not None and first.value == value:
        return False
    same = next((point for point in points if point.value == value), None)
    if first is not None and (same is not None or not value or first.is_marked):
        if first.is_marked or same is not None:
            first.is_primary = False
            first.save(update_fields=["is_primary"])
        else:
            first.delete()
    elif first is not None:
        first.value, first.key = value, key_of(first.type, value)
        _as_new(first)
        first.save()
    if same is not None:
        same.is_primary = True
        same.save(update_fields=["is_primary"])
    return first is not None or same is not None


def _make_first(point: ContactPoint, record: Contact | Customer, *, by: User | None, at: datetime) -> None:
    ContactPoint.objects.of(record).filter(type=point.type, is_primary=True).update(is_primary=False)
    ContactPoint.objects.filter(pk=point.pk).update(is_primary=True)
    if point.is_in_a_field:
        _write_field(record, point.type, point.value, by=by, at=at)


def _write_field(record: Contact | Customer, name: str, value: str, *, by: User | None, at: datetime) -> None:
    about = _customers_of(record)
    records.update(record, {name: value}, by=by, at=at, about=about)


def _mark(point: ContactPoint, validity: str, opted_out: bool, at: datetime) -> None:
    """The moment is that of the change; what was known already keeps its own."""
    if validity != point.validity or (validity == ContactPoint.Validity.INVALID and point.invalid_since is None):
        point.validity = validity
        point.invalid_since = at if validity == ContactPoint.Validity.INVALID else None
    if opted_out != (point.opted_out_at is not None):
        point.opted_out_at = at if opted_out else None


def _as_new(point: ContactPoint) -> None:
    """Another address: what was known of the old one says nothing of it."""
    point.validity, point.invalid_since, point.opted_out_at = ContactPoint.Validity.UNKNOWN, None, None


def _or(given: bool | None, otherwise: bool) -> bool:
    return otherwise if given is None else given


def _locked(record: Contact | Customer) -> Any:
    locked: Any = type(record)._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
    if locked.is_in_bin:
        raise ValidationError(_("It is in the bin."))
    return locked


def _customers_of(record: Contact | Customer) -> list[Customer]:
    return list(record.customers.filter(deleted_at=None)) if isinstance(record, Contact) else []


def _tell(verb: str, point: ContactPoint, data: dict[str, Any], *, by: User | None, at: datetime) -> None:
    record: Any = type(point.record)._base_manager.get(pk=point.record.pk)
    said = {"point": {"type": point.type, "text": point.text}, **data}
    events.record(f"{record.kind}.{verb}", record, by=by, at=at, data=said, about=_customers_of(record))
