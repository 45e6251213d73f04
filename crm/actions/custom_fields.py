"""What an administrator does with custom fields beyond writing them down."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy

from crm.custom_fields import known
from crm.custom_fields.formulas import compiling
from crm.joining import listed
from crm.models.custom_field import CustomField
from crm.search import documents

BATCH = 500
IN_FORMULAS = gettext_lazy("Formulas count with it: %(names)s. Change them first.")


def holders(field: CustomField) -> models.QuerySet[Any]:
    """Every record with a value in the field, those in the bin too."""
    model = known.takers()[field.kind]
    found: models.QuerySet[Any] = model._base_manager.filter(custom__has_key=field.code).exclude(custom={})
    return found


def is_used(field: CustomField) -> bool:
    return field.pk is not None and field.kind in known.takers() and holders(field).exists()


def choices_in_use(field: CustomField, codes: Iterable[str]) -> list[str]:
    """Those of the choices that some record has."""
    return [code for code in codes if holders(field).filter(_having(field, code)).exists()]


def formulas_with(field: CustomField, *, retired: bool) -> list[str]:
    """What the formulas are called that count with a field; those that are `retired` may come back."""
    found = CustomField.objects.counting_with(field)
    return [formula.title for formula in (found if retired else found.active())]


def formulas_without(field: CustomField, codes: Iterable[str]) -> list[str]:
    """What the formulas are called that compare with one of these choices, retired formulas too."""
    fields = {one.code: one for one in CustomField.objects.existing().filter(kind=field.kind).with_options()}
    found = [one for one in CustomField.objects.counting_with(field) if compiling.means_something(one, fields)]
    of_field = fields[field.code]
    of_field.options = [option for option in of_field.options if option.code not in set(codes)]
    return [formula.title for formula in found if not compiling.means_something(formula, fields)]


@transaction.atomic
def write_formula(field: CustomField) -> None:
    """Put the formula on the field as it is kept. `Refused` says what is wrong with it.

    What it may count with is locked meanwhile: nobody retires it before the formula is there.
    """
    fields = CustomField.objects.existing().filter(kind=field.kind).with_options().select_for_update()
    field.formula, field.reads = compiling.check(field.kind, field.formula, field.result, fields)


@transaction.atomic
def delete(field: CustomField) -> bool:
    """One that never held anything is gone; one that does is retired. Returns whether it is gone."""
    locked = CustomField.objects.select_for_update().get(pk=field.pk)
    if names := formulas_with(locked, retired=True):
        raise ValidationError(IN_FORMULAS % {"names": listed(names)})
    is_gone = not is_used(locked)
    locked.is_retired = True
    locked.is_deleted = is_gone
    locked.save(update_fields=["is_retired", "is_deleted"])
    known.forget()
    return is_gone


def reindex(field: CustomField) -> None:
    """Search finds what it should by the field as it is now defined."""
    known.forget()
    last = 0
    while True:
        rows: list[Any] = list(holders(field).filter(pk__gt=last, deleted_at=None).order_by("pk")[:BATCH])
        if not rows:
            return
        documents.refresh_many(rows)
        last = rows[-1].pk


def _having(field: CustomField, code: str) -> Q:
    several = field.type == CustomField.Type.CHOICES
    return Q(custom__contains={field.code: [code] if several else code})
