"""A record's check constraints, asked of the database in one statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, router
from django.db.models import BaseConstraint, CheckConstraint, Q


class CheckedTogether(models.Model):
    """Asks all check constraints at once; only where one fails is each asked by itself, for its message.

    Django asks them one by one, with three statements each inside a transaction: it was half of what a new customer
    cost.
    """

    class Meta:
        abstract = True

    _passed = False

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
        return [(model, [one for one in own if not isinstance(one, CheckConstraint)]) for model, own in constraints]

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
