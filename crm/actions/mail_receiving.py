"""Mail is fetched, stored as it came, and then handed to those who know where it belongs.

Each letter is stored with how far the folder was read in one transaction, before anybody looks at it: a cut connection
or a worker that dies loses none and stores none twice. What cannot be read waits with its reason.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from crm.actions.mail_sending import LOCKED
from crm.advisory_lock import AdvisoryLock
from crm.mail import fetching, reading, vault
from crm.mail.fetching import Fetched, Place
from crm.mail.reading import Letter
from crm.mail.servers import MailTrouble
from crm.models import IncomingMail, MailAccount

FIRST_LOOK = 500  # letters filed for each account at a time
TOO_LARGE = gettext_noop("It is larger than 25 MB.")
NOT_FILED = gettext_noop("Filing it failed; try again, or ask your administrator.")
NAME = re.compile(rb"^message-id:\s*(.{1,900}?)\s*$", re.IGNORECASE | re.MULTILINE)

# (account, letter, at) -> whether it was filed somewhere.
Filer = Callable[[MailAccount, Letter, datetime], bool]
_filers: dict[str, Filer] = {}


def filed_by(name: str, filer: Filer) -> None:
    """Apps say in `AppConfig.ready` that they know where letters belong; the first who files one has it."""
    _filers[name] = filer


# (letter, at): whoever files it, or nobody.
Reader = Callable[[Letter, datetime], None]
_readers: dict[str, Reader] = {}


def read_by(name: str, reader: Reader) -> None:
    """Apps say in `AppConfig.ready` that they look at every letter before it is filed."""
    _readers[name] = reader


def receive(account: MailAccount, now: datetime) -> None:
    """Fetch what is new and file it. What is the matter with the server stands with the account, in words."""
    with AdvisoryLock(f"mail-account:{account.pk}") as mine:
        if not mine:
            return
        account.refresh_from_db()
        language = account.owner.language if account.owner is not None else settings.LANGUAGE_CODE
        with override(language):
            try:
                _fetch(account, now)
            except MailTrouble as trouble:
                account.failed(str(trouble), now)
            except vault.Locked:
                account.failed(_(LOCKED), now)
            else:
                account.worked(now)
        account.save(update_fields=["read_at", "problem", "failures", "paused_until"])
        for waiting in account.incoming.waiting().order_by("pk").values_list("pk", flat=True)[:FIRST_LOOK]:
            file(waiting, now)


def file(incoming_id: int, now: datetime) -> None:
    """Read one letter and put it where it belongs, in one transaction; whatever it is, it stops nobody else's."""
    try:
        with transaction.atomic():
            incoming = (
                IncomingMail.objects.select_for_update(of=("self",)).select_related("account").get(pk=incoming_id)
            )
            if incoming.state != IncomingMail.State.WAITING:
                return
            letter = reading.read(bytes(incoming.raw))
            for reader in _readers.values():
                reader(letter, now)
            filed = any(filer(incoming.account, letter, now) for filer in _filers.values())
            incoming.conclude(IncomingMail.State.FILED if filed else IncomingMail.State.IGNORED)
            incoming.save()
    except reading.Unreadable as error:
        _set_aside(incoming_id, str(error))
    except Exception:  # a letter nobody thought of
        _set_aside(incoming_id, NOT_FILED)


def try_again(incoming: IncomingMail, now: datetime) -> None:
    unreadable = IncomingMail.objects.unreadable().filter(pk=incoming.pk).exclude(reason=TOO_LARGE)
    if unreadable.update(state=IncomingMail.State.WAITING, reason="", heading=""):
        file(incoming.pk, now)


def _fetch(account: MailAccount, now: datetime) -> None:
    known = None
    if account.validity is not None and account.last_uid is not None:
        known = Place(account.validity, account.last_uid)
    for found in fetching.visit(account.imap, account.folder, known, account.read_at or now):
        if isinstance(found, Place):
            _go_to(account, found)
        else:
            _store(account, found, now)


def _go_to(account: MailAccount, place: Place) -> None:
    account.validity, account.last_uid = place.validity, place.uid
    account.save(update_fields=["validity", "last_uid"])


@transaction.atomic
def _store(account: MailAccount, fetched: Fetched, now: datetime) -> None:
    incoming = IncomingMail(
        account=account, validity=fetched.place.validity, uid=fetched.place.uid, raw=fetched.raw, size=fetched.size,
        message_id=_hashed(fetched.raw), fetched_at=now,
    )  # fmt: skip
    if not fetched.is_whole:
        incoming.conclude(IncomingMail.State.UNREADABLE, heading=_heading(fetched.raw), reason=TOO_LARGE)
    # Known already: by its number, or, where the mailbox was numbered anew, by its name.
    IncomingMail.objects.bulk_create([incoming], ignore_conflicts=True)
    _go_to(account, fetched.place)


def _hashed(raw: bytes) -> str:
    """Of its Message-ID; where there is none, of the whole letter."""
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    found = NAME.search(head)
    return hashlib.sha256(found[1] if found else raw).hexdigest()


def _set_aside(incoming_id: int, reason: str) -> None:
    with transaction.atomic():
        incoming = IncomingMail.objects.select_for_update(of=("self",)).get(pk=incoming_id)
        incoming.conclude(IncomingMail.State.UNREADABLE, heading=_heading(bytes(incoming.raw)), reason=reason)
        incoming.save(update_fields=["state", "heading", "reason"])


def _heading(raw: bytes) -> str:
    """Its first lines that say something, for whoever has to find it in their mail program."""
    head = raw[:20_000].decode("utf-8", "replace").replace("\x00", "")
    wanted = re.findall(r"^(?:From|Subject|Date):.{0,120}", head, re.IGNORECASE | re.MULTILINE)
    return " · ".join(line.strip() for line in wanted)[:300] or head[:100].strip()
