"""Where a letter that came in belongs: to which customer, contact and opportunity, and whose it is.

In order: what it answers (our signed Message-ID, or the token in the address it was sent to), then the people it is
from or to, as far as the owner of the account may see them. A letter is private to its owner; what came to the
organisation's own account is shared, unless it answers a private one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext_noop

from crm import events
from crm.access import fields
from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.actions import attachments
from crm.actions.notifications import notify
from crm.mail import naming
from crm.mail.reading import Enclosed, Letter
from crm.models import MailAccount, User
from customers.actions import contact_points, emails
from customers.models import Contact, Customer, Email, before_customers, reached
from customers.models.erasure import was_erased

LOOKED_UP = 20  # addresses of one letter
ANSWERED = gettext_noop("%(who)s answered your mail.")


@dataclass(frozen=True)
class Place:
    """Where a letter belongs."""

    owner: User | None
    customer: Customer | None  # none where it answers a letter to a lead
    contact: Contact | None
    direction: str
    is_shared: bool
    answers: Email | None = None


def read(letter: Letter, at: datetime) -> None:
    """Whoever files it: an address from which a person writes is one at which they are reached."""
    is_ours = naming.nonces_in(letter.message_id) or letter.loops == naming.host()
    if letter.sender and not (letter.is_automatic or letter.is_bounce or is_ours):
        contact_points.heard_from(letter.sender, written_at=min(letter.sent_at or at, at), at=at)


@transaction.atomic
def file(account: MailAccount, letter: Letter, at: datetime) -> bool:
    """File the letter; False where it concerns no customer."""
    if letter.is_bounce:
        return _file_bounce(letter, at)
    if naming.nonces_in(letter.message_id) or letter.loops == naming.host():
        return False  # our own, come back
    if was_erased(emails=[letter.sender]):
        return False  # the person asked for it: a letter does not bring them back
    place = _as_answer(account, letter) or _by_people(account, letter)
    if place is None:
        return False
    name = letter.message_id
    if name and Email.objects.filter(owner=place.owner, message_id=name).exists():
        return True  # the same letter, by another way
    _store(account, letter, place, at)
    return True


def _file_bounce(letter: Letter, at: datetime) -> bool:
    """A postman who could not deliver ours for good; one who is still trying is only noted."""
    nonces = naming.nonces_in(f"{letter.returned} {letter.references}")
    email = Email.objects.filter(nonce__in=nonces, direction=Email.Direction.OUTBOUND).order_by("-pk").first()
    if email is None:
        return False
    if letter.bounced_for_good:
        emails.came_back(email, reason=letter.bounce_reason, unknown=letter.unknown, at=at)
    return True


def _as_answer(account: MailAccount, letter: Letter) -> Place | None:
    tagged = [naming.nonce_in_address(address) for address in (*letter.receivers, *letter.delivered_to)]
    nonces = [*naming.nonces_in(letter.references), *filter(None, tagged)]
    if not nonces:
        return None
    known = {email.nonce: email for email in Email.objects.filter(nonce__in=nonces).select_related("customer", "owner")}
    parent = next((known[nonce] for nonce in nonces if nonce in known), None)
    where = (parent.customer or before_customers.find(parent)) if parent is not None else None
    if parent is None or where is None or where.is_in_bin:
        return None
    owner = account.owner if account.owner is not None else parent.owner
    if not _may_have(owner, where):
        return None
    theirs = Contact.objects.alive().of_customer(parent.customer) if parent.customer else Contact.objects.none()
    writer = theirs.with_email(letter.sender).first()
    shared = account.owner is None and parent.is_shared
    direction = _direction(account, letter, owner)
    return Place(owner, parent.customer, writer or parent.contact, direction, shared, parent)


def _by_people(account: MailAccount, letter: Letter) -> Place | None:
    owner = account.owner
    if owner is None:
        # To the organisation's account: a blind copy of what one of us wrote, or a letter from outside.
        owner = User.objects.active().filter(email=letter.sender).first() or _owner_of_address(letter.sender)
        if owner is None:
            return _from_outside(letter)
    direction = _direction(account, letter, owner)
    outbound = direction == Email.Direction.OUTBOUND
    people = [*letter.receivers, *letter.delivered_to] if outbound else [letter.sender]
    for address in list(dict.fromkeys(people))[:LOOKED_UP]:
        if address != account.address:
            found = _customer_of(address, Contact.objects.visible_to(owner), Customer.objects.visible_to(owner))
            if found is not None and _may_have(owner, found[0]):
                return Place(owner, *found, direction, is_shared=False)
    return None


def _from_outside(letter: Letter) -> Place | None:
    found = _customer_of(letter.sender, Contact.objects.alive(), Customer.objects.alive())
    if found is None:
        return None
    return Place(found[0].owner, *found, Email.Direction.INBOUND, is_shared=True)


def _customer_of(address: str, contacts: Any, customers: Any) -> tuple[Customer, Contact | None] | None:
    for contact in contacts.with_email(address).order_by("pk")[:5]:
        theirs = customers.with_person(contact).order_by("-contact_links__is_main", "pk")
        if customer := theirs.first():
            return customer, contact
    customer = customers.filter(email=address).order_by("pk").first()
    return (customer, None) if customer else None


def _owner_of_address(address: str) -> User | None:
    account = MailAccount.objects.in_use().exclude(owner=None).filter(address=address).select_related("owner").first()
    return account.owner if account else None


def _direction(account: MailAccount, letter: Letter, owner: User | None) -> str:
    ours = {account.address, owner.email if owner else None}
    return Email.Direction.OUTBOUND if letter.sender in ours else Email.Direction.INBOUND


def _may_have(owner: User | None, where: Any) -> bool:
    """Nothing is filed for somebody who has left, may keep no letters, or does not see the customer (any more)."""
    if owner is None:
        return True
    if not owner.is_active or not owner.access.may(Email.kind, Verb.VIEW):
        return False
    return type(where).objects.visible_to(owner).filter(pk=where.pk).exists()


def _files(letter: Letter) -> dict[Enclosed, File[Any]]:
    """Those that are kept, the first of them; of programs and what is too large only the name is."""
    found: dict[Enclosed, File[Any]] = {}
    room = settings.ATTACHMENT_MAX_BYTES
    for each in letter.files:
        file = ContentFile(each.content, each.name)
        if len(found) < settings.ATTACHMENTS_PER_UPLOAD and file.size <= room and attachments.can_be_kept(file):
            found[each] = file
            room -= file.size
    return found


def _store(account: MailAccount, letter: Letter, place: Place, at: datetime) -> None:
    parent = place.answers
    files = _files(letter)
    outbound = place.direction == Email.Direction.OUTBOUND
    email = Email(
        owner=place.owner, account=account, customer=place.customer, contact=place.contact, answers=parent,
        about_kind=parent.about_kind if parent else "", about_id=parent.about_id if parent else None,
        direction=place.direction, state=Email.State.SENT if outbound else Email.State.RECEIVED,
        sender=f"{letter.sender_name} <{letter.sender}>" if letter.sender_name else letter.sender,
        to=list(letter.receivers)[:50], subject=letter.subject, text=letter.text,
        attachments=[file.name for file in letter.files if file not in files],
        at=min(letter.sent_at or at, at), is_automatic=letter.is_automatic,
        message_id=letter.message_id, references=letter.references.strip(),
    )  # fmt: skip
    email.subject = " ".join(email.subject.split())
    before_customers.catch_up(email)
    email.save(force_insert=True)  # what strangers wrote is kept as it is: nobody could be told what is wrong with it
    attachments.enclose(email, list(files.values()), by=None, at=at)
    events.record("email.received", email, by=None, at=at)
    if letter.is_automatic:
        return  # nothing starts because of it
    if place.is_shared:
        emails.note_activity(email, by=None, at=at)
    if parent is not None and not outbound:
        with fields.reading(lambda: access_of(place.owner), covers=True):  # it is kept, and read later
            known = place.contact or before_customers.find(email) or letter.sender_name
            who = str(known or reached.as_told(letter.sender))
        url, key = email.get_absolute_url(), f"email-answered:{email.pk}"
        notify(place.owner, ANSWERED, values={"who": who}, url=url, key=key, at=at)
