"""Pages by the last row seen, forwards and backwards, equally fast at any depth."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from django.core import signing
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, QuerySet

from crm import keyset
from crm.web.lists import ways

SALT = "crm.web.lists.cursor"
COUNTED = 10_000  # beyond this a count says "10,000+": counting a million rows costs more than the page


class BadCursor(Exception):
    """A place in the list that was not given out by this list in this order."""


@dataclass(frozen=True)
class Order:
    """The order of a list: one declared path and the primary key, in one direction; rows without a value come last."""

    code: str  # as in the address: "-updated_at"
    path: str
    nullable: bool

    @property
    def descending(self) -> bool:
        return self.code.startswith("-")

    def value_of(self, row: Any) -> Any:
        value = row
        for name in self.path.split("__"):
            value = getattr(value, name, None)
        return value

    def sort(self, queryset: QuerySet, *, valued: bool, backwards: bool) -> QuerySet:
        down = self.descending != backwards
        fields = [self.path, "pk"] if valued and self.path != "pk" else ["pk"]
        return queryset.order_by(*(F(name).desc() if down else F(name).asc() for name in fields))

    def after(self, queryset: QuerySet, place: Place, *, backwards: bool) -> QuerySet:
        down = self.descending != backwards
        if place.valued and self.path != "pk":
            return keyset.after(queryset, [self.path, "pk"], [place.value, place.pk], descending=down)
        return queryset.filter(pk__lt=place.pk) if down else queryset.filter(pk__gt=place.pk)


@dataclass(frozen=True)
class Place:
    """Where a row stands: its value and key, or only its key among those without a value."""

    value: Any
    pk: int
    valued: bool = True


@dataclass
class Page:
    rows: list[Any]
    before: str = ""  # cursors; empty where there is nothing
    after: str = ""
    is_first: bool = True
    notice: bool = False  # the place asked for was not one of this list


@dataclass
class Pager:
    """Cuts one page out of a queryset. Costs one query; two where the rows without a value begin."""

    queryset: QuerySet
    order: Order
    size: int
    segments: list[bool] = field(init=False)

    def __post_init__(self) -> None:
        # Rows without a value last, whatever the direction: two plain index scans instead of an expression
        # that no index matches.
        self.segments = [True, False] if self.order.nullable else [True]

    def page(self, after: str = "", before: str = "") -> Page:
        if not after and not before:
            return self.first()
        try:
            place = self.place(after or before)
        except BadCursor:
            page = self.first()
            page.notice = True
            return page
        if after:
            rows = self.walk(place, backwards=False)
            return self.cut(rows, more_before=True)
        rows = self.walk(place, backwards=True)
        if len(rows) <= self.size:
            return self.first()  # a full first page rather than the few rows that are left
        return self.cut_backwards(rows)

    def first(self) -> Page:
        return self.cut(self.walk(None, backwards=False), more_before=False)

    def cut(self, rows: list[Any], *, more_before: bool) -> Page:
        more = len(rows) > self.size
        rows = rows[: self.size]
        return Page(
            rows,
            before=self.cursor(rows[0]) if rows and more_before else "",
            after=self.cursor(rows[-1]) if more else "",
            is_first=not more_before,
        )

    def cut_backwards(self, rows: list[Any]) -> Page:
        rows = rows[: self.size][::-1]
        return Page(rows, before=self.cursor(rows[0]), after=self.cursor(rows[-1]), is_first=False)

    def walk(self, place: Place | None, *, backwards: bool) -> list[Any]:
        """One row more than a page holds, in walking order, starting after `place`."""
        rows: list[Any] = []
        segments = self.segments[::-1] if backwards else self.segments
        if place is not None:
            segments = segments[segments.index(place.valued) :]
        for valued in segments:
            part = self.segment(valued)
            if place is not None and place.valued == valued:
                part = self.order.after(part, place, backwards=backwards)
            missing = self.size + 1 - len(rows)
            if missing > 0:
                ordered = partial(self.order.sort, valued=valued, backwards=backwards)
                rows += ways.first(part, self.order.path, ordered, missing)
        return rows

    def segment(self, valued: bool) -> QuerySet:
        if not self.order.nullable:
            return self.queryset
        return self.queryset.filter(**{f"{self.order.path}__isnull": not valued})

    # Cursors -------------------------------------------------------------------------------------------------------

    def cursor(self, row: Any) -> str:
        value = self.order.value_of(row)
        return signing.dumps([self.order.code, _as_text(value), row.pk], salt=SALT, compress=True)

    def place(self, cursor: str) -> Place:
        try:
            code, text, pk = signing.loads(cursor, salt=SALT)
        except (signing.BadSignature, ValueError, TypeError):
            raise BadCursor from None
        if code != self.order.code or (text is None and not self.order.nullable):
            raise BadCursor
        try:
            value = self.to_python(text)
        except (ValidationError, ValueError, TypeError):
            raise BadCursor from None
        return Place(value, pk, valued=text is not None)

    def to_python(self, text: str | None) -> Any:
        if text is None:
            return None
        return field_at(self.queryset, self.order.path).to_python(text)


def _as_text(value: Any) -> Any:
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return str(value)
    return str(value) if isinstance(value, Decimal) else value


def field_at(queryset: QuerySet, path: str) -> Any:
    """The model field at the end of "owner__name", or what an annotation of that name gives out."""
    if path in queryset.query.annotations:
        return queryset.query.annotations[path].output_field
    model: Any = queryset.model
    found: Any = None
    for name in path.split("__"):
        found = model._meta.pk if name == "pk" else model._meta.get_field(name)
        model = found.related_model
    return found


def is_nullable(queryset: QuerySet, path: str) -> bool:
    """Whether a row may have no value there. Of an annotation we cannot know, so it may."""
    if path in queryset.query.annotations:
        return True
    model: Any = queryset.model
    for name in path.split("__"):
        if name == "pk":
            return False
        try:
            found = model._meta.get_field(name)
        except FieldDoesNotExist:
            return True
        if found.null or found.auto_created:
            return True
        model = found.related_model
    return False


def once_each(queryset: QuerySet) -> QuerySet:
    """Filters of several values ask for DISTINCT always: whole rows are compared, although only a join to many rows
    could bring one twice."""
    joins = [join for join in queryset.query.alias_map.values() if join.parent_alias]
    whole = queryset.query.distinct and not queryset.query.distinct_fields
    if whole and all(join.join_field.many_to_one or join.join_field.one_to_one for join in joins):
        queryset = queryset.all()
        queryset.query.distinct = False
    return queryset


@dataclass(frozen=True)
class Count:
    """How many rows match: exact up to `most`, beyond that only that they are more."""

    value: int
    most: int = COUNTED

    @classmethod
    def of(cls, queryset: QuerySet, most: int = COUNTED) -> Count:
        return cls(ways.count(queryset, most + 1), most)

    @property
    def is_exact(self) -> bool:
        return self.value <= self.most

    @property
    def shown(self) -> int:
        return min(self.value, self.most)
