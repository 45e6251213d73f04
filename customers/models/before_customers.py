"""Records that people write to before there is a customer: leads. Their kinds are registered by the app they are of.

Such a record has a `customer` and a `contact` once it became one; from then on its letters are that customer's too.
What it wrote before anybody answered is no letter of one of us: its app keeps that, and says here how it is answered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q

from crm.access import kinds
from crm.access.grants import Access
from crm.access.permissions import Verb

if TYPE_CHECKING:
    from customers.models.email import Email

_kinds: dict[str, Callable[[Any], Any]] = {}


def register(kind: str, letters: Callable[[Any], Any]) -> None:
    """`letters`: the rows a record of the kind wrote by itself, with `subject`, `text`, `message_id`, `references`,
    `answered_to` and `is_shared`, as a letter has them."""
    _kinds[kind] = letters


def first_letters(record: Any) -> Any:
    """Of a record of these kinds what it wrote before anybody answered; None of any other."""
    return _kinds[record.kind](record) if is_one(record) else None


def answers_a_first_letter(email: Email) -> bool:
    """Whether it goes to somebody who wrote to us by themselves, and names that letter."""
    known = email.references.split()
    if not known or email.about_kind not in _kinds:
        return False
    model: Any = kinds.get(email.about_kind).model
    record = model._base_manager.filter(pk=email.about_id).first()
    return record is not None and first_letters(record).filter(message_id=known[-1]).exists()


def kinds_of() -> tuple[str, ...]:
    return tuple(_kinds)


def is_one(record: Any) -> bool:
    return record is not None and record.kind in _kinds


def rows_seen(access: Access) -> Q:
    """Of rows about such records, those about one that the person may see."""
    scope = Q(pk=None)
    for kind in _kinds:
        rows = kinds.get(kind).model.objects.all()  # type: ignore[union-attr]
        seen = rows.alive()._reached(rows.rules(access, Verb.VIEW)).filter(pk=OuterRef("about_id"))
        scope |= Q(about_kind=kind) & Q(Exists(seen.order_by()))
    return scope


def find(email: Email) -> Any:
    """The record that a letter without a customer is about, unless it is in the bin."""
    if email.about_kind not in _kinds:
        return None
    model: Any = kinds.get(email.about_kind).model
    return model.objects.alive().filter(pk=email.about_id).first()


def catch_up(email: Email) -> None:
    """Became the record a customer while the letter was written or on its way? Then it is that customer's.

    Locks the record until the transaction ends, so that no letter stays behind of one that becomes a customer now.
    """
    if email.customer_id is not None or email.about_kind not in _kinds:
        return
    model: Any = kinds.get(email.about_kind).model
    record = model._base_manager.select_for_update(of=("self",)).filter(pk=email.about_id).first()
    if record is not None and record.customer_id is not None:
        email.customer, email.contact = record.customer, record.contact
