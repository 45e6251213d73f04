"""What comes back of a mailing: answers, letters that could not be delivered, and who wants no more of them."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from crm.mail import naming
from crm.mail.reading import Letter
from crm.models import MailAccount
from customers.actions import contact_points
from customers.models import Unsubscription
from customers.sales.actions import campaigns
from customers.sales.actions.mailing_sending import tell
from customers.sales.models import LetterState, MailingLetter, MemberState


class LinkGone(Exception):
    """It leads to no letter."""


def read(letter: Letter, at: datetime) -> None:
    """Whoever files it: a person who answers a mailing has responded to its campaign. Machines have not."""
    if letter.is_automatic or letter.is_bounce or letter.loops == naming.host() or naming.nonces_in(letter.message_id):
        return
    answered = answered_by(letter)
    if answered is None or answered.answered_at is not None:
        return
    locked = _locked(answered.pk)
    locked.answered_at = at
    locked.save(update_fields=["answered_at"])
    if locked.member.state != MemberState.RESPONDED:
        campaigns.note_state([locked.member], MemberState.RESPONDED, by=None, at=at)
    tell(locked, "mailing_answered", by=None, at=at)


def answered_by(letter: Letter) -> MailingLetter | None:
    """The letter of a mailing that this one answers, by our signed names."""
    tagged = [naming.nonce_in_address(address) for address in (*letter.receivers, *letter.delivered_to)]
    nonces = [*naming.nonces_in(letter.references), *filter(None, tagged)]
    return MailingLetter.objects.filter(nonce__in=nonces).order_by("-pk").first() if nonces else None


def file(account: MailAccount, letter: Letter, at: datetime) -> bool:
    """A postman brings one back: it is marked, and so is the address, where he says that there is none such."""
    if not letter.is_bounce:
        return False
    nonces = naming.nonces_in(f"{letter.returned} {letter.references}")
    found = MailingLetter.objects.filter(nonce__in=nonces).order_by("-pk").first()
    if found is None:
        return False
    if letter.bounced_for_good:
        _came_back(found.pk, letter, at)
    return True


@transaction.atomic
def _came_back(pk: int, letter: Letter, at: datetime) -> None:
    locked = _locked(pk)
    if locked.state != LetterState.SENT:
        return
    locked.state, locked.problem = LetterState.BOUNCED, letter.bounce_reason[:1000]
    locked.save(update_fields=["state", "problem"])
    if locked.address and locked.address in letter.unknown:
        contact_points.mark_invalid(locked.address, by=None, at=at)
    tell(locked, "mailing_bounced", by=None, at=at)


def asked(token: str) -> MailingLetter:
    """What a link is about. LinkGone where it is wrong, or the person was erased."""
    found = MailingLetter.objects.with_token(token).exclude(address="").first()
    if found is None:
        raise LinkGone
    return found


def is_unsubscribed(letter: MailingLetter) -> bool:
    return Unsubscription.objects.in_force().of_address(letter.address).exists()


@transaction.atomic
def unsubscribe(letter: MailingLetter, *, at: datetime) -> None:
    """No more mailings to this address, whoever has it. Said twice it is said once."""
    locked = _locked(letter.pk)
    try:
        with transaction.atomic():
            Unsubscription.objects.create(address=locked.address, at=at)
    except IntegrityError:
        return  # said already, perhaps by another letter
    locked.unsubscribed_at = at
    locked.save(update_fields=["unsubscribed_at"])
    tell(locked, "unsubscribed", by=None, at=at)


@transaction.atomic
def subscribe_again(letter: MailingLetter, *, at: datetime) -> None:
    """Taken back by whoever has the letter; the row of what was said stays."""
    locked = _locked(letter.pk)
    said = Unsubscription.objects.in_force().of_address(locked.address)
    if not said.update(undone_at=at):
        return
    MailingLetter.objects.filter(address=locked.address).update(unsubscribed_at=None)
    tell(locked, "subscribed_again", by=None, at=at)


def _locked(pk: int) -> MailingLetter:
    letters = MailingLetter.objects.select_for_update(of=("self",)).select_related("mailing", "member")
    return letters.get(pk=pk)
