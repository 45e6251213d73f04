"""What strangers sent, read without trusting any of it: broken encodings, no date, HTML only, huge, or no mail at all.

`read` raises nothing but `Unreadable`, and what it returns is plain text of bounded length.
"""

from __future__ import annotations

import email
import email.policy
import email.utils
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message

import charset_normalizer
from django.utils.translation import gettext_noop

from crm import directions
from crm.mail.html_text import text_of

BODY, SUBJECT, PARTS, ADDRESSES, FILES = 200_000, 200, 200, 100, 50
DELIVERY_FAILED = re.compile(r"^Action:\s*failed", re.IGNORECASE | re.MULTILINE)
# Of one receiver in a report: no such address (5.1.x), rather than full, or taken for spam.
UNKNOWN = re.compile(r"^Final-Recipient:[^;\n]*;\s*(\S+)\s*\n(?:.+\n)*?Status:\s*5\.1\.", re.IGNORECASE | re.MULTILINE)
DIAGNOSIS = re.compile(r"^(?:Diagnostic-Code|Status):\s*(.+)$", re.IGNORECASE | re.MULTILINE)
POSTMEN = ("mailer-daemon", "postmaster")
UNTRUSTED = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f{directions.MARKS}]")


class Unreadable(Exception):
    """The sentence (an English message id) says why."""


@dataclass(frozen=True)
class Enclosed:
    """A file in a letter, under the name that its sender gave it; without content where it has none of its own."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    message_id: str
    sender: str
    sender_name: str
    receivers: tuple[str, ...]  # To and Cc
    delivered_to: tuple[str, ...]  # where servers say they put it: Bcc is seen nowhere else
    subject: str
    text: str
    sent_at: datetime | None
    references: str
    attachments: tuple[str, ...]
    files: tuple[Enclosed, ...]  # the same, with their content
    is_automatic: bool  # an absence note, a newsletter, a machine: nothing starts because of it
    is_bounce: bool
    bounced_for_good: bool
    bounce_reason: str
    unknown: tuple[str, ...]  # receivers of whom the postman says that there is no such address
    returned: str  # the Message-IDs that a bounce brings back
    loops: str  # X-Loop


def read(raw: bytes) -> Letter:
    try:
        return _read(raw)
    except Unreadable:
        raise
    except Exception as error:  # the library meets bytes it was not written for
        raise Unreadable(gettext_noop("It is not written as mail is.")) from error


def _read(raw: bytes) -> Letter:
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    senders = _addresses(message, "From") or _addresses(message, "Sender")
    if not senders:
        raise Unreadable(gettext_noop("It does not say who sent it."))
    name, sender = senders[0]
    parts = list(_parts(message))
    bounce = _is_bounce(message, sender)
    report = "\n".join(_text(part) for part in parts if part.get_content_type() == "message/delivery-status")
    texts = [part for part in parts if part.get_content_maintype() == "text" and not part.get_filename()]
    files = tuple(_enclosed(part) for part in parts if part.get_filename())[:FILES]
    return Letter(
        message_id=_one_line(message.get("Message-ID"))[:255],
        sender=sender,
        sender_name=name[:120],
        receivers=_only(_addresses(message, "To", "Cc")),
        delivered_to=_only(_addresses(message, "Delivered-To", "X-Original-To", "Envelope-To")),
        subject=_decoded(message.get("Subject"))[:SUBJECT],
        text=_body(texts),
        sent_at=_date(message),
        references=f"{_one_line(message.get('References'))} {_one_line(message.get('In-Reply-To'))}"[-4000:],
        attachments=tuple(each.name for each in files),
        files=files,
        is_automatic=bounce or _is_automatic(message),
        is_bounce=bounce,
        bounced_for_good=bounce and (not report or bool(DELIVERY_FAILED.search(report))),
        bounce_reason="; ".join(dict.fromkeys(_clean(found).strip() for found in DIAGNOSIS.findall(report)))[:500],
        unknown=tuple(address.strip("<>").lower() for address in UNKNOWN.findall(report)) if bounce else (),
        returned=_returned(parts) if bounce else "",
        loops=_one_line(message.get("X-Loop"))[:255],
    )


def _parts(message: Message) -> Iterator[Message]:
    for count, part in enumerate(message.walk()):
        if count >= PARTS:
            return
        if not part.is_multipart() or part.get_content_type() == "message/delivery-status":
            yield part


def _enclosed(part: Message) -> Enclosed:
    content = part.get_payload(decode=True)
    name = _decoded(part.get_filename())[:200]
    return Enclosed(name, content if isinstance(content, bytes) else b"")


def _body(texts: list[Message]) -> str:
    """The plain part, else the HTML as text; a calendar or another part is said to be there by its name only."""
    plain = [_text(part) for part in texts if part.get_content_type() == "text/plain"]
    said = "\n".join(plain).strip()
    if not said:
        said = "\n".join(text_of(_text(part)) for part in texts if part.get_content_type() == "text/html")
    return _clean(said.replace("\r\n", "\n")).strip()[:BODY]


def _text(part: Message) -> str:
    if part.get_content_type() == "message/delivery-status":
        inner = part.get_payload()
        return "\n".join(str(one) for one in inner) if isinstance(inner, list) else str(inner)
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    return _to_text(content[: BODY * 6], part.get_content_charset())


def _to_text(content: bytes, said: str | None) -> str:
    for charset in (said, "utf-8", "gb18030"):
        try:
            return content.decode({"gb2312": "gb18030", "gbk": "gb18030"}.get(charset or "", charset or "utf-8"))
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    guessed = charset_normalizer.from_bytes(content[:20_000]).best()
    return content.decode(guessed.encoding if guessed else "latin-1", "replace")


def _decoded(value: object) -> str:
    """A header as people read it."""
    try:
        pieces = decode_header(str(value or ""))
    except Exception:
        return _one_line(value)
    return _one_line("".join(_to_text(piece, cs) if isinstance(piece, bytes) else piece for piece, cs in pieces))


def _one_line(value: object) -> str:
    return _clean(" ".join(str(value or "").split()))


def _clean(text: str) -> str:
    return UNTRUSTED.sub("", text).encode("utf-8", "replace").decode()


def _addresses(message: Message, *headers: str) -> list[tuple[str, str]]:
    given = [str(value) for header in headers for value in message.get_all(header, [])]
    found = email.utils.getaddresses(given)
    known = [(_decoded(name), _clean(address).strip().lower()) for name, address in found if "@" in address]
    return [(name, address) for name, address in known if len(address) <= 254 and " " not in address][:ADDRESSES]


def _only(found: list[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(address for _name, address in found))


def _date(message: Message) -> datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(str(message.get("Date", "")))
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC) if 1990 <= aware.year <= 2200 else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _is_automatic(message: Message) -> bool:
    auto = _one_line(message.get("Auto-Submitted")).lower()
    bulk = _one_line(message.get("Precedence")).lower()
    return (
        (bool(auto) and not auto.startswith("no"))
        or bulk in {"bulk", "junk", "list", "auto_reply"}
        or any(
            message.get(header) for header in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id")
        )
        or _is_null(message)
    )


def _is_null(message: Message) -> bool:
    return message.get("Return-Path") is not None and _one_line(message.get("Return-Path")) in {"<>", ""}


def _is_bounce(message: Message, sender: str) -> bool:
    kind = str(message.get_param("report-type") or "").lower()
    if message.get_content_type() == "multipart/report" and kind == "delivery-status":
        return True
    return sender.partition("@")[0] in POSTMEN and (_is_null(message) or "x-failed-recipients" in message)


def _returned(parts: list[Message]) -> str:
    """Message-IDs anywhere in what the postman brings back."""
    held = "\n".join(part.as_string()[:20_000] for part in parts)
    return " ".join(re.findall(r"<[^<>\s]{3,250}@[^<>\s]{1,250}>", held)[:50])
