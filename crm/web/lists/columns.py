"""What a list shows of each row, declared once for the page and for the export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.markup import html
from crm.templatetags import components, values

Getter = str | Callable[[Any], Any]


@dataclass(frozen=True)
class Column:
    """One column. `value` is a path ("owner.name") or a function of the row; without it the code is the path.

    `sort` names the one model field or annotation to order by; without it the column cannot be ordered.
    `format`: text, ago, moment, day, number, exact, money, percent, points, duration, yesno, badge, person.
    `tones` gives a badge its tone by the stored value; `currency` and `unit` belong to money and number.
    `reads` names the fields a function of the row looks at, so that an export need not read the others, nor a page the
    records beside the row that no shown column looks at.
    `annotate` adds to the queryset what only this column needs, and only while it is shown.
    `is_wanted` shows a column of a custom field to whoever chose no columns.
    `adds_up`: the amounts of many rows may be added up, each at the rate of the day at this path ("now": of today).
    `divides`: what a chart divides the rows by where no field says it: the value in SQL, and its choices.
    """

    code: str
    label: Any
    value: Getter | None = None
    sort: str | None = None
    format: str = "text"
    link: bool = False
    url: Getter | None = None
    tones: Mapping[Any, str] = field(default_factory=dict)
    currency: Getter | None = None
    unit: Any = ""
    reads: tuple[str, ...] = ()
    annotate: Callable[[QuerySet], QuerySet] | None = None
    is_wanted: bool = False
    adds_up: str = ""
    divides: tuple[Any, tuple[tuple[Any, Any], ...]] | None = None

    @property
    def numeric(self) -> bool:
        return self.format in ("number", "exact", "money", "percent", "points", "duration")

    def shows(self, names: frozenset[str]) -> bool:
        """Whether the column tells one of these fields of its rows."""
        return bool(names) and not names.isdisjoint((self.code, self.value, self.sort))

    def stored(self, row: Any) -> Any:
        return read(row, self.value or self.code)

    def shown(self, row: Any) -> Any:
        """The value in words: a choice as its label."""
        path = self.value or self.code
        if isinstance(path, str) and "." not in path and _has_choices(type(row), path):
            return getattr(row, f"get_{path}_display")()
        return read(row, path)

    def currency_of(self, row: Any) -> str:
        return str(read(row, self.currency)) if self.currency else settings.CURRENCY

    def cell(self, row: Any) -> SafeString:
        """The value as HTML."""
        content = FORMATS[self.format](self, row)
        target = read(row, self.url) if self.url else row.get_absolute_url() if self.link else ""
        return html('<a href="{}">{}</a>', target, content) if target else content

    def cells(self, rows: Sequence[Any]) -> list[SafeString]:
        """The values of a page as HTML. Stages, tiers and people repeat from row to row, and are drawn once."""
        if not rows or not self._repeats(type(rows[0])):
            return [self.cell(row) for row in rows]
        drawn: dict[Any, SafeString] = {}
        found = []
        for row in rows:
            value = self.stored(row)
            if value not in drawn:
                drawn[value] = self.cell(row)
            found.append(drawn[value])
        return found

    def _repeats(self, model: Any) -> bool:
        """Whether a cell follows from a stored value that few rows have for themselves."""
        path = self.value or self.code
        if self.link or self.url or self.format not in ("text", "badge", "person") or not isinstance(path, str):
            return False
        return "." in path or _has_choices(model, path)

    def plain(self, row: Any) -> Any:
        """The value as an export keeps it: numbers stay numbers, moments are in the person's zone."""
        value = self.shown(row)
        if isinstance(value, dt.datetime):
            return timezone.localtime(value)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, (Model, Promise)):
            return str(value)
        return value


@dataclass(frozen=True)
class RowButton:
    """What is done with one row by itself: a button at its end that posts to the row's address, where it has one.

    It stands in the form of the bulk actions, and only for whoever has one of those.
    """

    label: Any
    url: Callable[[Any], str]

    def cell(self, row: Any) -> SafeString:
        target = self.url(row)
        if not target:
            return SafeString('<td role="cell"></td>')
        said = f"{self.label} {row}"
        return html(
            '<td role="cell"><button type="submit" class="btn btn-sm" formaction="{}" aria-label="{}">{}</button></td>',
            target, said, self.label,
        )  # fmt: skip


def read(row: Any, path: Getter) -> Any:
    """Follow "owner.name" from the row; nothing on the way is nothing at the end."""
    if callable(path):
        return path(row)
    value = row
    for name in _steps(path):
        value = value.get(name) if isinstance(value, dict) else getattr(value, name)
        if value is None:
            return None
        if callable(value) and not isinstance(value, Model):
            value = value()
    return value


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


@cache
def _has_choices(model: Any, name: str) -> bool:
    try:
        return bool(model._meta.get_field(name).choices)
    except (FieldDoesNotExist, AttributeError):
        return False


def _text(column: Column, row: Any) -> SafeString:
    value = column.shown(row)
    return values.number(None) if value is None or value == "" else html("{}", value)


def _badge(column: Column, row: Any) -> SafeString:
    value = column.shown(row)
    if value is None or value == "":
        return values.number(None)
    return components.badge(value, column.tones.get(column.stored(row), "neutral"))


def _person(column: Column, row: Any) -> SafeString:
    return values.person(column.shown(row))


def _yesno(column: Column, row: Any) -> SafeString:
    value = column.stored(row)
    return values.number(None) if value is None else html("{}", _("yes") if value else _("no"))


FORMATS: dict[str, Callable[[Column, Any], SafeString]] = {
    "text": _text,
    "badge": _badge,
    "person": _person,
    "yesno": _yesno,
    "ago": lambda column, row: values.ago(column.stored(row)),
    "moment": lambda column, row: values.moment(column.stored(row)),
    "day": lambda column, row: values.day(column.stored(row)),
    "month": lambda column, row: values.month(column.stored(row)),
    "number": lambda column, row: values.number(column.stored(row), column.unit),
    "exact": lambda column, row: values.exact(column.stored(row)),
    "money": lambda column, row: values.money(column.stored(row), column.currency_of(row)),
    "percent": lambda column, row: values.percent(column.stored(row)),
    "points": lambda column, row: values.points(column.stored(row)),
    "duration": lambda column, row: values.duration(column.stored(row)),
}
