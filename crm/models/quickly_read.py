from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

from django.db import models
from django.db.models.base import ModelState


class QuicklyRead(models.Model):
    """Rows that pages read by the hundred. Django asks of each of forty columns whether it was read, and then runs the
    whole constructor: a third of the time of a large export, which reads eight."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **how: Any) -> Self:
        if how:
            return super().from_db(db, field_names, values, **how)
        made = cls.__new__(cls)
        made.__dict__.update(zip(field_names, values, strict=True))
        made._state = ModelState()
        made._state.adding, made._state.db = False, db
        return made
