"""Indexes that several kinds declare alike."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import Q


def for_sorting(noun: str, *fields: str, sometimes: Iterable[str] = ()) -> list[models.Index]:
    """What a list sorted by a column walks along instead of sorting every row; named `noun_by_field`.

    `sometimes` are columns that may hold nothing: rows without a value come last in a list, from a query of their own.
    """
    alive = Q(deleted_at=None)
    always = [models.Index(fields=[name, "id"], name=f"{noun}_by_{name}", condition=alive) for name in fields]
    return always + [
        models.Index(fields=[name, "id"], name=f"{noun}_by_{name}", condition=alive & Q(**{f"{name}__isnull": False}))
        for name in sometimes
    ]
