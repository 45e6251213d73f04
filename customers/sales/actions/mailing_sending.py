"""Letters of mailings leave one by one, as many a minute as the rules say, and each at most once.

A letter is claimed before it leaves, and no transaction is open while a mail server thinks. One whose worker died in
between may have left or not: unlike a letter between two people it is not sent again, and it is said so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from smtplib import SMTPRecipientsRefused
from typing import Any, ClassVar

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from crm import events
from crm.actions import mail_sending
from crm.actions.notifications import notify
from crm.mail import naming
from crm.mail.servers import MailTrouble
from crm.models import MailAccount
from customers.actions import contact_points
from customers.models import Contact
from customers.sales.actions import campaigns, mailing_preparing, mailings
from customers.sales.models import Campaign, CampaignMember, Lead, LetterState, Mailing, MailingLetter, MailingRules
from customers.sales.models.mailing_letter import LEASE, Why

IN_A_ROW = 5  # letters that did not leave before the whole mailing stops: the server is the trouble, not the address
UNCERTAIN = gettext_noop("The worker ended while it was leaving: whether it arrived is not known.")
STOPPED = gettext_noop("The mailing “%(mailing)s” stopped by itself: %(problem)s")
DONE = gettext_noop("The mailing “%(mailing)s” is sent: %(sent)s letters; %(late)s left out since it was prepared.")
FOOTER = gettext_noop("You no longer want such mail? Unsubscribe here:")
TEST = "test"  # in the place of a token


@dataclass(frozen=True)
class Outgoing:
    """A letter as crm/actions/mail_sending.py wants it."""

    kind: ClassVar[str] = Mailing.kind  # what would be enclosed hangs on the mailing

    pk: int
    owner: Any
    account: MailAccount | None
    sender: str
    to: list[str]
    subject: str
    text: str
    at: datetime
    nonce: str
    references: str = ""
    cc: list[str] = field(default_factory=list)


def send_next(now: datetime) -> bool:
    """Send the letter that has been due for longest; False when none is, or this minute takes no more."""
    letter = _claim(now) if room_for(now) > 0 else None
    if letter is None:
        return False
    if why := _why_not(letter, now):
        _leave_out(letter, why, now)
        return True
    with override(letter.language):
        ready = outgoing(letter, now)
    owner = letter.mailing.owner
    with override(owner.language if owner else settings.LANGUAGE_CODE):  # what goes wrong is read by them
        try:
            mail_sending.send(ready, headers(letter.token))
        except MailTrouble as trouble:
            _failed(letter, trouble, now)
        else:
            _sent(letter, now)
    return True


def room_for(now: datetime) -> int:
    """How many letters this minute of the clock may still take, of all mailings."""
    minute = now.replace(second=0, microsecond=0)
    tried = MailingLetter.objects.filter(claimed_at__gte=minute).count()
    return max(MailingRules.in_force().per_minute - tried, 0)


def outgoing(letter: MailingLetter, now: datetime) -> Outgoing:
    """In the letter's language: that is the language of its end."""
    mailing, account = letter.mailing, mail_sending.account_of_organisation()
    return Outgoing(
        pk=mailing.pk, owner=mailing.owner, account=account, sender=mail_sending.sender_of(account, mailing.owner),
        to=[letter.address], subject=letter.subject, text=with_footer(letter.text, letter.token),
        at=letter.dated_at or now, nonce=letter.nonce,
    )  # fmt: skip


def with_footer(text: str, token: str) -> str:
    parts = [text, "-- ", MailingRules.in_force().sender.strip(), f"{_(FOOTER)}\n{link(token)}"]
    return "\n\n".join(parts[:1]) + "\n\n" + "\n".join(part for part in parts[1:] if part)


def headers(token: str) -> dict[str, str]:
    """By which mail programs offer to unsubscribe with one click (RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{link(token)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "bulk",
    }


def link(token: str) -> str:
    return settings.PUBLIC_URL.rstrip("/") + reverse("unsubscription", args=[token])


def send_test(mailing: Mailing, letter: MailingLetter, *, by: Any, at: datetime) -> None:
    """What one receiver would get, to oneself: its link shows the page and changes nothing. Raises MailTrouble."""
    account = mail_sending.account_of_organisation()
    with override(letter.language):
        mail_sending.send(
            Outgoing(
                pk=mailing.pk, owner=by, account=account, sender=mail_sending.sender_of(account, mailing.owner),
                to=[by.email], subject=_("[Test] %(subject)s") % {"subject": letter.subject},
                text=with_footer(letter.text, TEST), at=at, nonce=naming.fresh_nonce(),
            ),
            headers(TEST),
        )  # fmt: skip
    with transaction.atomic():
        events.record("mailing.tried", mailing, by=by, at=at, about=[mailing.campaign])


def finish(now: datetime) -> None:
    """Mailings of which nothing is left to be sent are done, and their owner is told what became of them."""
    for mailing in Mailing.objects.running(now).filter(deleted_at=None):
        _finish(mailing.pk, now)


@transaction.atomic
def _finish(pk: int, now: datetime) -> None:
    mailing = Mailing._base_manager.select_for_update(of=("self",)).select_related("campaign", "owner").get(pk=pk)
    figures = mailing.letters.all().figures()
    if not mailing.is_running or figures["waiting"]:
        return
    mailing.state, mailing.done_at = Mailing.State.DONE, now
    mailing.version, mailing.updated_at = mailing.version + 1, now
    mailing.save()
    told = {name: figures[name] for name in ("sent", "failed", "late")}
    events.record(
        "mailing.done", mailing, by=None, at=now, data={**told, "count": told["sent"]}, about=[mailing.campaign]
    )
    values = {"mailing": mailing.name, "sent": str(told["sent"]), "late": str(told["late"])}
    notify(mailing.owner, DONE, values=values, url=mailing.get_absolute_url(), key=f"mailing-done:{pk}", at=now)


def _claim(now: datetime) -> MailingLetter | None:
    with transaction.atomic():
        due = MailingLetter.objects.due(now).select_for_update(skip_locked=True, of=("self",))
        related = ("mailing__owner", "mailing__campaign", "mailing__purpose", "mailing__prepared_by")
        people = ("member__contact", "member__lead")
        letter = due.select_related(*related, *people).order_by("due_at", "pk").first()
        if letter is not None:
            letter.claim(now)
            letter.keep_hash()
            letter.save(update_fields=["state", "claimed_at", "dated_at", "due_at", "attempts", "token_hash"])
    return letter


def _why_not(letter: MailingLetter, now: datetime) -> str:
    """What was said, or became true, since it was prepared."""
    member, mailing = letter.member, letter.mailing
    (why,) = mailing_preparing.why_not([member], mailing, [letter.address], now)
    if why:
        return why
    if mailing_preparing.address_of(member) != letter.address:
        return Why.CHANGED
    seen = CampaignMember.objects.visible_to(mailing.prepared_by).filter(pk=member.pk)
    return "" if seen.exists() else Why.HIDDEN


@transaction.atomic
def _leave_out(letter: MailingLetter, why: str, now: datetime) -> None:
    letter.leave_out(why, late=True)
    letter.save(update_fields=["state", "why", "left_out_late", "problem", "due_at"])
    tell(letter, "mailing_left_out", by=None, at=now, why=why)


@transaction.atomic
def _sent(letter: MailingLetter, now: datetime) -> None:
    letter.sent(now)
    letter.save(update_fields=["state", "sent_at", "problem"])
    if letter.mailing.troubles:
        Mailing._base_manager.filter(pk=letter.mailing_id).update(troubles=0)
    campaigns.note_addressed(letter.member, at=now)
    if letter.mailing.campaign.state == Campaign.State.PLANNED:
        campaigns.begin(letter.mailing.campaign, by=letter.mailing.owner, at=now)
    tell(letter, "mailing_sent", by=letter.mailing.owner, at=now)


def _failed(letter: MailingLetter, trouble: MailTrouble, now: datetime) -> None:
    """An address that is refused is one's own trouble; a server that is, or our account, is that of all letters."""
    of_the_address = isinstance(trouble.__cause__, SMTPRecipientsRefused)
    with transaction.atomic():
        letter.failed(str(trouble), now, for_good=trouble.for_good and of_the_address)
        letter.save(update_fields=["state", "due_at", "problem"])
        if letter.state == LetterState.FAILED:
            for address in trouble.unknown:
                contact_points.mark_invalid(address, by=None, at=now)
            tell(letter, "mailing_failed", by=None, at=now)
        mailing = Mailing._base_manager.select_for_update(of=("self",)).get(pk=letter.mailing_id)
        mailing.troubles = 0 if of_the_address else mailing.troubles + 1
        mailing.save(update_fields=["troubles"])
        if mailing.troubles >= IN_A_ROW and mailing.is_running:
            mailings.stop(mailing, by=None, at=now, problem=str(trouble))
            _tell_stopped(mailing, str(trouble), now)


def _tell_stopped(mailing: Mailing, problem: str, now: datetime) -> None:
    values = {"mailing": mailing.name, "problem": problem}
    key = f"mailing-stopped:{mailing.pk}:{now.isoformat()}"
    notify(mailing.owner, STOPPED, values=values, url=mailing.get_absolute_url(), key=key, at=now)


@transaction.atomic
def give_up_claims(now: datetime) -> None:
    """Their worker ended in the middle. Nobody knows whether the server has them, so nobody sends them again."""
    left = MailingLetter.objects.filter(state=LetterState.SENDING, claimed_at__lt=now - LEASE)
    for letter in left.select_for_update(skip_locked=True, of=("self",)).select_related("mailing", "member"):
        letter.state, letter.problem = LetterState.FAILED, UNCERTAIN
        letter.save(update_fields=["state", "problem"])
        tell(letter, "mailing_failed", by=None, at=now)


def tell(letter: MailingLetter, verb: str, *, by: Any, at: datetime, **data: Any) -> None:
    """On the timeline of who was to get it, without the name of what not everybody there may see."""
    person: Any = letter.member.person
    model: Any = Lead if isinstance(person, Lead) else Contact
    person = model._base_manager.get(pk=person.pk)
    events.record(f"{person.kind}.{verb}", person, by=by, at=at, data={"mailing_id": letter.mailing_id, **data})
