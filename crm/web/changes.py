"""What an event changed, in words: labels of fields, choices and dates as people read them, never what is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from crm.access import kinds
from crm.access.grants import access_of
from crm.custom_fields import known, values
from crm.joining import listed
from crm.models import CustomField, Event
from crm.web import formats

LONGEST = 160

# What a column of numbers names, by the column's name: apps say so of theirs (`say`).
_NAMED: dict[str, Callable[[list[int]], Iterable[Any]]] = {}


def say(column: str, names: Callable[[list[int]], Iterable[Any]]) -> None:
    _NAMED[column] = names


@dataclass(frozen=True)
class Change:
    """One field, before and after."""

    label: str
    before: str
    after: str
    is_hidden: bool = False  # that it was changed may be known, not what stood and stands there


def in_words(event: Event, user: Any) -> list[Change]:
    """The changed fields of an event whose data are pairs of before and after."""
    model: Any = kinds.get(event.subject_kind).model
    closed = access_of(user).hidden.get(event.subject_kind, frozenset())
    found = []
    for name, pair in event.data.items():
        if not isinstance(pair, list) or len(pair) != 2:
            continue
        custom = known.by_name(event.subject_kind, name)
        if name in closed:
            label = custom.title if custom else capfirst(str(_field(model, name).verbose_name))
            found.append(Change(label, "", "", is_hidden=True))
            continue
        if custom is not None:
            before, after = (custom_text(custom, stored) for stored in pair)
            found.append(Change(custom.title, before, after))
            continue
        field = _field(model, name)
        if field is not None:
            before, after = (text(field, stored, user) for stored in pair)
            found.append(Change(capfirst(str(field.verbose_name)), before, after))
    return found


def text(field: Any, stored: Any, user: Any) -> str:
    """A stored value of a field as a person would say it."""
    if stored in (None, ""):
        return formats.NOTHING
    if isinstance(stored, dict):
        return label(field.related_model, stored, user)
    if isinstance(stored, list):
        named = _NAMED.get(field.name)
        return listed(named(stored) if named and stored else stored) or formats.NOTHING
    if isinstance(stored, bool):
        return _("yes") if stored else _("no")
    if field.choices:
        return str(dict(field.flatchoices).get(stored, stored))
    return Truncator(_by_type(field, stored)).chars(LONGEST)


def custom_text(field: CustomField, stored: Any) -> str:
    """The same of a field the administrator defined."""
    value = values.python(field, stored)
    if value is None:
        return formats.NOTHING
    if field.type == CustomField.Type.DATE:
        return formats.exact_date(value)
    if field.type in (CustomField.Type.NUMBER, CustomField.Type.DECIMAL):
        return formats.precise(value)
    return Truncator(values.in_words(field, stored)).chars(LONGEST)


def label(model: Any, stored: dict[str, Any], user: Any) -> str:
    """What the event calls another record, for whoever may see that record."""
    is_everyones = not hasattr(model, "kind") or (
        getattr(model, "owner_field", "owner") is None and getattr(model, "team_field", "team") is None
    )
    if is_everyones or model.objects.visible_to(user).filter(pk=stored.get("id")).exists():
        return str(stored.get("label", ""))
    return _("one you cannot see")


def _by_type(field: Any, stored: Any) -> str:
    if isinstance(field, models.DateTimeField) and (moment := parse_datetime(str(stored))):
        return formats.exact(moment)
    if isinstance(field, models.DateField) and (day := parse_date(str(stored)[:10])):
        return formats.exact_date(day)
    if isinstance(field, models.DurationField):
        return formats.duration(stored)
    if isinstance(field, models.DecimalField):
        return formats.number(Decimal(str(stored)))
    if isinstance(field, models.IntegerField) and not isinstance(field, models.PositiveSmallIntegerField):
        return formats.number(stored)  # a small one may be a year
    return str(stored)


def _field(model: Any, name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
