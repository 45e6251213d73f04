"""What people do with mail accounts: set one up, find out whether it works, take it away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm import events
from crm.actions.mail_sending import LOCKED
from crm.mail import fetching, servers, vault
from crm.mail.servers import MailTrouble
from crm.models import MailAccount

# Another mailbox when one of these changes, and no longer the one for which the password was given.
MAILBOX = ("imap_host", "imap_port", "user", "folder")
WHERE_THE_PASSWORD_GOES = (*MAILBOX[:3], "smtp_host", "smtp_port", "smtp_security", "imap_security")


@dataclass(frozen=True)
class Tried:
    """What came of a test: for each server nothing, or a sentence."""

    sending: str | None  # None where there is no such server
    reading: str | None

    @property
    def is_good(self) -> bool:
        return not self.sending and not self.reading


@transaction.atomic
def keep(account: MailAccount, values: dict[str, Any], *, password: str, by: Any, at: datetime) -> MailAccount:
    """Set up an account, or change it. Without a password the one that is kept stays, for the same servers only."""
    before = {name: getattr(account, name) for name in values} if account.pk else {}
    changed = [name for name, value in values.items() if before.get(name) != value]
    for name, value in values.items():
        setattr(account, name, value)
    if password:
        account.keep_password(password)
    elif before and set(changed) & set(WHERE_THE_PASSWORD_GOES):
        # Whoever gets at somebody's page must not have their password sent to a server of their own.
        account.keep_password("")
    if set(changed) & set(MAILBOX):
        account.start_anew()
    account.full_clean()
    account.paused_until = None
    account.save()
    data = {"model": "crm.mailaccount", "id": str(account.pk), "name": account.address, "changed": sorted(changed)}
    events.record("settings.changed", by, by=by, at=at, data=data)
    return account


@transaction.atomic
def remove(account: MailAccount, *, by: Any, at: datetime) -> None:
    """Its password goes with it; letters that were filed stay."""
    data = {"model": "crm.mailaccount", "id": str(account.pk), "name": account.address}
    account.delete()
    events.record("settings.deleted", by, by=by, at=at, data=data)


def try_out(account: MailAccount) -> Tried:
    """Sign in at both servers; nothing is sent and nothing fetched."""
    return Tried(_tried(account, "smtp"), _tried(account, "imap"))


def _tried(account: MailAccount, which: str) -> str | None:
    if not getattr(account, f"{which}_host"):
        return None
    try:
        if which == "smtp":
            with servers.smtp(account.smtp):
                pass
        else:
            fetching.try_out(account.imap, account.folder)
    except MailTrouble as trouble:
        return str(trouble)
    except vault.Locked:
        return _(LOCKED)
    return ""
