"""Through which account a person's letter goes out, and how it is put together."""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from email.headerregistry import Address
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.mail import naming, servers, vault
from crm.mail.servers import MailTrouble
from crm.models import Attachment, MailAccount

LOCKED = gettext_noop("The password of the mail account can no longer be read; it has to be entered again.")
REFERENCES = 10  # of earlier letters that a letter names


def account_of(person: Any) -> MailAccount | None:
    """The person's own account, else the organisation's; None where mail goes out by the server's settings."""
    sending = MailAccount.objects.sending()
    return sending.filter(owner=person).first() or sending.of_organisation().first()


def account_of_organisation() -> MailAccount | None:
    """What goes to many leaves by it; None where mail goes out by the server's settings."""
    return MailAccount.objects.sending().of_organisation().first()


def sender_of(account: MailAccount | None, person: Any) -> str:
    """The person's name, with the address that the letter really comes from: as people read it on the letter's page.

    What a header needs of it is encoded when the letter is made.
    """
    if account is None:
        return _readable(str(person or ""), parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
    shown = account.name if account.owner_id and account.name else str(person or account.name)
    return _readable(shown, account.address)


def _readable(name: str, address: str) -> str:
    local, _at, domain = address.rpartition("@")
    return str(Address(" ".join(name.split()), username=local, domain=domain))


def name_of(letter: Any) -> str:
    return naming.message_id(letter.nonce)


def send(letter: Any, headers: Mapping[str, str] | None = None) -> None:
    """Send a letter (sender, to, cc, subject, text, at, nonce, references) through its account. Raises MailTrouble.

    Each time it is made it is the same, Message-ID and date included: what is sent again after a worker died is
    recognised by the receiver's server.
    """
    message = composed(letter, headers)
    account: MailAccount | None = letter.account
    if account is None:
        _by_settings(message)
        return
    try:
        server = account.smtp
    except vault.Locked:
        raise MailTrouble(_(LOCKED), for_good=True) from None
    if not server.host:
        raise MailTrouble(_("The mail account has no server for sending."), for_good=True)
    servers.send(server, message.message(), account.address, message.recipients())


def composed(letter: Any, more: Mapping[str, str] | None = None) -> EmailMessage:
    headers = {"Message-ID": name_of(letter), "Date": format_datetime(letter.at), "X-Loop": naming.host()}
    headers |= more or {}
    if letter.references:
        known = letter.references.split()
        headers |= {"In-Reply-To": known[-1], "References": " ".join(known[-REFERENCES:])}
    message = EmailMessage(
        subject=letter.subject, body=letter.text, from_email=letter.sender, to=letter.to, cc=letter.cc,
        reply_to=_answers_go_to(letter), headers=headers,
    )  # fmt: skip
    for attachment in Attachment.objects.alive().about(letter).order_by("pk"):
        try:
            with default_storage.open(attachment.file) as content:
                message.attach(attachment.name, content.read(), attachment.content_type)
        except FileNotFoundError:
            said = _("%(name)s is no longer where it was kept.") % {"name": attachment.name}
            raise MailTrouble(said, for_good=True) from None
    return message


def _answers_go_to(letter: Any) -> list[str]:
    """An address that says which letter, where such arrive; the person, where nobody reads what it comes from."""
    account: MailAccount | None = letter.account
    own = account is not None and account.owner_id is not None
    read = account if own else MailAccount.objects.in_use().of_organisation().first()
    if read is not None and read.imap_host and read.takes_tags:
        return [formataddr((str(letter.owner or ""), naming.reply_address(read.address, letter.nonce)))]
    if account is not None and (account.owner_id or account.imap_host):
        return []
    return [formataddr((str(letter.owner), letter.owner.email))] if letter.owner and letter.owner.email else []


def _by_settings(message: EmailMessage) -> None:
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise servers.refused(error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailTrouble(_("The connection failed: %(reason)s.") % {"reason": error}) from error
