"""What the quick form also asks: which record of an app above it is about, and what becomes of that in the same breath.

Apps above register theirs in `AppConfig.ready`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from crm.access import kinds


class Part(Protocol):
    """A piece of the form; `carry_out` runs in the transaction that notes the activity."""

    template: str

    def is_valid(self) -> bool: ...

    def carry_out(self, *, by: Any, at: datetime) -> None: ...


@dataclass(frozen=True)
class Offered:
    """A kind of record that an activity may be about."""

    # What a person may choose from at a customer: (person, customer's key).
    at_customer: Callable[[Any, Any], Iterable[Any]]
    # (person, record, what was sent, now); None where there is nothing to ask.
    part: Callable[[Any, Any, Mapping[str, Any] | None, datetime], Part | None]


_offered: dict[str, Offered] = {}


def register(kind: str, offered: Offered) -> None:
    _offered[kind] = offered


def choices(user: Any, customer: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    """What an activity with the customer can be about, by kind."""
    pk = getattr(customer, "pk", customer)
    if not str(pk or "").isdecimal():
        return []
    found = []
    for kind, offered in _offered.items():
        if records := list(offered.at_customer(user, pk)):
            found.append((kinds.get(kind).label_plural, [(f"{kind}:{one.pk}", str(one)) for one in records]))
    return found


def part_of(user: Any, about: Any, data: Mapping[str, Any] | None = None, *, now: datetime) -> Part | None:
    """The piece of the form for the record it is about."""
    offered = _offered.get(about.kind) if about is not None else None
    return offered.part(user, about, data, now) if offered else None
