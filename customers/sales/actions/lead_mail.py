"""What strangers write to the organisation's mail account: a new lead, or a further letter of one that is open.

The filer of customers comes first, so whoever is known there never gets here as a lead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.actions.notifications import notify
from crm.mail import naming
from crm.mail.reading import Letter
from crm.models import Event, MailAccount, User
from customers.models import Contact, Customer, SourceChannel
from customers.models.erasure import was_erased
from customers.sales.actions import lead_changes, leads, mailing_answers
from customers.sales.models import DiscardReason, Lead, LeadLetter, LeadSettings

NOTE = 4000  # characters of the letter that become the lead's note
PER_HOUR = 20  # letters of one sender: a person writes few, a program that answers itself many


@transaction.atomic
def file(account: MailAccount, letter: Letter, at: datetime) -> bool:
    """File a stranger's letter; False where it is nothing for us."""
    if account.owner is not None or letter.is_automatic or letter.is_bounce or _is_ours(letter):
        return False
    settings = LeadSettings.in_force()
    if not settings.takes_mail:
        return False
    known = Lead.objects.alive().filter(email=letter.sender).order_by("-pk")
    if _writes_too_much(known, at):
        return False
    lead = known.open().first()
    if lead is not None:
        _add(lead, letter, at)
        return True
    if was_erased(emails=[letter.sender]):
        return False  # who asked to be erased does not come back by a letter; it stays in the mailbox
    if letter.references.strip() or _is_known(letter.sender) or known.filter(reason=DiscardReason.SPAM).exists():
        return False  # answers something that is no lead; is somebody we know; was spam before
    lead = leads.create(by=None, at=at, data={"mail": True}, **_fields(letter))
    if lead.owner is None:
        lead_changes.tell_manager(lead, at=at)
    _store(lead, letter, at)
    return True


def _is_ours(letter: Letter) -> bool:
    """Our own, come back, or an answer to one of ours, other than a mailing's, or written by one of us."""
    answers = naming.nonces_in(letter.references) and mailing_answers.answered_by(letter) is None
    if naming.nonces_in(letter.message_id) or answers or letter.loops == naming.host() or not letter.sender:
        return True
    by_us = User.objects.filter(email=letter.sender).exists()
    return by_us or MailAccount.objects.filter(address=letter.sender).exists()


def _writes_too_much(leads: QuerySet[Lead], at: datetime) -> bool:
    """By when the letters came to us: what a letter says of its own time, its sender says."""
    theirs = Event.objects.filter(subject_kind=Lead.kind, subject_id__in=leads.order_by().values("pk"))
    came = theirs.filter(Q(type="lead.created", data__mail=True) | Q(type="lead.wrote"), at__gt=at - timedelta(hours=1))
    return came.count() >= PER_HOUR


def _is_known(sender: str) -> bool:
    if Contact.objects.alive().with_email(sender).exists():
        return True
    return Customer.objects.alive().filter(email=sender).exists()


def _fields(letter: Letter) -> dict[str, Any]:
    said = "\n\n".join(part for part in (letter.subject, letter.text[:NOTE].strip()) if part)
    # Without a name it is what stands before the @: of a whole address a closed field would be told by the name.
    name = " ".join((letter.sender_name or letter.sender.partition("@")[0]).split())[:120]
    return {"name": name, "email": letter.sender, "channel": SourceChannel.OTHER, "note": said}


def _add(lead: Lead, letter: Letter, at: datetime) -> None:
    """A further letter: whose lead it is hears of it."""
    if letter.message_id and lead.letters.filter(message_id=letter.message_id).exists():
        return
    row = _store(lead, letter, at)
    lead = lead_changes.lock(lead)
    lead.answered_at = max(filter(None, [lead.answered_at, at]))
    subject = letter.subject or _("no subject")
    lead = lead_changes.store(lead, "wrote", {"subject": subject}, by=None, at=at)
    notify(
        lead.owner, gettext_noop("The lead %(lead)s wrote to us."), values={"lead": lead.name},
        url=reverse("lead-detail", args=[lead.pk]), key=f"lead-letter-{row.pk}", at=at,
    )  # fmt: skip


def _store(lead: Lead, letter: Letter, at: datetime) -> LeadLetter:
    """As it is: nobody could tell a stranger what is wrong with it."""
    sender = f"{letter.sender_name} <{letter.sender}>" if letter.sender_name else letter.sender
    return LeadLetter.objects.create(
        lead=lead, sender=sender, subject=letter.subject, text=letter.text, attachments=list(letter.attachments),
        message_id=letter.message_id, at=min(letter.sent_at or at, at),
    )  # fmt: skip
