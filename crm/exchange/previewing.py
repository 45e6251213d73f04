"""What the first rows of a file would become, while the columns are still being chosen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from crm.exchange import declaring, planning, profiles
from crm.exchange.drafts import Refused, Row, Run
from crm.exchange.mapping import Mapper
from crm.models.import_batch import ImportBatch, ImportRow

SHOWN = 5


def first_rows(batch: ImportBatch, content: dict[str, Any], *, at: datetime) -> tuple[list[str], list[dict[str, Any]]]:
    """The labels of the chosen fields, and for each of the first rows its values and what would become of it."""
    profile = profiles.understand(declaring.get(batch.target), content, batch.heads)
    mapper = Mapper(profile, batch.heads)
    run = Run(user=batch.by, at=at, is_dry=True, profile=profile)
    rows = [Row(number, cells, bunch=number) for number, cells in batch.lines.values_list("number", "cells")[:SHOWN]]
    with transaction.atomic():
        planning.plan(rows, mapper, run)
    sources = [*profile.sources, *(source for step in profile.steps for source in step.sources)]
    labels = dict(ImportRow.Outcome.choices)
    heads = [str(source.field.label) for source in sources]
    return heads, [
        {
            "number": row.number,
            "cells": [(head, _text(row, mapper, source)) for head, source in zip(heads, sources, strict=True)],
            "outcome": labels[row.outcome],
            "is_wrong": row.outcome in (ImportRow.Outcome.ERROR, ImportRow.Outcome.SKIPPED),
            "reason": row.reason,
        }
        for row in rows
    ]


def sample(batch: ImportBatch, count: int = 3) -> list[list[str]]:
    """The first cells of each column that say something."""
    rows = list(batch.lines.values_list("cells", flat=True)[:50])
    return [
        list(dict.fromkeys(cells[place] for cells in rows if len(cells) > place and cells[place]))[:count]
        for place in range(len(batch.heads))
    ]


def _text(row: Row, mapper: Mapper, source: Any) -> str:
    if len(row.cells) != len(mapper.heads):
        return ""
    try:
        return mapper.text(row, source)
    except Refused:
        return ""  # the row's own reason says why
