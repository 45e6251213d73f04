"""A record of an app above may ask that something with a date is always to come: what could leave it without asks here.

The apps say which of theirs do, in `AppConfig.ready`. What a file tells, what is done to many at once, what is taken
back and what nobody does in person is never refused: the lists say where a next step is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.models import User


class NextStepMissing(ValidationError):
    """The write is refused until it is said; who may make exceptions gives a reason instead."""

    def __init__(self, record: Any) -> None:
        sentence = _("“%(record)s” is to have a next step with a date: say what comes next, and when.")
        super().__init__({"next_title": sentence % {"record": record}})


@dataclass(frozen=True)
class Asking:
    """What an app says of one kind of record."""

    asks: Callable[[int], bool]  # whether the one with this key does, as it is now
    left_without: Callable[[int], Any]  # the record, held, where it asks and nothing with a date is to come
    may_override: Callable[[User], bool]
    override: Callable[..., None]  # (record, reason=, by=, at=)


_asking: dict[str, Asking] = {}


def register(kind: str, asking: Asking) -> None:
    _asking[kind] = asking


def require(about: Any, *, by: User | None, at: datetime, overriding: str = "") -> None:
    """At the end of a write, in its transaction: refuse to leave `about` (a record, or a pointer to one) without."""
    asking = _of(about)
    record = asking.left_without(about.pk) if asking and by is not None else None
    if asking is None or by is None or record is None:
        return
    reason = " ".join(overriding.split())
    if not reason or not asking.may_override(by):
        raise NextStepMissing(record)
    asking.override(record, reason=reason, by=by, at=at)


def asks(about: Any) -> bool:
    asking = _of(about)
    return asking is not None and asking.asks(about.pk)


def may_override(about: Any, user: User) -> bool:
    asking = _of(about)
    return asking is not None and asking.may_override(user)


def _of(about: Any) -> Asking | None:
    return _asking.get(about.kind) if about is not None else None
