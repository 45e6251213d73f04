"""What belongs to a customer, and what becomes of it when two customers are merged.

Apps above register theirs in `AppConfig.ready`: a foreign key that nobody registered fails the architecture tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.db import models


class How(StrEnum):
    MOVES = "moves"  # points at the customer that stays
    STAYS = "stays"  # a history, or computed: what was true of the other customer stays true of it


@dataclass(frozen=True)
class Follower:
    """Rows of a table that point at a customer."""

    label: str  # "sales.Order"
    field: str = "customer"
    how: How = How.MOVES
    once: str = ""  # with this field, the customer may stand only once: what the other one has already stays behind
    main: str = ""  # a flag that one row of a customer may bear
    main_of: str = ""  # … or one row of each value of this field
    # Called with the keys of the rows that were moved, `by=` and `at=`: where the table has a history of its own.
    moved: Callable[..., None] | None = None
    where: tuple[str, str] = ("", "")  # of rows about records of many kinds: the column that says which, and its value
    title: Any = ""  # what people call these rows, where it is not what the table is called

    @property
    def model(self) -> Any:
        return apps.get_model(self.label)

    @property
    def narrowed(self) -> dict[str, str]:
        """What else is true of the rows, as a filter."""
        return dict([self.where]) if self.where[0] else {}

    @property
    def column(self) -> str:
        return str(self.model._meta.get_field(self.field).attname)


_followers: list[Follower] = []


def register(*found: Follower) -> None:
    known = {(each.label, each.field) for each in _followers}
    _followers.extend(each for each in found if (each.label, each.field) not in known)


def followers() -> list[Follower]:
    return list(_followers)


def moving() -> list[Follower]:
    return [each for each in _followers if each.how == How.MOVES]


def of_part(label: str, columns: Iterable[str]) -> Follower | None:
    """The follower whose pointer these are, as the journal names tables and columns."""
    return next((each for each in moving() if each.label == label and each.column in columns), None)


def pointers_to(target: type[models.Model]) -> set[tuple[str, str]]:
    """Every foreign key of a table of ours that points at the model."""
    return {
        (model._meta.label, field.name)
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy  # its columns are those of the table it stands for
        for field in model._meta.concrete_fields
        if field.related_model is target
    }
