"""Taking back what was done to many: at once where it is little, by a worker where it is more than a request holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.actions import bulk_runs, journal
from crm.actions.since import Conflict
from crm.joining import labelled
from crm.models import BulkRun, Operation

UNDO = "undo"
AT_ONCE = 500  # parts of an operation that one request takes back
SOME = 100  # parts in one transaction of a worker


def take_back(operation: Operation, *, by: Any, at: datetime, rest: bool = False) -> Operation:
    """As `journal.undo`; where it is much, `operation.undoing` says how far it is. Asking twice asks once."""
    total = operation.parts.count()
    if total <= AT_ONCE or journal.is_undone_by_its_app(operation):
        return journal.undo(operation, by=by, at=at, rest=rest)
    if operation.undone_at is not None or operation.undoing is not None:
        return operation
    journal.refuse(operation, by=by, at=at)
    kept = journal.conflicts(operation)
    if kept and not rest:
        raise journal.Conflicts(kept)
    token = f"undo-{operation.pk}-{operation.undoings.count()}"
    left = [conflict.as_json() for conflict in kept]
    bulk_runs.ask(type=UNDO, total=total, by=by, at=at, token=token, undoes=operation, left=left, left_count=len(left))
    return operation


def some(run: BulkRun, at: datetime) -> None:
    """The next parts, the last change first. What was changed even while this was going on is left as well."""
    operation = Operation.objects.select_for_update(of=("self",)).get(undoings=run)
    journal.refuse(operation, by=run.by, at=at)
    parts = list(operation.parts.order_by("-id")[run.settled : run.settled + SOME])
    left = {(each["table"], each["id"]) for each in run.left}
    newly = [one for one in journal.conflicts(operation, parts) if (one.table, one.pk) not in left]
    left |= {(one.table, one.pk) for one in newly}
    newly += journal.put_back(parts, left=left, by=run.by, at=at)
    _leave(run, newly)
    run.settled += len(parts)
    run.changed = max(run.settled - run.left_count, 0)
    if run.settled >= run.total:
        journal.note_undone(operation, run.left, by=run.by, at=at)


def _leave(run: BulkRun, conflicts: list[Conflict]) -> None:
    """All of them, however many: what they name is left by the parts that come yet."""
    run.left = [*run.left, *(conflict.as_json() for conflict in conflicts)]
    run.left_count = len(run.left)


def _title(run: BulkRun) -> Any:
    return labelled(_("Undoing"), run.undoes.text if run.undoes else "")


bulk_runs.worked_by(UNDO, some, _title)
