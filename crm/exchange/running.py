"""Checking and running an import: the same plan, written or not. A run that was cut off goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.access import fields
from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.actions.notifications import notify
from crm.collecting import seldom_collecting
from crm.exchange import batches, planning, profiles
from crm.exchange.drafts import Draft, Row, Run
from crm.exchange.journal import as_stored, columns_of, differences
from crm.exchange.mapping import Mapper
from crm.exchange.profiles import Profile
from crm.exchange.unusable import Unusable
from crm.joining import clauses, listed
from crm.models.event import Event
from crm.models.import_batch import ImportBatch, ImportJournal, ImportRow
from crm.search import documents, quoting

Work = TypeVar("Work", bound=Callable[..., Any])
State = ImportBatch.State
Outcome = ImportRow.Outcome
FINISHED = gettext_noop(
    "The import of %(file)s is finished: %(created)s created, %(updated)s updated, %(errors)s errors."
)


def as_importer(work: Work) -> Work:
    """What the importer's roles close is closed to the import, whoever's worker it is that does it."""

    @wraps(work)
    def wrapped(batch: ImportBatch, **given: Any) -> Any:
        with seldom_collecting(), fields.reading(lambda: access_of(batch.by), covers=False):
            return work(batch, **given)

    return wrapped  # type: ignore[return-value]


@as_importer
def check(batch: ImportBatch, *, at: datetime) -> ImportBatch:
    """Say of every row what the import would do, without doing it."""
    profile = batches.profile_of(batch)
    require(batch, profile)
    pointed_at = batches.arrange(batch, profile)
    batch.counts, batch.settled = {}, 0
    batch.enter(State.CHECKING, at)
    batch.save()
    run = Run(user=batch.by, at=at, is_dry=True, profile=profile, pointed_at=pointed_at)
    mapper = Mapper(profile, batch.heads)
    for rows in batches.chunks(batch, profile):
        with transaction.atomic():
            drafts = planning.plan(rows, mapper, run)
            _count(batch, rows, drafts)
            _store_rows(batch, rows)
    batch.enter(State.CHECKED, timezone.now())
    batch.save()
    return batch


@as_importer
def start(batch: ImportBatch, *, at: datetime) -> None:
    """Make ready for the real run, once; a batch that was started already only goes on."""
    if batch.state in (State.RUNNING, State.DONE, State.UNDOING, State.UNDONE) or batch.cleared_at is not None:
        return
    profile = batches.profile_of(batch)
    require(batch, profile)
    batches.arrange(batch, profile)
    batch.counts, batch.settled = {}, 0
    batch.enter(State.RUNNING, at)
    batch.save()


@as_importer
def run(batch: ImportBatch, *, quietly: bool = False) -> ImportBatch:
    """Import the rows that are not settled yet, a thousand in a transaction, until there are none.

    `quietly` where the importer waits for the answer anyway and needs no notification.
    """
    if batch.state != State.RUNNING or batch.started_at is None:
        return batch
    profile = batches.profile_of(batch)
    mapper = Mapper(profile, batch.heads)
    at_once = Run(user=batch.by, at=batch.started_at, is_dry=False, profile=profile)
    if batch.settled:
        for row in batches.rows_of(batch):
            if row.outcome:
                planning.remember(row, mapper, at_once)
    for rows in batches.chunks(batch, profile):
        with transaction.atomic():
            _do_not_wait_for_the_disk()
            _write(batch, rows, mapper, at_once)
    _finish(batch, at_once, quietly)
    return batch


def _do_not_wait_for_the_disk() -> None:
    """Were the machine to lose power, the last chunks might not have been; whole chunks, which are then imported when
    the batch goes on. Whoever is told that it is done is told after a commit that is on disk, and all before it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")


def require(batch: ImportBatch, profile: Profile) -> None:
    """An import is refused as a whole where the importer may neither create nor edit such records."""
    access = access_of(batch.by)
    if not access.may("import", Verb.CREATE) or not profile.kind.is_open_to(batch.by):
        raise Unusable(_("The role of %(person)s does not allow importing this.") % {"person": batch.by})
    closed = access.unwritable.get(batch.target, fields.NOTHING) & profiles.named(batch.profile)
    if closed:
        labels = listed(str(each.label) for each in profile.kind.fields if each.name in closed)
        said = {"person": batch.by, "fields": labels}
        raise Unusable(_("The role of %(person)s does not allow writing: %(fields)s. Leave it out.") % said)


def _write(batch: ImportBatch, rows: list[Row], mapper: Mapper, run: Run) -> None:
    """One chunk: plan, store, journal, search, rows, counts; all of it or nothing."""
    before = dict(run.made)
    drafts = planning.plan(rows, mapper, run)
    created = [draft for draft in drafts if draft.is_new]
    changed = [draft for draft in drafts if not draft.is_new]
    written = _store(created, run, is_new=True) + _store(changed, run, is_new=False)
    planning.follow_twins(rows, run)
    _journal(batch, written, [record for key, record in run.made.items() if key not in before])
    documents.refresh_many([draft.record for draft in written if draft.is_new], are_new=True)
    documents.refresh_many([draft.record for draft in written if not draft.is_new])
    _follow_names(batch, changed, run)
    for draft in written:
        for row in draft.rows:
            row.record_id = draft.record.pk
    _count(batch, rows, written)
    _store_rows(batch, rows)
    batch.touched_at = timezone.now()
    batch.save(update_fields=["counts", "settled", "touched_at"])


def _follow_names(batch: ImportBatch, changed: list[Draft], run: Run) -> None:
    """No event tells of a record that an import renamed."""
    columns = {name for draft in changed for name in draft.changed_columns}
    if quoting.is_quoted(batch.target, columns):
        renamed = [each for each in changed if quoting.is_quoted(batch.target, each.changed_columns)]
        quoting.follow(batch.target, [draft.record.pk for draft in renamed], columns)


def _store(drafts: list[Draft], run: Run, *, is_new: bool) -> list[Draft]:
    """All at once; where the database refuses, one by one, so that only the row that is wrong stays out."""
    kind = run.profile.kind
    write = kind.insert if is_new else kind.save
    if not drafts:
        return []
    try:
        with transaction.atomic():
            write(drafts, run)
        return drafts
    except (DatabaseError, ValidationError):
        written = []
    for draft in drafts:
        try:
            with transaction.atomic():
                draft.parts.clear()
                if is_new:
                    draft.record.pk, draft.record._state.adding = None, True
                write([draft], run)
            written.append(draft)
        except (DatabaseError, ValidationError) as error:
            draft.settle(Outcome.ERROR, _refusal(error))
    return written


def _refusal(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return clauses(error.messages)
    detail = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    return _("The database refuses it: %(detail)s.") % {"detail": detail or str(error).splitlines()[0]}


def _journal(batch: ImportBatch, written: list[Draft], made: list[Any]) -> None:
    """What was done, so that it can be taken back. Configuration comes first: what uses it goes before it."""
    entries: list[tuple[str, Any, bool, Any, Any, Any]] = []
    for record in made:
        after = {name: as_stored(value) for name, value in columns_of(record).items()}
        entries.append((f"model:{record._meta.label}", record, True, {}, after, {}))
    for draft in written:
        entries.append((batch.target, draft.record, draft.is_new, *_before_and_after(draft), draft.parts))
    table = ImportJournal._meta.db_table
    columns = "batch_id, kind_code, record_id, label, created, before, after, parts, undone, reason"
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for code, record, created, old, new, parts in entries:
            label = str(record).replace("\x00", "")[:200]
            copy.write_row((batch.pk, code, record.pk, label, created, *map(_json, (old, new, parts)), "", ""))


def _before_and_after(draft: Draft) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of a record with a version, that is enough to tell whether it was changed since."""
    version = getattr(draft.record, "version", None)
    if draft.is_new and version is not None:
        return {}, {"version": version}
    after = columns_of(draft.record)
    if draft.is_new:
        return {}, {name: as_stored(value) for name, value in after.items()}
    old, new = differences(draft.before, after)
    return old, new if version is None else {**new, "version": version}


def _json(value: Any) -> str:
    return _encode(value) if value else "{}"


_encode = json.JSONEncoder(ensure_ascii=False).encode  # `dumps` makes an encoder for every value


def _count(batch: ImportBatch, rows: list[Row], drafts: list[Draft]) -> None:
    counts = dict(batch.counts)
    for outcome, number in planning.outcomes(rows).items():
        counts[outcome] = counts.get(outcome, 0) + number
    if alike := sum(row.outcome == Outcome.CREATED and bool(row.reason) for row in rows):
        counts["alike"] = counts.get("alike", 0) + alike
    for draft in drafts:
        name = "records_created" if draft.is_new else "records_updated"
        counts[name] = counts.get(name, 0) + 1
    batch.counts = counts
    batch.settled += len(rows)
    if batch.state == State.CHECKING:
        batch.touched_at = timezone.now()
        batch.save(update_fields=["counts", "settled", "touched_at"])


def _store_rows(batch: ImportBatch, rows: list[Row]) -> None:
    def told(row: Row) -> dict[str, Any]:
        return {
            "number": row.number, "outcome": row.outcome, "reason": row.reason, "changes": row.changes,
            "record_id": row.record_id,
        }  # fmt: skip

    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE {batches.TABLE} AS row SET outcome = given.outcome, reason = given.reason,
                changes = given.changes, record_id = given.record_id
            FROM jsonb_to_recordset(%s::jsonb)
                AS given(number int, outcome text, reason text, changes jsonb, record_id bigint)
            WHERE row.batch_id = %s AND row.number = given.number""",
            [json.dumps(list(map(told, rows)), ensure_ascii=False, default=str), batch.pk],
        )


@transaction.atomic
def _finish(batch: ImportBatch, run: Run, quietly: bool) -> None:
    run.profile.kind.finish(run)
    at = timezone.now()
    batch.enter(State.DONE, at)
    told = {name: batch.count(name) for name in Outcome.values if name}
    data = {"kind": batch.target, "rows": batch.rows, **told}
    events.record("import.finished", batch, by=batch.by, at=at, data=data)
    batch.last_event = Event.objects.order_by("-pk").values_list("pk", flat=True).first()
    batch.save()
    if not quietly:
        tell(batch, FINISHED, "done", at)


def tell(batch: ImportBatch, message: str, what: str, at: datetime) -> None:
    url = reverse("import-detail", args=[batch.pk])
    values = {"file": batch.file_name, "created": batch.count("created"), "updated": batch.count("updated"),
              "errors": batch.count("error")}  # fmt: skip
    notify(batch.by, message, values=values, url=url, key=f"import-{batch.pk}-{what}", at=at)
