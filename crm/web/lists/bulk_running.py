"""A bulk action over more records than one request holds: the worker's side of it, some records at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crm.access import kinds
from crm.access.permissions import Verb
from crm.actions import bulk_runs, journal
from crm.actions.since import Conflict, label_of
from crm.joining import clauses, labelled
from crm.models import BulkRun, Operation
from crm.web.lists import registry
from crm.web.lists.base import List
from crm.web.lists.bulk import BulkAction

BULK = "bulk"
SOME = 100  # records in one transaction


def permitted(source: List, action: BulkAction, ids: Sequence[int]) -> QuerySet:
    """Of these rows those the person may see in the list and do this to."""
    allowed = source.model.objects.permitted(source.request.user, action.verb)
    these = RawSQL("SELECT unnest(%s::bigint[])", [list(ids)])  # a parameter for each would be too many
    return source.get_queryset().filter(pk__in=these).filter(pk__in=allowed.order_by().values("pk")).order_by("pk")


def fixed(source: List, action: BulkAction, ids: Sequence[int]) -> QuerySet:
    """The same rows for the action itself, whatever it does to what the list shows."""
    rows: QuerySet = source.model.objects.permitted(source.request.user, action.verb).filter(pk__in=ids)
    return rows


def some(run: BulkRun, at: datetime) -> None:
    """The next records, by what the person may do now, with one operation in the journal for all of the run."""
    source, action = source_of(run), action_of(run)
    if action is None:
        raise ValidationError(_("This can no longer be done."))
    values = _values(run, action)
    so_far = _operation_of(run)
    ids = run.ids[run.settled : run.settled + SOME]
    there = {row.pk: row for row in permitted(source, action, ids)}
    stays = [pk for pk, row in there.items() if action.verb != Verb.VIEW and _changed_since(row, run)]
    wanted = [pk for pk in ids if pk in there and pk not in stays]
    for pk in ids:
        if pk not in there:
            named = f"{capfirst(str(source.model._meta.verbose_name))} {pk}"
            _leave(run, source, pk, named, _("It is not there any more, or your role does not allow this."))
        elif pk not in wanted:
            _leave(run, source, pk, label_of(there[pk]), _("It was changed after you asked for this."))
    with journal.one_operation(so_far) as whole:
        refusal = _attempt(run, source, action, wanted, values, whole)
        for pk in wanted if refusal else ():
            alone = _attempt(run, source, action, [pk], values, whole)
            if alone:
                _leave(run, source, pk, label_of(there[pk]), clauses(alone.messages))
    run.operation = whole.operation or run.operation
    run.settled += len(ids)


def _operation_of(run: BulkRun) -> Operation | None:
    """What it did so far, to be undone as one. Locked before any record is, as by whoever else adds to it."""
    if run.operation is None:
        return None
    rows = Operation.objects.select_for_update(of=("self",))  # scoped: the run's own
    operation: Operation | None = rows.filter(pk=run.operation.pk, undone_at=None).first()
    return operation


def _attempt(
    run: BulkRun, source: List, action: BulkAction, ids: list[int], values: dict[str, Any], whole: journal.Whole
) -> ValidationError | None:
    """All of these or none of them."""
    if not ids:
        return None
    before = whole.operation
    try:
        with transaction.atomic():
            changed = action.run(fixed(source, action, ids), by=run.by, at=run.asked_at, **values)
    except ValidationError as refusal:
        whole.operation = before
        return refusal
    run.changed += len(ids) if changed is None else changed
    return None


def _values(run: BulkRun, action: BulkAction) -> dict[str, Any]:
    """What the form was told, read again: a campaign or a person may be gone by now."""
    if action.form is None:
        return {}
    told = QueryDict(mutable=True)
    for name, said in run.asked["form"].items():
        told.setlist(name, said)
    form = action.form(told, user=run.by)
    if not form.is_valid():
        raise ValidationError([message for messages in form.errors.values() for message in messages])
    return dict(form.cleaned_data)


def _changed_since(row: Any, run: BulkRun) -> bool:
    """By somebody else, while this was going on: what is done here says of itself that it was asked for before that."""
    changed_at = getattr(row, "updated_at", None)
    return changed_at is not None and changed_at > run.asked_at


def _leave(run: BulkRun, source: List, pk: int, label: str, reason: str) -> None:
    bulk_runs.leave(run, Conflict(source.model._meta.label, pk, label, reason))


def source_of(run: BulkRun) -> List:
    """The list it was asked for in, as the person who asked sees it."""
    request = HttpRequest()
    request.method, request.user = "GET", run.by  # type: ignore[assignment]
    source = _list_class(run)()
    source.setup(request, **run.asked["place"])
    return source


def action_of(run: BulkRun) -> BulkAction | None:
    return next((each for each in _list_class(run).bulk_actions if each.code == run.asked["action"]), None)


def _list_class(run: BulkRun) -> type[List]:
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018  (the lists register as their addresses are loaded, which a worker needs not)
    return registry.all_lists()[run.asked["list"]]


def title_of(run: BulkRun) -> str:
    action, kind = action_of(run), kinds.get(_list_class(run).kind)
    return labelled(capfirst(str(kind.label_plural)), str(action.label if action else run.asked["action"]))


bulk_runs.worked_by(BULK, some, title_of)
