"""Filters as chips: what narrows the list, each with a link that takes it away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.forms import ModelChoiceField
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crm.joining import listed
from crm.web import formats
from crm.web.lists.state import RANGE_ENDINGS, State


@dataclass(frozen=True)
class Chip:
    label: str
    text: str
    remove: str  # the query string without it


@dataclass(frozen=True)
class Refusal:
    """A filter value nobody can use, with the name of its field."""

    label: str
    errors: list[str]
    remove: str


def bound(filterset_class: Any, asked: QueryDict, queryset: QuerySet, request: Any) -> Any:
    """The filters that are asked, bound. Each is copied and makes a field, which for the few dozen that a list may
    have takes as long as the rows of its page."""
    found = filterset_class.__new__(filterset_class)
    # What the class declares, seen through the instance: django-filter copies from here.
    found.base_filters = {
        name: declared for name, declared in filterset_class.base_filters.items() if params_of(asked, name)
    }
    found.__init__(asked, queryset=queryset, request=request)
    return found


def chips(filterset: Any, state: State) -> list[Chip]:
    cleaned = getattr(filterset.form, "cleaned_data", {})
    found = []
    for name in filterset.filters:
        params = params_of(state.filters, name)
        if params and cleaned.get(name) is not None:
            text = listed(words(filterset.form.fields[name], cleaned[name]))
            found.append(Chip(label_of(filterset, name), text, state.query(without=params)))
    return found


def refusals(filterset: Any, state: State) -> list[Refusal]:
    errors = filterset.form.errors
    return [
        Refusal(label_of(filterset, name), list(errors[name]), state.query(without=params_of(state.filters, name)))
        for name in errors
        if name in filterset.filters
    ]


def params_of(asked: QueryDict, name: str) -> list[str]:
    """The parameters of one filter: a range has two."""
    return [param for param in asked if param == name or param in [name + ending for ending in RANGE_ENDINGS]]


def label_of(filterset: Any, name: str) -> str:
    return capfirst(str(filterset.form.fields[name].label or filterset.filters[name].label or name))


def words(field: Any, value: Any) -> Iterator[str]:
    """A filter's value as a person would say it."""
    if isinstance(value, slice):
        low, high = _one(value.start), _one(value.stop)
        yield (
            _("%(low)s to %(high)s") % {"low": low, "high": high}
            if low and high
            else (_("from %(low)s") % {"low": low} if low else _("up to %(high)s") % {"high": high})
        )
    elif isinstance(field, ModelChoiceField):
        yield from ([str(value)] if hasattr(value, "pk") else [str(one) for one in value or ()])
    elif isinstance(value, (list, tuple, set)):
        labels = _labels(field)
        yield from (str(labels.get(str(one), one)) for one in value)
    else:
        yield str(_labels(field).get(str(value), _one(value)))


def _labels(field: Any) -> dict[str, Any]:
    labels: dict[str, Any] = {}
    for value, label in getattr(field, "choices", ()):
        if isinstance(label, (list, tuple)):
            labels.update((str(inner), text) for inner, text in label)
        else:
            labels[str(value)] = label
    return labels


def _one(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (dt.date, dt.datetime)):
        return formats.exact_date(value)
    return str(value)
