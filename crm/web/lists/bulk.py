"""Doing one thing to many rows: selected or matching, previewed, checked again row by row, one event each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms

from crm.access.permissions import Verb

LIMIT = 50_000
# What fits into one request: a record takes 20 to 50 ms with its history. What is more is done by a worker.
AT_ONCE = 300


class BulkForm(forms.Form):
    """What a bulk action asks before it runs. `user` is who runs it: limit choices to what they may see."""

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)


@dataclass(frozen=True)
class BulkAction:
    """`run(records, by=, at=, **cleaned_data)` gets a queryset of the permitted rows, in one transaction.

    It calls the app's action for each, so that each has its event, and may return how many it changed. Many are given
    to it in pieces, all with the same `at`; a piece that it refuses is tried one by one.
    """

    code: str
    label: Any
    run: Callable[..., int | None]
    verb: Verb = Verb.EDIT
    form: type[forms.Form] | None = None  # called with `user=` as BulkForm is
    icon: str = "edit"
    danger: bool = False
    warning: Any = ""  # what to know before confirming
    done: Any = ""  # what to say afterwards, with %(count)s
    foretell: Callable[..., list[str]] | None = None  # (permitted rows, user=, now=) -> what the preview says of them
    tells_left: bool = False  # `run` may leave some as they are: say how many

    def open_to(self, user: Any, kind: str) -> bool:
        return user.access.may(kind, self.verb)
