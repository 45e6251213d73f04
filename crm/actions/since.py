"""What was changed since something was done to many records: that is left alone when it is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from crm.joining import listed
from crm.models import Operation, OperationPart


@dataclass(frozen=True)
class Conflict:
    """A record that undoing would leave as it is, and why."""

    table: str
    pk: int
    label: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        return {"table": self.table, "id": self.pk, "label": self.label, "reason": self.reason}


def conflicts(operation: Operation, of: Sequence[OperationPart] | None = None) -> list[Conflict]:
    """What was changed since, so that undoing would leave it as it is; of some of its parts where these are given."""
    found: list[Conflict] = []
    parts = list(operation.parts.all() if of is None else of)
    held = _held(parts)
    for part in parts:
        model: Any = apps.get_model(part.table)
        after = values_of(model, part.after)
        if not after:  # rows that were taken away: there is nothing that could have changed
            continue
        gone, changed = _since(part, model, after, held)
        if not part.before:  # rows that were added: that they are gone is what taking back is for
            gone = []
        for pk in gone:
            found.append(Conflict(part.table, pk, f"{model._meta.verbose_name} {pk}", _("It no longer exists.")))
        for row in changed:
            names = listed(_labels(model, [name for name, value in after.items() if getattr(row, name) != value]))
            reason = _("Changed since: %(fields)s.") % {"fields": names}
            found.append(Conflict(part.table, row.pk, label_of(row), reason))
    return found


def _held(parts: list[OperationPart]) -> dict[str, dict[int, Any]]:
    """Of each table the records that stand alone in their part, read together: a thousand changes are one question."""
    alone: dict[str, set[int]] = {}
    for part in parts:
        if len(part.ids) == 1:
            alone.setdefault(part.table, set()).add(part.ids[0])
    return {table: apps.get_model(table)._base_manager.in_bulk(pks) for table, pks in alone.items()}


def _since(
    part: OperationPart, model: Any, after: dict[str, Any], held: dict[str, dict[int, Any]]
) -> tuple[list[int], list[Any]]:
    """What of a part is there no more, and what is not as it was left."""
    if len(part.ids) == 1:
        row = held[part.table].get(part.ids[0])
        is_changed = row is not None and any(getattr(row, name) != value for name, value in after.items())
        return ([] if row else list(part.ids)), ([row] if is_changed else [])
    rows = model._base_manager.filter(pk__in=part.ids)
    gone = sorted(set(part.ids) - set(rows.order_by().values_list("pk", flat=True)))
    return gone, list(rows.exclude(**after).order_by("pk"))


def told(user: Any, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Conflicts as the person may read them: without the name of a record that is not theirs to see."""
    by_table: dict[str, set[int]] = {}
    for each in found:
        by_table.setdefault(each["table"], set()).add(each["id"])
    seen = {(table, pk) for table, pks in by_table.items() for pk in _seen(apps.get_model(table), pks, user)}
    return [each if (each["table"], each["id"]) in seen else {**each, "label": None} for each in found]


def _seen(model: Any, pks: set[int], user: Any) -> set[int]:
    """Whose names the person may read: also in the bin, where they could take it out; and of rows that only tie records
    to each other, where every one of these is theirs to see."""
    rows = model._base_manager.filter(pk__in=pks).order_by()
    ways = [name for name in ("visible_to", "restorable_by") if hasattr(model._default_manager.all(), name)]
    if ways:
        reached = [getattr(model._default_manager.all(), name)(user).filter(pk__in=pks).order_by() for name in ways]
        return {pk for found in reached for pk in found.values_list("pk", flat=True)}
    tied = [column for column in model._meta.concrete_fields if hasattr(column.related_model, "kind")]
    if not tied:
        return set()
    for column in tied:
        theirs = column.related_model._default_manager.visible_to(user).filter(pk=OuterRef(column.attname)).order_by()
        rows = rows.filter(Q(**{column.name: None}) | Exists(theirs))
    return set(rows.values_list("pk", flat=True))


def label_of(row: Any) -> str:
    return str(row)[:200]


def as_changes(model: Any, stored: dict[str, Any]) -> dict[str, Any]:
    """By field, with the records themselves where a column points at one."""
    changes = {}
    for column in model._meta.concrete_fields:
        if column.attname in stored:
            value = column.to_python(stored[column.attname])
            if column.is_relation and value is not None:
                value = column.related_model._base_manager.filter(pk=value).first()
            changes[column.name] = value
    return changes


def values_of(model: Any, stored: dict[str, Any]) -> dict[str, Any]:
    """Columns as the journal keeps them, back as they were."""
    columns = {column.attname: column for column in model._meta.concrete_fields}
    return {name: columns[name].to_python(value) for name, value in stored.items()}


def _labels(model: Any, names: list[str]) -> list[str]:
    columns = {column.attname: column for column in model._meta.concrete_fields}
    return [str(columns[name].verbose_name) for name in names]
