"""What a rule of the database says to a person when it has no sentence of its own: which fields, and within what."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.apps import apps
from django.db.models import CheckConstraint, F, Model, Q, UniqueConstraint
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.joining import labelled, listed

BOUNDS = {
    "gte": gettext_noop("at least %(value)s"),
    "gt": gettext_noop("more than %(value)s"),
    "lte": gettext_noop("at most %(value)s"),
    "lt": gettext_noop("less than %(value)s"),
}


def give_words() -> None:
    """Called once all models are there. On the constraint in use, not in its definition: migrations see nothing."""
    for model in apps.get_models():
        for one in model._meta.constraints:
            words = WORDS.get(type(one))
            if words is not None and one.violation_error_message == one.default_violation_error_message:
                vars(one)["get_violation_error_message"] = partial(words, model, one)


def told_of_another(model: type[Model], constraint: UniqueConstraint) -> str:
    named = [*constraint.fields, *(name for name, _lookup, _value in _leaves(constraint.condition))]
    for expression in constraint.expressions:
        named += _columns(expression)
    labels = [label for name in dict.fromkeys(named) if (label := _label(model, name))]
    return labelled(_("There is another one with the same"), listed(labels))


def told(model: type[Model], constraint: CheckConstraint) -> str:
    asked = list(_leaves(Q(constraint.condition)))
    names = [name for name in dict.fromkeys(name for name, _lookup, _value in asked) if _label(model, name)]
    labels = listed(_label(model, name) for name in names)
    bounds = [(BOUNDS[lookup], value) for _name, lookup, value in asked if lookup in BOUNDS]
    if len(names) == 1 and len(bounds) == len(asked) and all(isinstance(value, int) for _words, value in bounds):
        return labelled(capfirst(labels), listed(_(words) % {"value": value} for words, value in bounds))
    if not names:
        return _("This cannot stand here.")
    if len(names) == 1:
        return labelled(capfirst(labels), _("This cannot stand here."))
    return labelled(_("These do not fit each other"), labels)


WORDS: dict[type, Any] = {CheckConstraint: told, UniqueConstraint: told_of_another}


def _leaves(condition: Any) -> Iterator[tuple[str, str, Any]]:
    """Each thing that is asked: the field, how, and what it is held against."""
    if isinstance(condition, Q):
        for child in condition.children:
            yield from _leaves(child)
    elif isinstance(condition, tuple):
        path, value = condition
        name, _sign, lookup = path.partition("__")
        yield name, lookup, value
        if hasattr(value, "name"):  # another field
            yield value.name, "", None


def _columns(expression: Any) -> list[str]:
    """The fields that an expression is made of."""
    if isinstance(expression, F):
        return [str(vars(expression)["name"])]
    return [name for part in expression.get_source_expressions() for name in _columns(part)]


def _label(model: type[Model], name: str) -> str:
    if name in ("pk", "id") or name not in {field.name for field in model._meta.fields}:
        return ""
    return str(getattr(model._meta.get_field(name), "verbose_name", name))
