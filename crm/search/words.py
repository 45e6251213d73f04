from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Words:
    """What a record offers to search: a title and subtitle to show, and further texts that find it."""

    title: str
    subtitle: str = ""
    texts: Iterable[str] = field(default_factory=tuple)  # names, notes, numbers
    phones: Iterable[str] = field(default_factory=tuple)
    emails: Iterable[str] = field(default_factory=tuple)
    handles: Iterable[str] = field(default_factory=tuple)  # names on social networks, closed with the phones
    reached_by: str = ""  # the kind of record whose phones and emails these are, where it is not the record itself
