"""What is new in a mailbox, one letter at a time, without marking anything there."""

from __future__ import annotations

import imaplib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.mail.servers import MailTrouble, Server, imap

LARGEST = 25 * 1024 * 1024  # bytes; of a larger letter only the head is fetched
AT_ONCE = 200  # letters for each visit
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Place:
    """How far a mailbox has been read. UIDs mean something only together with the validity the server gave."""

    validity: int
    uid: int


@dataclass(frozen=True)
class Fetched:
    place: Place
    raw: bytes
    size: int

    @property
    def is_whole(self) -> bool:
        return self.size <= LARGEST


def visit(server: Server, folder: str, known: Place | None, since: datetime) -> Iterator[Place | Fetched]:
    """First the place from which on it is read, then what is new there.

    A mailbox seen for the first time is read from now on. One whose numbers start anew (moved, restored) is read again
    from the day it was last asked: what is known already is recognised by its Message-ID.
    """
    with imap(server) as connection:
        validity, following = _open(connection, folder)
        if known is None:
            yield Place(validity, following - 1)
            return
        if known.validity != validity:
            day = f"{since.day:02d}-{MONTHS[since.month - 1]}-{since.year}"
            uids = _search(connection, f"SINCE {day}")
            yield Place(validity, min(uids, default=following) - 1)
        else:
            # "5:*" means the last letter too where there is none from 5 on.
            uids = [uid for uid in _search(connection, f"UID {known.uid + 1}:*") if uid > known.uid]
        for uid in sorted(uids)[:AT_ONCE]:
            fetched = _fetch(connection, validity, uid)
            if fetched is not None:
                yield fetched


def try_out(server: Server, folder: str) -> None:
    """Sign in and open the folder. Raises MailTrouble."""
    with imap(server) as connection:
        _open(connection, folder)


def _open(connection: imaplib.IMAP4, folder: str) -> tuple[int, int]:
    quoted = '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
    state, answer = connection.select(quoted, readonly=True)
    if state != "OK":
        raise imaplib.IMAP4.error((answer or [b""])[0])
    validity = _number(connection.response("UIDVALIDITY")[1])
    following = _number(connection.response("UIDNEXT")[1])
    if following is None:  # older servers do not say
        following = max(_search(connection, "ALL"), default=0) + 1
    return validity or 0, following


def _number(answer: Any) -> int | None:
    found = re.search(rb"\d+", answer[0]) if answer and isinstance(answer[0], bytes) else None
    return int(found[0]) if found else None


def _search(connection: imaplib.IMAP4, query: str) -> list[int]:
    state, answer = connection.uid("SEARCH", query)
    if state != "OK":
        raise imaplib.IMAP4.error((answer or [b""])[0])
    return [int(uid) for uid in (answer[0] or b"").split()] if answer and answer[0] is not None else []


def _fetch(connection: imaplib.IMAP4, validity: int, uid: int) -> Fetched | None:
    size = _size(connection, uid)
    if size is None:
        return None  # gone meanwhile
    what = "(BODY.PEEK[])" if size <= LARGEST else "(BODY.PEEK[HEADER])"
    state, answer = connection.uid("FETCH", str(uid), what)
    if state != "OK":
        raise imaplib.IMAP4.error((answer or [b""])[0])
    raw = next((part[1] for part in answer if isinstance(part, tuple)), None)
    return Fetched(Place(validity, uid), raw[:LARGEST], size) if raw is not None else None


def _size(connection: imaplib.IMAP4, uid: int) -> int | None:
    state, answer = connection.uid("FETCH", str(uid), "(RFC822.SIZE)")
    if state != "OK":
        raise MailTrouble(str(answer))
    found = next((re.search(rb"RFC822\.SIZE (\d+)", part) for part in answer if isinstance(part, bytes)), None)
    return int(found[1]) if found else None
