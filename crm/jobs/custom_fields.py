"""Search catches up with a custom field that is found by now, or no longer."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from crm.access import fields
from crm.actions import custom_fields
from crm.models import CustomField
from crm.search import quoting, rebuilding


@shared_task(name="crm.reindex_custom_field")
def reindex_custom_field(*, field_id: int, **_: Any) -> None:
    field = CustomField.objects.filter(pk=field_id).first()
    if field is not None:
        custom_fields.reindex(field)


@shared_task(name="crm.reindex_kind")
def reindex_kind(*, kind: str, **_: Any) -> None:
    """The records of a kind, and those that are found by the same words, are found as roles have it now."""
    for each in (kind, *quoting.kinds_quoting(kind, fields.KEPT_APART)):
        for _done in rebuilding.rebuild(each):
            pass
