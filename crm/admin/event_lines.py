"""What an event kept, line by line, for administrators, who may see every record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop

from crm.access import kinds
from crm.joining import clauses, labelled, listed
from crm.models import Event
from crm.web import changes, formats

# What an event of an export keeps is no field of anything.
KEPT = (gettext_noop("List"), gettext_noop("Query"), gettext_noop("Format"))


def lines(event: Event) -> Iterator[tuple[str, str]]:
    """(name, value): a changed field as before → after, everything else as it is."""
    data = event.data
    if "changes" in data and "model" in data:  # of the configuration
        yield str(apps.get_model(data["model"])._meta.verbose_name), str(data.get("name", ""))
        yield from _lines(apps.get_model(data["model"]), data["changes"], event)
    else:
        yield from _lines(_model(event.subject_kind), data, event)


def _lines(model: Any, data: dict[str, Any], event: Event) -> Iterator[tuple[str, str]]:
    for name, value in data.items():
        field = _field(model, name)
        said = str(field.verbose_name) if hasattr(field, "verbose_name") else name.replace("_", " ")
        label = capfirst(said if field else gettext(capfirst(said)))  # a form's own field is called as on its page
        if isinstance(value, list) and len(value) == 2:
            before, after = (_text(field, stored, event) for stored in value)
            yield label, f"{before} → {after}"
        else:
            yield label, _text(field, value, event)


def _text(field: Any, stored: Any, event: Event) -> str:
    if isinstance(stored, dict) and "label" in stored:
        return str(stored["label"])
    if isinstance(stored, dict):
        return clauses(labelled(name, _text(None, value, event)) for name, value in stored.items())
    if isinstance(stored, list):
        return listed(_text(None, value, event) for value in stored) or formats.NOTHING
    if field is None or not hasattr(field, "flatchoices"):
        return formats.NOTHING if stored in (None, "") else str(stored)
    return changes.text(field, stored, event.by)


def _model(kind: str) -> Any:
    try:
        return kinds.get(kind).model
    except KeyError:
        return None


def _field(model: Any, name: str) -> Any:
    try:
        return model._meta.get_field(name) if model is not None else None
    except FieldDoesNotExist:
        return None
