"""Mail addresses and phones of contacts, customers and leads, for readers to whom a role closes them.

The fields themselves are closed by crm/access/fields.py. Here is what repeats them: further addresses, the addresses of
letters and of mailings. Whose a letter's address is nobody can tell for each reader at once: as soon as the mail
addresses of any of them are hidden from somebody, those of letters are.
"""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import Any

from django.core.exceptions import ValidationError

from crm.access import fields
from crm.access.fields import CLOSED, Hidden
from customers.models import before_customers

KINDS = ("contact", "customer")
_ADDRESS = re.compile(r"[^\s<>@,;:()\"']+@[^\s<>@,;:()\"']+")
INSTEAD = "…"


def hides_addresses(hidden: Hidden | None = None) -> bool:
    """Whether mail addresses of anybody are hidden: by this mapping, or else from whoever reads."""
    kinds = (*KINDS, *before_customers.kinds_of())
    if hidden is not None:
        return any("email" in hidden.get(kind, ()) for kind in kinds)
    return any("email" in fields.hidden(kind) for kind in kinds)


def without_addresses(text: str) -> str:
    """What a mail server or we said, without the addresses in it."""
    return _ADDRESS.sub(INSTEAD, text)


def as_told(text: str) -> str:
    """A sentence with addresses in it, as whoever asks may read it."""
    return without_addresses(text) if hides_addresses() else text


def refuse_closed(kind: str, type: str) -> None:
    """Of an address or number that the asker's roles do not let them write."""
    if type in fields.unwritable(kind):
        raise ValidationError(CLOSED)


def of_point(point: Any, value: Any, hidden: Hidden) -> Any:
    kind = "contact" if point.contact_id else "customer"
    return "" if point.type in hidden.get(kind, ()) else value


def no_address(_record: Any, value: Any, hidden: Hidden) -> Any:
    return value if not hides_addresses(hidden) else ([] if isinstance(value, list) else "")


def of_sender(letter: Any, value: Any, hidden: Hidden) -> Any:
    """Ours as it is, theirs by name."""
    return parseaddr(value)[0] if value and not letter.is_outbound and hides_addresses(hidden) else value


def of_problem(_record: Any, value: Any, hidden: Hidden) -> Any:
    return without_addresses(value) if value and hides_addresses(hidden) else value


def declare() -> None:
    """Called in `AppConfig.ready`, with the fields that may be closed."""
    from customers.models import ContactPoint, Email, Unsubscription

    fields.retell(ContactPoint, "value", of_point)
    for name in ("to", "cc"):
        fields.retell(Email, name, no_address)
    fields.retell(Email, "sender", of_sender)
    fields.retell(Email, "problem", of_problem)
    fields.retell(Unsubscription, "address", no_address)
