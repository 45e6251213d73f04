"""Search catches up with a custom field that is found by now, or no longer."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from crm.actions import custom_fields
from crm.models import CustomField


@shared_task(name="crm.reindex_custom_field")
def reindex_custom_field(*, field_id: int, **_: Any) -> None:
    field = CustomField.objects.filter(pk=field_id).first()
    if field is not None:
        custom_fields.reindex(field)
