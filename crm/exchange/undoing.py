"""Taking an import back: what it created goes, what it changed stands as before, and what was changed since stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models.deletion import Collector, ProtectedError, RestrictedError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.collecting import seldom_collecting
from crm.exchange import custom_columns, declaring, storing
from crm.exchange.batches import CHUNK
from crm.exchange.journal import as_stored, by_attname, restored
from crm.exchange.running import tell
from crm.exchange.unusable import Unusable
from crm.joining import listed
from crm.models.event import EventLink
from crm.models.import_batch import ImportBatch, ImportJournal
from crm.purging import purging
from crm.search import documents, quoting

State = ImportBatch.State
Undone = ImportJournal.Undone
TAKEN_BACK = gettext_noop("The import of %(file)s was undone.")
# These move with every write, so they tell that something changed, not what.
MOVING = ("version", "updated_at")


def start(batch: ImportBatch, *, at: datetime, force: bool = False) -> None:
    """Make ready to take the batch back; what was kept before may be forced now."""
    if batch.state not in (State.DONE, State.FAILED, State.UNDONE, State.UNDOING):
        raise Unusable(_("Only an import that has run can be undone."))
    if batch.cleared_at is not None or at > batch.kept_until:
        raise Unusable(_("It is too late to undo this import: what it did is no longer on record."))
    if force:
        again = batch.journal.filter(undone__in=[Undone.KEPT, Undone.PARTLY])
        again.update(undone=Undone.NOT, reason="")
    batch.finished_at = batch.finished_at or at
    batch.settled = batch.journal.exclude(undone=Undone.NOT).count()
    batch.counts = {**batch.counts, "force": force, "to_undo": batch.journal.count()}
    batch.enter(State.UNDOING, at)
    batch.save()


@seldom_collecting()
def undo(batch: ImportBatch, *, by: Any, quietly: bool = False) -> ImportBatch:
    """Take back the journal from its end, a thousand records in a transaction; safe to begin again."""
    if batch.state != State.UNDOING:
        return batch
    force = bool(batch.counts.get("force"))
    while True:
        entries = list(batch.journal.filter(undone=Undone.NOT).order_by("-id")[:CHUNK])
        if not entries:
            break
        with transaction.atomic(), purging():
            _take_back(batch, entries, force)
            batch.settled += len(entries)
            batch.touched_at = timezone.now()
            batch.save(update_fields=["settled", "touched_at"])
    _finish(batch, by, quietly)
    return batch


def kept(batch: ImportBatch) -> models.QuerySet[ImportJournal]:
    """What an undo left alone, with the reason."""
    return batch.journal.filter(undone__in=[Undone.KEPT, Undone.PARTLY]).order_by("id")


def _take_back(batch: ImportBatch, entries: list[ImportJournal], force: bool) -> None:
    for code in dict.fromkeys(entry.kind_code for entry in entries):
        ours = [entry for entry in entries if entry.kind_code == code]
        if code.startswith("model:"):
            _remove(apps.get_model(code.removeprefix("model:")), ours, changed=set())
            continue
        kind = declaring.get(code)
        model: Any = kind.model
        rows = model._base_manager.select_for_update(of=("self",)).in_bulk([entry.record_id for entry in ours])
        changed = set() if force else _changed_since(batch, kind, ours, rows)
        _restore(kind, [entry for entry in ours if not entry.created], rows, changed, force)
        gone = _remove(model, [entry for entry in ours if entry.created], changed)
        kind.removed(gone)
        documents.forget(code, [record.pk for record in gone])
    ImportJournal.objects.bulk_update(entries, ["undone", "reason"])


def _changed_since(
    batch: ImportBatch, kind: declaring.Importable, entries: list[ImportJournal], rows: dict[int, Any]
) -> set[int]:
    """Records that are not as the import left them, or that something happened about since."""
    columns = by_attname(kind.model)
    changed = set()
    for entry in entries:
        row = rows.get(entry.record_id)
        if row is None:
            continue
        if "version" in columns:
            is_other = row.version != entry.after.get("version", 1)
        else:
            is_other = any(as_stored(getattr(row, name)) != value for name, value in entry.after.items())
        if is_other:
            changed.add(row.pk)
    if batch.last_event is not None:
        links = EventLink.objects.filter(kind=kind.code, object_id__in=list(rows), event_id__gt=batch.last_event)
        changed.update(links.values_list("object_id", flat=True))
    return changed


def _restore(
    kind: declaring.Importable, entries: list[ImportJournal], rows: dict[int, Any], changed: set[int], force: bool
) -> None:
    """Put back what the import changed; a field that was changed since keeps its newer value, and is named."""
    columns = by_attname(kind.model)
    touched: list[Any] = []
    names: set[str] = set()
    for entry in entries:
        row = rows.get(entry.record_id)
        if row is None:
            entry.undone, entry.reason = Undone.KEPT, _("It no longer exists.")
            continue
        newer = []
        for name in entry.before:
            if row.pk in changed and name in MOVING:
                continue
            left = _put_back(kind, row, entry, columns[name], force)
            newer += left
            if not left or name == custom_columns.COLUMN:
                names.add(columns[name].name)
        if row.pk in changed and "version" in columns:
            row.version, row.updated_at = row.version + 1, timezone.now()
            names |= set(MOVING)
        if entry.parts:
            newer += kind.take_back_parts(entry.parts)
        entry.undone = Undone.PARTLY if newer else Undone.UNDONE
        entry.reason = _("Changed since, and kept: %(fields)s.") % {"fields": listed(newer)} if newer else ""
        touched.append(row)
    if touched and names:
        storing.change(kind.model, touched, names)
    if touched:
        kind.put_back([row.pk for row in touched])
        documents.refresh_many(kind.model._base_manager.filter(pk__in=[row.pk for row in touched]))
        quoting.follow(kind.code, [row.pk for row in touched], names)


def _put_back(kind: declaring.Importable, row: Any, entry: ImportJournal, column: Any, force: bool) -> list[str]:
    """One column as it was; returns what of it was changed since, and stays."""
    name, before, after = column.attname, entry.before[column.attname], entry.after[column.attname]
    if name == custom_columns.COLUMN:
        row.custom, newer = custom_columns.put_back(kind.code, row.custom, before, after, force=force)
        return newer
    if not force and (
        as_stored(getattr(row, name)) != after or (before != after and kind.stays(row, column.name, entry.before))
    ):
        return [str(column.verbose_name)]
    setattr(row, name, restored(column, before))
    return []


def _remove(model: Any, entries: list[ImportJournal], changed: set[int]) -> list[Any]:
    """Delete what the import created, for good; what is changed or used by others stays. Returns what is gone."""
    wanted = {}
    for entry in entries:
        if entry.record_id in changed:
            entry.undone, entry.reason = Undone.KEPT, _("It was changed since the import.")
        else:
            wanted[entry.record_id] = entry
            entry.undone = Undone.UNDONE
    found = list(model._base_manager.filter(pk__in=wanted))
    collector, user = _collected(found)
    if not user:
        _delete(found, collector)
        return found
    gone = []
    for record in sorted(found, key=lambda each: -each.pk):
        (collector, user), entry = _collected([record]), wanted[record.pk]
        if user:
            entry.undone, entry.reason = Undone.KEPT, _("It is used by: %(user)s.") % {"user": user}
            continue
        gone.append(record)
        _delete([record], collector)
    return gone


def _delete(found: list[Any], collector: Collector) -> None:
    ids = [record.pk for record in found]
    collector.delete()
    for record, pk in zip(found, ids, strict=True):
        record.pk = pk  # the collector empties it; whoever tidies up needs it


def _collected(found: list[Any]) -> tuple[Collector, str]:
    """What goes with these records, and what else points at them, so that deleting them would fail or quietly change
    something else."""
    collector = Collector(using="default", origin=found[0] if found else None)
    try:
        collector.collect(found)
    except (ProtectedError, RestrictedError) as error:
        blockers = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
        return collector, listed(sorted({f"{each._meta.verbose_name} {each}" for each in list(blockers)[:3]}))
    return collector, _user_of(collector)


def _user_of(collector: Collector) -> str:
    """One of the records that stay and would be changed."""
    going = {(model, each.pk) for model, each_set in collector.data.items() for each in each_set}
    updates: Any = collector.field_updates
    for (_field, _value), groups in updates.items():
        for group in groups:
            for each in group:
                if (type(each), each.pk) not in going:
                    return f"{each._meta.verbose_name} {each}"
    return ""


@transaction.atomic
def _finish(batch: ImportBatch, by: Any, quietly: bool) -> None:
    at = timezone.now()
    left = kept(batch).count()
    batch.enter(State.UNDONE, at)
    batch.counts = {**batch.counts, "kept": left, "undone": batch.journal.filter(undone=Undone.UNDONE).count()}
    batch.save()
    events.record("import.undone", batch, by=by, at=at, data={"kind": batch.target, "kept": left})
    if not quietly:
        tell(batch, TAKEN_BACK, "undone", at)
