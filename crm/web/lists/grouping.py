"""What the rows of a list can be divided by: its own columns, where each says of a row what many others say too.

A part of a list ("of the opportunities, those in this stage") is asked in the address as `part=stage:12`. Charts count
the parts and lead to them; both start from what is said here, so that a bar and its rows cannot disagree. Columns that
are closed to the reader are no parts to them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import DateField, F, Q, QuerySet
from django.db.models.functions import Cast, NullIf, TruncMonth, TruncWeek
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.joining import bracketed
from crm.web import formats
from crm.web.lists.columns import Column, read

if TYPE_CHECKING:
    from crm.web.lists.base import List

MOST = 20  # parts that are told by themselves
_DISPLAY = re.compile(r"get_(\w+)_display")


class UnknownPart(Exception):
    """No part of this list, or none the reader may ask for."""


@dataclass(frozen=True)
class Grouping:
    """One way to divide the rows: by the value at `path`; `stored` is what that stands for where it is no field."""

    code: str
    label: Any
    path: str
    stored: Any = None

    is_in_time = False

    def keyed(self, rows: QuerySet) -> QuerySet:
        """With what `path` stands for; what came by a join to many rows stays as it was."""
        return rows if self.stored is None else rows.alias(**{self.path: self.stored})

    @property
    def key(self) -> Any:
        """The value of a row, nothing where it has none."""
        return F(self.path)

    def having(self, value: Any) -> Q:
        return Q(**{self.path: value})

    def without(self) -> Q:
        return Q(**{f"{self.path}__isnull": True})

    def read(self, key: str) -> Any:
        """The value a key of the address stands for; UnknownPart where it is none."""
        raise NotImplementedError

    def write(self, value: Any) -> str:
        return str(value)

    def names(self, values: Iterable[Any]) -> dict[Any, str]:
        """What each of the values is called, in the order in which they are shown where they have one of their own."""
        raise NotImplementedError

    @property
    def is_ordered(self) -> bool:
        """Whether the parts have an order of their own, whatever they hold."""
        return True


@dataclass(frozen=True)
class Choice(Grouping):
    """By one of a few values with a label each."""

    choices: tuple[tuple[Any, Any], ...] = ()
    is_text: bool = True

    @property
    def key(self) -> Any:
        return NullIf(F(self.path), models.Value("")) if self.is_text and self.stored is None else F(self.path)

    def without(self) -> Q:
        return super().without() | Q(**{self.path: ""}) if self.is_text and self.stored is None else super().without()

    def read(self, key: str) -> Any:
        for value, _label in self.choices:
            if self.write(value) == key:
                return value
        if not self.is_text or not key:  # what was a choice once is one of the values still
            raise UnknownPart
        return key

    def names(self, values: Iterable[Any]) -> dict[Any, str]:
        wanted, labels = set(values), dict(self.choices)
        order = [*labels, *sorted(wanted - set(labels), key=str)]
        return {value: str(labels.get(value, value)) for value in order if value in wanted}


@dataclass(frozen=True)
class Related(Grouping):
    """By a record of another kind that a row names: a person, a team, a stage."""

    model: Any = None
    name: str = ""  # where its name stands in it; itself as a text where that is nowhere

    def read(self, key: str) -> int:
        if not re.fullmatch(r"[1-9]\d{0,17}", key):
            raise UnknownPart
        return int(key)

    @property
    def is_ordered(self) -> bool:
        return any(field.name == "position" for field in self.model._meta.get_fields())

    def names(self, values: Iterable[Any]) -> dict[Any, str]:
        named = self.model._base_manager.filter(pk__in=list(values))  # scoped: their names stand in the reader's rows
        rows = list(named.order_by(*self.model._meta.ordering, "pk"))
        said = [str(read(row, self.name) if self.name else row) for row in rows]
        found: dict[Any, str] = {}
        for row, name in zip(rows, said, strict=True):
            told = bracketed(name, self._beside(row)) if said.count(name) > 1 else name
            found[row.pk] = bracketed(name, row.pk) if told in found.values() else told
        return found

    def _beside(self, row: Any) -> Any:
        """What tells two of the same name apart: what they belong to, else their number."""
        order = self.model._meta.ordering
        above = [field.name for field in row._meta.fields if field.many_to_one and field.name in [*order, "team"]]
        return next((getattr(row, name) for name in above if getattr(row, name)), row.pk)


@dataclass(frozen=True)
class InTime(Grouping):
    """By the month or the week a day or moment lies in, in the reader's zone, as the list shows them."""

    of: Any = ""  # what the column is called, of which this is the month or week
    is_moment: bool = False
    is_week: bool = False

    is_in_time = True

    @property
    def key(self) -> Any:
        cut = TruncWeek if self.is_week else TruncMonth
        return Cast(cut(F(self.path)), DateField())

    def having(self, value: dt.date) -> Q:
        first, after = self._bound(value), self._bound(self.following(value))
        return Q(**{f"{self.path}__gte": first, f"{self.path}__lt": after})

    def _bound(self, day: dt.date) -> dt.date:
        return timezone.make_aware(dt.datetime.combine(day, dt.time())) if self.is_moment else day

    def start(self, day: dt.date) -> dt.date:
        return day - dt.timedelta(days=day.weekday()) if self.is_week else day.replace(day=1)

    def following(self, start: dt.date) -> dt.date:
        return start + dt.timedelta(days=7) if self.is_week else (start + dt.timedelta(days=31)).replace(day=1)

    def between(self, first: dt.date, last: dt.date) -> Iterator[dt.date]:
        """Every period from one to the other."""
        while first <= last:
            yield first
            first = self.following(first)

    def read(self, key: str) -> dt.date:
        try:
            day = dt.date.fromisoformat(key)
        except ValueError:
            raise UnknownPart from None
        if not 1 < day.year < dt.MAXYEAR or day != self.start(day):
            raise UnknownPart
        return day

    def write(self, value: dt.date) -> str:
        return value.isoformat()

    def names(self, values: Iterable[dt.date]) -> dict[dt.date, str]:
        said = formats.exact_date if self.is_week else formats.month_of  # a week by its Monday
        return {day: said(day) for day in sorted(values)}


# Which a list has ----------------------------------------------------------------------------------------------------


def groupings(list_class: type[List]) -> dict[str, Grouping]:
    """By code, what the reader may divide the rows of a list by."""
    return {found.code: found for column in list_class.all_columns() for found in of_column(list_class.model, column)}


def of_column(model: Any, column: Column) -> list[Grouping]:
    if column.divides is not None:
        value, choices = column.divides
        stored = value() if callable(value) else value
        return [Choice(column.code, column.label, f"held_{column.code}", stored, tuple(choices))]
    path = column.value or column.code
    if not isinstance(path, str):
        path = column.code if column.reads == (column.code,) else ""
    steps = path.split(".")
    field = _field(model, steps[0])
    if field is None:
        return []
    if field.many_to_one:
        return _through(field, column, steps[1:])
    return _of_field(field, column, field.name) if len(steps) == 1 else []


def _through(field: Any, column: Column, rest: list[str]) -> list[Grouping]:
    """By what a row names; by something it says itself, where that has choices."""
    related = field.related_model
    shown = _DISPLAY.fullmatch(rest[-1]) if len(rest) == 1 else None
    inner = _field(related, shown.group(1)) if shown else None
    if inner is not None:
        return _of_field(inner, column, f"{field.name}__{inner.name}")
    if len(rest) > 1 or getattr(related, "owner_field", "owner" if _field(related, "owner") else None):
        return []  # what belongs to somebody are records like the rows themselves, and as many
    return [Related(column.code, column.label, field.attname, None, related, ".".join(rest))]


def _of_field(field: Any, column: Column, path: str) -> list[Grouping]:
    if field.choices:
        is_text = isinstance(field, (models.CharField, models.TextField))
        return [Choice(column.code, column.label, path, None, tuple(field.flatchoices), is_text)]
    if isinstance(field, models.BooleanField):
        return [Choice(column.code, column.label, path, None, _yes_or_no(), False)]
    if isinstance(field, models.DateField):
        moment = isinstance(field, models.DateTimeField)
        month, week = bracketed(column.label, _("by month")), bracketed(column.label, _("by week"))
        return [
            InTime(f"{column.code}.month", month, path, None, column.label, moment),
            InTime(f"{column.code}.week", week, path, None, column.label, moment, True),
        ]
    return []


def _yes_or_no() -> tuple[tuple[bool, Any], ...]:
    return (True, gettext_lazy("yes")), (False, gettext_lazy("no"))


def _field(model: Any, name: str) -> Any:
    try:
        found = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return found if found.concrete else None
