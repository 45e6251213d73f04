"""Filters that apps above add to a list of an app below: what lies around its records.

    offered.offer(CustomerFilter, _("Tickets"), 20, tickets_open=HowMany(open_tickets, kinds=("ticket",), label=…))

A list, its saved views and its export have such a filter at once, and so has whatever stores the questions of a list.
It names the kinds of record it looks at: whoever may not view one of them is not offered it, and a question that asks
it is refused to them. What it counts are the records the asker may see.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.access import fields
from crm.access.permissions import Verb
from crm.web.lists.state import RANGE_ENDINGS


def offer(filterset_class: Any, group: Any, order: int, **offered: Any) -> None:
    """Called in `AppConfig.ready`. `group` is the heading the filters stand under in the form, at the place `order`."""
    taken = set(filterset_class.base_filters) & set(offered)
    if taken:
        raise ValueError(f"{filterset_class.__name__} has {', '.join(sorted(taken))} already.")
    for name, made in offered.items():
        made.field_name, made.group, made.group_place = name, group, order
        filterset_class.base_filters[name] = made


class ClosedField(forms.Field):
    """In the place of a filter that looks at what the asker's role does not show: it is not asked."""

    def clean(self, value: Any) -> Any:
        raise ValidationError(_("Your role does not show what this filter asks for."))


class Closed(filters.Filter):
    field_class = ClosedField


class WithOffers:
    """For a FilterSet that takes filters of other apps."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here: Any = self
        asked = set(names_of(here.data))
        for name in self.closed_names():
            label = here.filters.pop(name).label
            if name in asked:
                closed = Closed(field_name=name, label=label)
                closed.parent, closed.model = here, here.queryset.model
                here.filters[name] = closed

    def closed_names(self) -> list[str]:
        here: Any = self
        user = getattr(here.request, "user", None)
        return closed_to(user, here.filters, here.queryset.model)


def closed_to(user: Any, declared: Iterable[str] | Any, model: Any) -> list[str]:
    """The filters that the person may not ask: their roles show nothing of a kind they look at, or hide the field."""
    hidden = fields.hidden_of(model)
    found = []
    for name, each in declared.items():
        kinds = getattr(each, "kinds", ())
        unseen = kinds and (user is None or not all(user.access.may(kind, Verb.VIEW) for kind in kinds))
        reads = getattr(each, "reads", None)
        if unseen or name in hidden or (reads and reads[1] in fields.hidden(reads[0])):
            found.append(name)
    return found


def names_of(params: Iterable[str]) -> list[str]:
    """The filters that parameters are of: a range has two of them."""
    found = []
    for param in params:
        found += [param, *(param.removesuffix(ending) for ending in RANGE_ENDINGS if param.endswith(ending))]
    return found


# The form --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    label: str  # empty for the filters of the list's own app
    fields: list[Any]
    is_open: bool


def grouped(filterset: Any) -> list[Group]:
    """The form's fields under their headings; folded up where nothing of it is asked and nothing is wrong."""
    found: dict[tuple[int, str], list[Any]] = {}
    for bound in filterset.form.visible_fields():
        declared = filterset.filters.get(bound.name)
        key = (getattr(declared, "group_place", 0), str(getattr(declared, "group", "")))
        found.setdefault(key, []).append(bound)
    return [
        Group(label, members, not label or any(_is_said(bound) or bound.errors for bound in members))
        for (_place, label), members in sorted(found.items(), key=lambda one: one[0])
    ]


def _is_said(bound: Any) -> bool:
    value = bound.value()
    return any(each not in (None, "") for each in value) if isinstance(value, (list, tuple)) else bool(value)
