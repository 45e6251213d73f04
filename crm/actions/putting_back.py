"""How each table gets back what it was: by the actions of its app, part by part, the last change first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction

from crm.actions.since import Conflict, as_changes, label_of, values_of
from crm.joining import clauses
from crm.models import OperationPart

Act = Callable[..., Any]
BIN = "deleted_at"


@dataclass(frozen=True)
class Way:
    """What an app says of one of its tables; where it says nothing, `records` does it."""

    restore: Act | None = None  # (record, changes, by=, at=)
    out_of_bin: Act | None = None  # (record, by=, at=)
    take_away: Act | None = None  # (rows that were added, by=, at=)
    make_again: Act | None = None  # (columns of a row that was taken away, by=, at=)


_ways: dict[str, Way] = {}


def restored_with(
    table: str,
    restore: Act | None = None,
    *,
    out_of_bin: Act | None = None,
    take_away: Act | None = None,
    make_again: Act | None = None,
) -> None:
    """Records of this table get their old values, or come out of the bin, by actions of their app; rows that were added
    or taken away are taken away or made again by them."""
    said = {"restore": restore, "out_of_bin": out_of_bin, "take_away": take_away, "make_again": make_again}
    _ways[table] = replace(_ways.get(table, Way()), **{name: act for name, act in said.items() if act is not None})


def put_back(parts: Iterable[OperationPart], *, left: set[tuple[str, int]], by: Any, at: datetime) -> list[Conflict]:
    """Each record but those in `left`. What an action refuses stays as it is and is returned with the reason."""
    refused: list[Conflict] = []
    for part in parts:
        model: Any = apps.get_model(part.table)
        way = _ways.get(part.table, Way())
        if not part.after:
            _act(way.make_again, values_of(model, part.before), by=by, at=at)
            continue
        rows = [
            row
            for row in model._base_manager.filter(pk__in=part.ids).order_by("pk")
            if (part.table, row.pk) not in left
        ]
        if not part.before:
            _act(way.take_away, rows, by=by, at=at)
            continue
        for row in rows:
            try:
                with transaction.atomic():
                    _one(way, row, as_changes(model, part.before), by=by, at=at)
            except ValidationError as error:
                left.add((part.table, row.pk))
                refused.append(Conflict(part.table, row.pk, label_of(row), clauses(error.messages)))
    return refused


def _one(way: Way, row: Any, changes: dict[str, Any], *, by: Any, at: datetime) -> None:
    from crm.actions import records  # it notes its changes in the journal

    if set(changes) == {BIN}:
        (way.out_of_bin or records.restore)(row, by=by, at=at)
    else:
        (way.restore or records.update)(row, changes, by=by, at=at)


def _act(act: Act | None, given: Any, *, by: Any, at: datetime) -> None:
    if act is None:
        raise LookupError("Rows are noted as added or taken away that nobody knows how to take back.")
    act(given, by=by, at=at)
