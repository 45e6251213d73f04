"""Finding the records that rows point at: one query for a chunk and field, never one for a row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from crm.exchange import looking_up
from crm.exchange.drafts import Draft, Refused, Run
from crm.exchange.profiles import Source

REMEMBERED = 20_000
Key = tuple[str, str, str]


def resolve(drafts: Iterable[Draft], run: Run) -> None:
    """Put records in place of texts, in values and history; drafts note what is not found."""
    drafts = list(drafts)
    sources = [each for each in run.profile.sources if each.field.reference and not each.field.line]
    sound = [draft for draft in drafts if not draft.problems]
    broken = [draft for draft in drafts if draft.problems]
    for source in sources:
        _look_up({text for draft in sound if (text := draft.values.get(source.field.name))}, source, run)
        _look_up({text for draft in broken if (text := draft.values.get(source.field.name))}, source, run, makes=False)
    within = [*run.profile.lines, *(source for each in run.profile.steps for source in each.sources)]
    stepped = {source.field.name: source for source in within if source.field.reference}
    for name, source in stepped.items():
        _look_up({text for draft in drafts for step in draft.steps if (text := step.values.get(name))}, source, run)
    for draft in drafts:
        for source in sources:
            _replace(draft, draft.values, source, run)
        for step in draft.steps:
            for source in stepped.values():
                _replace(draft, step.values, source, run)


def _replace(draft: Draft, values: dict[str, Any], source: Source, run: Run) -> None:
    text = values.get(source.field.name)
    if not isinstance(text, str):
        return
    found = _remembered(run)[_key(source, text)]
    if isinstance(found, Refused):
        draft.problems.append(found)
        found = None
    values[source.field.name] = found


def _look_up(texts: set[str], source: Source, run: Run, *, makes: bool = True) -> None:
    """Remember a record or a refusal for each text that was not looked up yet; a row that is refused makes nothing."""
    known = _remembered(run)
    wanted = {text for text in texts if isinstance(text, str) and _missing(known.get(_key(source, text)))}
    if not wanted:
        return
    if len(known) > REMEMBERED:
        kept = {text: known[_key(source, text)] for text in texts - wanted}
        known.clear()
        known.update({_key(source, text): found for text, found in kept.items()})
    found = _query(wanted, source, run)
    for text in wanted:
        known[_key(source, text)] = _judge(text, found.get(_folded(text, source), []), source, run, makes)


def _query(texts: set[str], source: Source, run: Run) -> dict[str, list[Any]]:
    reference: Any = source.field.reference
    rows = reference.among(run.user)
    rows_of = rows.select_related(*reference.related)
    if source.loosely:
        rows = rows.annotate(folded=Lower(source.by)).filter(folded__in={_folded(text, source) for text in texts})
    else:
        rows = looking_up.named(rows, source.by, texts)
    found: dict[str, list[Any]] = {}
    for record in rows.select_related(*reference.related):
        found.setdefault(_folded(str(getattr(record, source.by)), source), []).append(record)
    missing = [{source.by: text} for text in texts if not source.loosely and text not in found]
    for old, stayed in looking_up.merged(rows_of, (source.by,), missing) if missing else []:
        found.setdefault(str(getattr(old, source.by)), []).append(stayed)
    return found


def _judge(text: str, found: list[Any], source: Source, run: Run, makes: bool) -> Any:
    if len(found) == 1:
        return found[0]
    field, reference = source.field, source.field.reference
    if len(found) > 1:
        return Refused(_("There are %(count)s called “%(text)s”.") % {"count": len(found), "text": text}, field.name)
    made = run.made.get((reference.model._meta.label, source.by, text))  # type: ignore[union-attr]
    if made is not None:
        return made
    if reference.noun in run.profile.create_missing:  # type: ignore[union-attr]
        return _make(text, source, run) if makes else None
    return Refused(_("There is no “%(text)s”.") % {"text": text}, field.name)


def _make(text: str, source: Source, run: Run) -> Any:
    """Configuration that the profile asks for where it is missing."""
    reference: Any = source.field.reference
    record = reference.model(**{source.by: text})
    if not run.is_dry:
        record.full_clean()
        record.save(force_insert=True)
    run.made[(reference.model._meta.label, source.by, text)] = record
    return record


def _missing(found: Any) -> bool:
    """Not looked up yet, or not there when it was: a row before this one may have brought it."""
    return found is None or isinstance(found, Refused)


def _folded(text: str, source: Source) -> str:
    return " ".join(text.split()).lower() if source.loosely else text


def _key(source: Source, text: str) -> Key:
    return (source.field.name, source.by + ("~" if source.loosely else ""), text)


def _remembered(run: Run) -> dict[Key, Any]:
    return run.caches.setdefault("references", {})
