"""Whether a draft may become a record: what is missing, malformed, taken already, or beyond the importer's reach."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from crm.access.grants import access_of
from crm.access.permissions import Reach, Verb
from crm.exchange.drafts import Draft, LeftOut, Refused, Run


def gather(draft: Draft, run: Run) -> None:
    """What else is wrong with a draft that is refused anyway: whoever mends the row learns all of it at once.

    What is compared with the record waits where it cannot be told which one it is.
    """
    if draft.is_new:
        require_fields(draft, run)
    keep_empty(draft)
    clean(draft, run)
    draft.problems += run.profile.kind.wrong(draft, run)
    if draft.is_new or draft.record is not None:
        refuse_taken(draft, run)


def require_fields(draft: Draft, run: Run) -> None:
    for each in run.profile.kind.fields:
        if not each.required or draft.values.get(each.name) is not None or each.name in draft.wrong_fields:
            continue
        source = run.profile.source(each.name)
        if source is None or not source.optional:
            said = _("This is missing, and the profile does not allow that.")
            draft.problems.append(Refused(said, each.name))


def refuse_existing(draft: Draft, run: Run) -> None:
    if run.profile.existing == "skip":
        raise LeftOut(_("It exists already; the profile leaves such rows out."))
    if run.profile.existing == "error":
        raise Refused(_("It exists already."))


def keep_empty(draft: Draft) -> None:
    draft.values = {name: value for name, value in draft.values.items() if value is not None}


def spare(draft: Draft, run: Run) -> None:
    """Drop what must not overwrite: empty cells unless the profile says so, and fields it protects."""
    kept = {}
    for name, value in draft.values.items():
        source = run.profile.source(name)
        if value is None and not (source and source.overwrite_with_empty):
            continue
        if source and not source.overwrite and run.profile.kind.holds(draft.record, name):
            continue
        kept[name] = value
    draft.values = kept


def clean(draft: Draft, run: Run) -> None:
    """The shape of each value: length, range, form. References were found, so they are right."""
    kind = run.profile.kind
    for name, value in draft.values.items():
        if not kind.field(name).stored or isinstance(value, models.Model):
            continue
        column = kind.column(name)
        if type(value) is str and len(value) <= (column.max_length or len(value)):
            plain = kind.plain.get(name)
            if plain is not None and plain.fullmatch(value):
                continue
        if value is None:
            draft.values[name] = None if column.null else ("" if column.empty_strings_allowed else column.get_default())
            continue
        try:
            draft.values[name] = column.clean(value, draft.record)
        except ValidationError as error:
            draft.problems.append(Refused(" ".join(error.messages), name))


def refuse_taken(draft: Draft, run: Run) -> None:
    """No two records may share these values, in the database or in this file."""
    taken = run.caches["taken"]
    for names in run.profile.kind.unique:
        if names == run.profile.identity and draft.is_new:
            continue
        values = tuple(pk_of(draft.values.get(name)) for name in names)
        if values[0] in (None, ""):
            continue
        mine = draft.record.pk if draft.record and draft.record.pk is not None else draft.rows[0].number * -1
        if taken.get((names, values), mine) != mine or run.known.get((names, *values), (mine, None))[0] != mine:
            said = _("Another record has “%(value)s” already.") % {"value": values[0]}
            draft.problems.append(Refused(said, names[0]))
        elif not draft.problems:
            run.known[(names, *values)] = (mine, None)


def permit(draft: Draft, run: Run) -> None:
    """What the importer could not do by hand, the file cannot do either."""
    record, access = draft.record, access_of(run.user)
    reach = run.profile.kind.reach(access, Verb.CREATE if draft.is_new else Verb.EDIT)
    if reach == Reach.ALL or not run.profile.kind.is_owned:
        if reach == Reach.NONE:
            raise Refused(_("Your role does not allow this."))
        return
    standings = [(record.owner_id, record.team_id)]
    if not draft.is_new:
        standings.append((draft.before["owner_id"], draft.before["team_id"]))
    for owner_id, team_id in standings:
        is_own = owner_id == run.user.pk and reach >= Reach.OWN
        is_team = team_id is not None and reach == Reach.TEAM and team_id == access.team_id
        is_below = reach == Reach.SUBTREE and team_id in access.subtree_ids
        if not (is_own or is_team or is_below):
            raise Refused(_("Your role does not reach this person's or team's records."))


def note_taken(drafts: list[Draft], run: Run) -> None:
    """Who has the values no two records may share, in the database; earlier rows are noted as they are planned."""
    run.caches["taken"] = taken = {}
    for names in run.profile.kind.unique:
        wanted = [value for draft in drafts if (value := draft.values.get(names[0])) is not None]
        if not wanted or names == run.profile.identity:
            continue
        manager = run.profile.kind.model._base_manager
        rows = manager.filter(**{f"{names[0]}__in": [pk_of(value) for value in wanted]})
        for pk, *values in rows.values_list("pk", *names):
            taken[(names, tuple(values))] = pk


def pk_of(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else value
