"""What a formula may name: the fields of a kind that apps declare, and the organisation's own. Nothing else is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django.db import models
from django.db.models import F
from django.utils.translation import gettext as _

from crm.custom_fields import sorting
from crm.custom_fields.formulas import expressions
from crm.custom_fields.formulas.reading import Refused
from crm.custom_fields.formulas.types import OWN_CURRENCY, Part, Type
from crm.models.custom_field import CustomField

PREFIX = "custom_"
Kept = CustomField.Type


@dataclass(frozen=True)
class Readable:
    """A field of a kind by the name it has in formulas. `make` is asked for the expression each time."""

    name: str
    type: Type
    make: Callable[[], Any]
    currency: str | None = None
    codes: Callable[[], Iterable[str]] | None = None  # of a field to choose from

    @property
    def part(self) -> Part:
        return Part(self.type, self.make(), currency=self.currency, codes=tuple(self.codes()) if self.codes else None)


_declared: dict[str, dict[str, Readable]] = {}


def declare(
    model: Any, *names: str, amounts: Mapping[str, str] | None = None, others: tuple[Readable, ...] = ()
) -> None:
    """The columns that formulas of a kind may name. Called in `AppConfig.ready`.

    `amounts` are those that are money, with the column of their currency or OWN_CURRENCY; `others` are what is no
    column, under a name that is none either.
    """
    found = [_of_column(model._meta.get_field(name), None) for name in names]
    found += [_of_column(model._meta.get_field(name), currency) for name, currency in (amounts or {}).items()]
    _declared[model.kind] = {readable.name: readable for readable in (*found, *others)}


def declared(kind: str) -> Mapping[str, Readable]:
    return _declared.get(kind, {})


def find(kind: str, name: str, at: int, fields: Mapping[str, CustomField]) -> tuple[str, Part]:
    """What a name stands for, and its name in full; `fields` are those of the organisation, by code."""
    if own := declared(kind).get(name):
        return name, own.part
    field = fields.get(name.removeprefix(PREFIX))
    if field is None:
        raise Refused(_unknown(kind, name, fields), at)
    if field.is_computed:
        raise Refused(_("“%(name)s” is a formula: a formula counts with fields only.") % {"name": name}, at)
    if field.type == Kept.CHOICES:
        raise Refused(_("“%(name)s” has several values: a formula takes fields with one.") % {"name": name}, at)
    return field.name, _of_custom(field)


def _unknown(kind: str, name: str, fields: Mapping[str, CustomField]) -> str:
    theirs = [field.name for field in fields.values() if not field.is_computed]
    close = get_close_matches(name, [*declared(kind), *theirs], n=1, cutoff=0.6)
    if close:
        return _("“%(name)s” is unknown. Do you mean “%(other)s”?") % {"name": name, "other": close[0]}
    return _("“%(name)s” is unknown.") % {"name": name}


def _of_custom(field: CustomField) -> Part:
    text = sorting.text_of(field)
    if field.type in sorting.NUMBERS:
        return Part(Type.NUMBER, sorting.number_of(field))
    if field.type == Kept.DATE:
        return Part(Type.DATE, expressions.kept_day(text))
    if field.type == Kept.BOOLEAN:
        return Part(Type.YES_NO, expressions.kept_yes_no(text))
    codes = [option.code for option in field.options] if field.type == Kept.CHOICE else None
    return Part(Type.TEXT, expressions.text(text), codes=codes)


def _of_column(column: Any, currency: str | None) -> Readable:
    name = column.name

    def made(type: Type, make: Callable[[Any], Any], codes: Callable[[], Iterable[str]] | None = None) -> Readable:
        return Readable(name, type, lambda: make(F(name)), currency, codes)

    if isinstance(column, models.BooleanField):
        return made(Type.YES_NO, lambda part: part)
    if isinstance(column, models.DateTimeField):
        return made(Type.DATE, lambda part: expressions.moment_as_day(name))
    if isinstance(column, models.DateField):
        return made(Type.DATE, lambda part: part)
    if isinstance(column, (models.IntegerField, models.DecimalField)):
        return made(Type.NUMBER, expressions.number)
    codes = (lambda: [str(code) for code, _label in column.flatchoices]) if column.choices else None
    return made(Type.TEXT, expressions.text, codes)


__all__ = ["OWN_CURRENCY", "Readable", "declare", "declared", "find"]
