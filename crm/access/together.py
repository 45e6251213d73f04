"""The kinds of record on which people work together: they have files and followers. Apps register theirs."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from crm.access import guards, kinds
from crm.access.permissions import Verb

_codes: list[str] = []
_reminded: list[str] = []
_letters: list[str] = []
_shared: list[str] = []


def register(code: str) -> None:
    if code not in _codes:
        _codes.append(code)


def register_reminders(code: str) -> None:
    """People may have themselves reminded of records of this kind."""
    if code not in _reminded:
        _reminded.append(code)


def reminded_of(user: Any, code: str, pk: int) -> Any:
    """The record of which the person may be reminded."""
    return _visible(user, code, pk, among=_reminded)


def register_letters(code: str) -> None:
    """Files come with records of this kind, and stay as they came: nobody adds any, nobody takes one away."""
    if code not in _letters:
        _letters.append(code)


def register_sharing(code: str) -> None:
    """One record of this kind may be shared with somebody: crm/actions/shares.py."""
    if code not in _shared:
        _shared.append(code)


def shared(user: Any, code: str, pk: int) -> Any:
    """The record if the person may see it and its kind can be shared."""
    return _visible(user, code, pk, among=_shared)


def _visible(user: Any, code: str, pk: int, *, among: list[str]) -> Any:
    if code not in among:
        raise Http404
    model: Any = kinds.get(code).model
    return guards.get_visible(model.objects.all(), user, pk=pk)


def with_files(verb: Verb) -> list[str]:
    """The kinds whose files may be seen, or changed, by whoever may do that to the record."""
    return [*_codes, *_letters] if verb == Verb.VIEW else list(_codes)


def codes() -> list[str]:
    return list(_codes)


def model_of(code: str) -> Any:
    """The model of a kind that takes part; KeyError for any other."""
    if code not in _codes:
        raise KeyError(code)
    return kinds.get(code).model


def find(user: Any, code: str, pk: int, verb: Verb = Verb.VIEW) -> Any:
    """The record if the person may do this to it: 404 and 403 as everywhere."""
    if code not in _codes:
        raise Http404
    rows = model_of(code).objects
    if verb == Verb.VIEW:
        return guards.get_visible(rows.all(), user, pk=pk)
    return guards.get_permitted(rows.all(), user, verb, pk=pk)


def upwards(record: Any) -> list[Any]:
    """What a record belongs to, on whose timeline it is told too: a ticket's customer."""
    return [getattr(record, name) for name in getattr(record, "follows", ())]
