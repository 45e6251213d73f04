"""A record's rules, asked of the database in as few statements as there can be."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import connections, models, router
from django.db.models import BaseConstraint, CheckConstraint, Q, UniqueConstraint


class CheckedTogether(models.Model):
    """Asks all check constraints at once, and whether all the records are there that it names; only where one fails is
    each asked by itself, for its message.

    Django asks them one by one, a constraint with three statements inside a transaction: it was half of what a new
    customer cost.
    """

    class Meta:
        abstract = True

    _passed = False

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        super().clean_fields({*(exclude or ()), *self._keys_that_lead_somewhere()})

    def _keys_that_lead_somewhere(self) -> list[str]:
        """Names of foreign keys whose record is at hand, or else there. What is taken away in this very moment the
        database's own constraint refuses, as it would a moment after it was asked."""
        keys = [(field, self.__dict__.get(field.attname)) for field in _keys(type(self))]
        known = [(field, key) for field, key in keys if isinstance(key, int)]
        asked = [(field, key) for field, key in known if not self._has_at_hand(field, key)]
        if asked and not _are_there(asked, router.db_for_write(type(self), instance=self)):
            known = [each for each in known if each not in asked]
        return [field.name for field, _key in known]

    def _has_at_hand(self, field: Any, key: int) -> bool:
        record = field.get_cached_value(self, default=None)
        return record is not None and record.pk == key and not record._state.adding

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        self._passed = self._passes_all(exclude)
        try:
            super().validate_constraints(exclude)
        except ValidationError as error:
            raise self._at_their_fields(error) from None
        finally:
            self._passed = False

    def get_constraints(self) -> list[tuple[type[models.Model], Sequence[BaseConstraint]]]:
        constraints: list[Any] = super().get_constraints()
        if not self._passed:
            return constraints
        return [(model, [one for one in own if self._is_still_to_be_asked(one)]) for model, own in constraints]

    def _is_still_to_be_asked(self, constraint: BaseConstraint) -> bool:
        if isinstance(constraint, UniqueConstraint):
            return not any(self.__dict__.get(name) == "" for name in _once_if_said(constraint))
        return not isinstance(constraint, CheckConstraint)

    def _at_their_fields(self, error: ValidationError) -> ValidationError:
        """What speaks of one field, and has no sentence of its own, is told there."""
        fields = _of_one_field(type(self))
        found: dict[str, list[Any]] = {}
        for name, messages in error.error_dict.items():
            for each in messages:
                place = fields.get(str(each.message), name) if name == NON_FIELD_ERRORS else name
                found.setdefault(place, []).append(each)
        return ValidationError(found)

    def _passes_all(self, exclude: Collection[str] | None) -> bool:
        values = self._get_field_expression_map(meta=self._meta, exclude=exclude)  # type: ignore[attr-defined]
        asked = Q(*(condition for condition, fields in _checks(type(self)) if fields <= values.keys()))
        return not asked or asked.check(values, using=router.db_for_write(type(self), instance=self))


@cache
def _checks(model: type[models.Model]) -> list[tuple[Q, frozenset[str]]]:
    """Each condition with the fields it speaks of: one that speaks of a field left out is not asked."""
    owners = [model, *model._meta.all_parents]
    conditions = [
        Q(one.condition) for owner in owners for one in owner._meta.constraints if isinstance(one, CheckConstraint)
    ]
    return [(condition, frozenset(condition.referenced_base_fields)) for condition in conditions]


def _once_if_said(constraint: UniqueConstraint) -> list[str]:
    """Fields of which the constraint says that only what is not empty stands there once."""
    condition = constraint.condition
    if condition is None or condition.connector != Q.AND:
        return []
    said = [condition] if condition.negated else condition.children
    return [name for name in constraint.fields if ~Q(**{name: ""}) in said]


@cache
def _keys(model: type[models.Model]) -> list[models.ForeignKey[Any, Any]]:
    """The foreign keys that may lead to any record of the other table."""
    fields = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    return [field for field in fields if not field.get_limit_choices_to() and field.target_field.primary_key]


def _are_there(keys: Sequence[tuple[Any, int]], using: str) -> bool:
    connection = connections[using]
    quoted = connection.ops.quote_name
    each = [
        f"EXISTS (SELECT FROM {quoted(field.related_model._meta.db_table)} "
        f"WHERE {quoted(field.target_field.column)} = %s)"
        for field, _key in keys
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {' AND '.join(each)}", [key for _field, key in keys])
        return bool(cursor.fetchone()[0])


def _of_one_field(model: type[models.Model]) -> dict[str, str]:
    """By what is said where it is broken, the field of each such constraint. In the language of the reader."""
    owners = [model, *model._meta.all_parents]
    checks = [one for owner in owners for one in owner._meta.constraints if isinstance(one, CheckConstraint)]
    found = {}
    for one in checks:
        fields = Q(one.condition).referenced_base_fields
        if one.violation_error_message == one.default_violation_error_message and len(fields) == 1:
            found[str(one.get_violation_error_message())] = min(fields)
    return found
