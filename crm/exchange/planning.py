"""What a chunk of rows will do: decided once, the same way for the check before and for the import itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from crm.custom_fields import known as custom_fields
from crm.exchange import custom_columns, judging, looking_up, references, refusing
from crm.exchange.drafts import Draft, LeftOut, Refused, Row, Run
from crm.exchange.journal import as_stored, columns_of
from crm.exchange.mapping import Mapper
from crm.joining import listed, sentences
from crm.models.import_batch import ImportRow

Outcome = ImportRow.Outcome


@custom_fields.read_once()
def plan(rows: list[Row], mapper: Mapper, run: Run) -> list[Draft]:
    """Settle every row that writes nothing, and return the drafts of records to create or change."""
    drafts = _draft([mapper.read(row) for row in rows], mapper, run)
    kind = run.profile.kind
    for draft in drafts:
        _tidy(draft, run)
    references.resolve(drafts, run)
    kind.begin(run)
    drafts = _match(drafts, run)
    judging.note_taken(drafts, run)
    decided = [draft for draft in drafts if _decide(draft, run)]
    _compare_rows(drafts, run)
    follow_twins(rows, run)
    return decided


def _compare_rows(drafts: list[Draft], run: Run) -> None:
    """With the rows before, and those that resemble none of them with what there is."""
    kind, new = run.profile.kind, {}
    for draft in drafts:
        row = draft.rows[0]
        if row.outcome not in (Outcome.ERROR, Outcome.SKIPPED):
            said = kind.compare(row.number, draft.values, run)
            if row.outcome == Outcome.CREATED:
                row.reason = said
                new[row.number] = draft
    unlike = {number: draft.values for number, draft in new.items() if not draft.rows[0].reason}
    for number, said in kind.compare_records(unlike, run).items():
        new[number].rows[0].reason = said


def _tidy(draft: Draft, run: Run) -> None:
    try:
        draft.values = run.profile.kind.tidy(draft.values)
    except Refused as problem:
        draft.problems.append(problem)
        draft.values[problem.field] = None
        _tidy(draft, run)


def follow_twins(rows: Iterable[Row], run: Run) -> None:
    """A row that repeats one which could not be imported could not be imported either."""
    for row in rows:
        if row.outcome in (Outcome.ERROR, Outcome.SKIPPED):
            run.failed[row.number] = (row.outcome, row.reason)
    for row in rows:
        if row.twin in run.failed:
            row.settle(*run.failed[row.twin])


def digest(row: Row) -> bytes:
    """Two rows of one record say the same when these agree."""
    return hashlib.blake2b(repr(sorted(row.values.items())).encode(), digest_size=12).digest()


def remember(row: Row, mapper: Mapper, run: Run) -> None:
    """What an earlier attempt settled already counts as met."""
    if row.outcome in (Outcome.ERROR, Outcome.SKIPPED):
        run.failed[row.number] = (row.outcome, row.reason)
    mapper.read(row)
    if not row.problems and not run.profile.in_bunches:
        run.known.setdefault(mapper.identity(row), (row.number, digest(row)))
        if row.outcome not in (Outcome.ERROR, Outcome.SKIPPED):
            run.profile.kind.compare(row.number, run.profile.kind.tidy(row.values), run)


def _draft(rows: list[Row], mapper: Mapper, run: Run) -> list[Draft]:
    """One draft for a row, or for the rows of a bunch; rows that repeat an earlier one are settled here."""
    if run.profile.in_bunches:
        return _bunches(rows, mapper, run)
    drafts = []
    for row in rows:
        if row.problems and (isinstance(row.problems[0], LeftOut) or not row.values):
            refusing.refuse(Draft([row], {}, [], problems=[*row.problems]), run)
            continue
        if row.problems:
            # Such a row stands for no record: what another one says of the same is not compared with it.
            drafts.append(Draft([row], dict(row.values), [], problems=list(row.problems)))
            continue
        key, says = mapper.identity(row), digest(row)
        first = run.known.get(key)
        if first is None:
            run.known[key] = (row.number, says)
            drafts.append(Draft([row], dict(row.values), []))
        elif first[1] == says:
            row.twin = first[0]
            row.settle(Outcome.SAME, _("The same as row %(row)s.") % {"row": first[0]})
        else:
            row.settle(Outcome.ERROR, _("Row %(row)s says otherwise of the same record.") % {"row": first[0]})
    return drafts


def _bunches(rows: list[Row], mapper: Mapper, run: Run) -> list[Draft]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.bunch, []).append(row)
    drafts = []
    for bunch in found.values():
        wrong = next((row for row in bunch if row.problems), None)
        if wrong is not None:
            for row in bunch:
                refusing.refuse(Draft([row], {}, [], problems=[*row.problems] or [_fellow(wrong)]), run)
            continue
        if run.profile.lines and (other := next((row for row in bunch if row.values != bunch[0].values), None)):
            _disagree(bunch, other, run)
            continue
        steps = sorted((step for row in bunch for step in row.steps), key=_when)
        # What the record is says the row that is the latest; its history says the rest.
        last = max(bunch, key=lambda row: (max((_when(step) for step in row.steps), default=(0, 0.0)), row.number))
        drafts.append(Draft(bunch, dict(last.values), steps))
    return drafts


def _disagree(bunch: list[Row], other: Row, run: Run) -> None:
    """Lines differ; what the record itself is must not."""
    names = [name for name, value in other.values.items() if value != bunch[0].values[name]]
    said = _("Row %(row)s says otherwise of the same record.") % {"row": other.number}
    refusing.refuse(Draft(bunch, {}, [], problems=[Refused(said, name) for name in names]), run)


def _when(step: Any) -> tuple[int, float]:
    """Undated steps come last: they hold from the import on."""
    return (1, 0.0) if step.at is None else (0, step.at.timestamp())


def _fellow(row: Row) -> Refused:
    reason = sentences(problem.reason for problem in row.problems)
    return Refused(_("Row %(row)s of the same record: %(reason)s") % {"row": row.number, "reason": reason})


def _match(drafts: list[Draft], run: Run) -> list[Draft]:
    """Find the records that exist already; those become updates."""
    kind, names = run.profile.kind, run.profile.identity
    first = names[0]
    wanted = [draft.values for draft in drafts if draft.values.get(first) is not None]
    rows = kind.model.objects.visible_to(run.user).select_related(*kind.related).prefetch_related(*kind.prefetch)
    if not run.is_dry:
        rows = rows.select_for_update(of=("self",))
    found: dict[tuple[Any, ...], list[Any]] = {}
    for record in looking_up.told_apart(rows, names, wanted).order_by("pk") if wanted else []:
        found.setdefault(tuple(_shown(getattr(record, name)) for name in names), []).append(record)
    stand_ins = _stand_ins(rows, names, wanted, found)
    kept = []
    for draft in drafts:
        if draft.values.get(first) is None or (draft.problems and draft.wrong_fields.intersection(names)):
            # Whether it is one that exists cannot be told: what is missing in a new one is none of its problems.
            if first not in draft.wrong_fields:
                draft.problems.append(Refused(_("It is not said which record this is."), first))
            kept.append(draft)
            continue
        same = found.get(tuple(_shown(draft.values.get(name)) for name in names), [])
        if len(same) > 1:
            label = listed(str(draft.values[name]) for name in names if draft.values.get(name))
            problem = _("There are %(count)s called “%(text)s”.") % {"count": len(same), "text": label}
            draft.problems.append(Refused(problem, first))
        draft.record, draft.is_new = (same[0], False) if same else (None, True)
        if same and same[0].pk in stand_ins:
            if stand_ins[same[0].pk] > 1:
                label = _("The file names “%(text)s” twice: also as what was merged into it.") % {"text": same[0]}
                draft.problems.append(Refused(label, first))
            draft.values.update({name: getattr(same[0], name) for name in names})  # what it is called now stays
        kept.append(draft)
    return kept


def _stand_ins(
    rows: Any, names: tuple[str, ...], wanted: list[Any], found: dict[tuple[Any, ...], list[Any]]
) -> dict[int, int]:
    """Add records that others were merged into, by what those were called, where nobody else is called so now.

    Returns how many rows mean each of them: more than one would say two things of the same record.
    """
    means: dict[int, int] = {}
    for old, stayed in looking_up.merged(rows, names, wanted) if wanted else []:
        key = tuple(_shown(getattr(old, name)) for name in names)
        if key not in found:
            if stayed.pk not in means:
                means[stayed.pk] = sum(record == stayed for records in found.values() for record in records)
            found[key] = [stayed]
            means[stayed.pk] += 1
    return means


def _shown(value: Any) -> Any:
    """What identities are compared by: unsaved records by themselves, since they have no number yet."""
    if isinstance(value, models.Model):
        return value.pk if value.pk is not None else ("new", id(value))
    return value or None if isinstance(value, str) else value


def _decide(draft: Draft, run: Run) -> bool:
    """Whether there is something to write; the rows of the draft are settled either way."""
    try:
        if not _has_record(draft, run):
            judging.gather(draft, run)
        elif _judge(draft, run):
            _settle_written(draft, run)
            return True
    except (Refused, ValidationError) as problem:
        draft.problems.append(problem)
    if draft.problems:
        refusing.refuse(draft, run)
    return False


def _has_record(draft: Draft, run: Run) -> bool:
    """Whether every value is there that has to be, and each is well-formed: then it may go on the draft's record."""
    if draft.is_new and not draft.problems:
        judging.require_fields(draft, run)
    if draft.problems:
        return False
    if draft.is_new:
        draft.record = run.profile.kind.new(draft, run)
        judging.keep_empty(draft)
    else:
        judging.refuse_existing(draft, run)
        draft.before = columns_of(draft.record)
        judging.spare(draft, run)
    judging.clean(draft, run)
    return not draft.problems


def _judge(draft: Draft, run: Run) -> bool:
    """Whether the record, with the values on it, may be written, and need be."""
    kind = run.profile.kind
    kind.fill(draft.record, draft, run)
    kind.settle(draft.record, draft, run)
    beyond = kind.differs(draft, run)
    if not draft.is_new:
        _compare(draft, beyond, run)
        if not draft.changes:
            draft.settle(Outcome.SAME)
            return False
    kind.check(draft.record, draft, run)
    judging.refuse_taken(draft, run)
    if draft.problems:
        return False
    judging.permit(draft, run)
    return True


def _settle_written(draft: Draft, run: Run) -> None:
    for row in draft.rows:
        row.settle(Outcome.CREATED if draft.is_new else Outcome.UPDATED, changes=draft.changes)
    if draft.is_new and run.is_dry:
        # A later row that points at this one would find it in the database, were the run real.
        for by in {source.by for source in run.profile.pointers}:
            text = str(getattr(draft.record, by))
            if (by, text) in run.pointed_at:
                run.made[(draft.record._meta.label, by, text)] = draft.record


def _compare(draft: Draft, beyond: dict[str, list[Any]], run: Run) -> None:
    after = columns_of(draft.record)
    draft.changed_columns = []
    for column in draft.record._meta.concrete_fields:
        before, now = draft.before[column.attname], after[column.attname]
        value = getattr(draft.record, column.name) if column.is_relation else None
        is_unsaved = column.is_relation and value is not None and value.pk is None
        if before != now or is_unsaved:
            draft.changed_columns.append(column.name)
            if column.name == custom_columns.COLUMN:
                draft.changes |= custom_columns.differences(draft.record.kind, before, now)
                continue
            draft.changes[column.name] = [as_stored(before), str(value) if column.is_relation else as_stored(now)]
    draft.changes.update(beyond)


def outcomes(rows: Iterable[Row]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.outcome] = counts.get(row.outcome, 0) + 1
    return counts
