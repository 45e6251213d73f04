"""A merge taken back: the other customer is there again, with what was its own, but for what was changed since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

from crm import events
from crm.actions import journal, records
from crm.models import Operation, OperationPart, Record, User
from customers.actions import customers, merging
from customers.models import Customer, following


def refuse(operation: Operation) -> None:
    """Nothing can be put back where one of the two is no longer where the merge left it."""
    master, other = _both(operation)
    if master is None or other is None:
        raise ValidationError(_("One of the two customers was removed for good: the merge cannot be undone."))
    if master.merged_into_id is not None:
        raise ValidationError(_("The customer itself was merged since: undo that first."))
    if master.is_in_bin:
        raise ValidationError(_("The customer is in the bin: restore it first."))


def may_undo(operation: Operation, user: Any) -> bool:
    """It changes the customer that stayed, so it takes what editing that takes."""
    return Customer.objects.editable_by(user).filter(pk=operation.values["master_id"]).exists()


def undo(operation: Operation, *, kept: list[journal.Conflict], by: User, at: datetime) -> int:
    master, other = _both(operation)
    if master is None or other is None or not may_undo(operation, by):
        raise ValidationError(_("Both customers have to be yours to edit."))
    done = 0
    for part in operation.parts.order_by("-id"):
        if part.table != Customer._meta.label or part.ids not in ([master.pk], [other.pk]):
            done += _put_back(part, by=by, at=at)
    _give_back(operation, master, by=by, at=at)
    other.refresh_from_db()
    other.deleted_at = other.merged_into = None
    other.version, other.updated_at = other.version + 1, at
    other.full_clean()
    other.save()
    for each in (master, other):
        merging.count_last_activity(each)
    told = {"other": records.as_json(other), "master": records.as_json(master), "kept": len(kept)}
    events.record("customer.merge_undone", other, by=by, at=at, data=told)
    events.record("customer.merge_undone", Customer._base_manager.get(pk=master.pk), by=by, at=at, data=told)
    return done + 1


def _both(operation: Operation) -> tuple[Customer | None, Customer | None]:
    pks = [operation.values["master_id"], operation.values["other_id"]]
    found = {row.pk: row for row in Customer._base_manager.select_for_update().filter(pk__in=pks).order_by("pk")}
    return found.get(pks[0]), found.get(pks[1])


def _put_back(part: OperationPart, *, by: User, at: datetime) -> int:
    """Rows that still are as the merge left them, in one statement for each table."""
    model: Any = apps.get_model(part.table)
    before, after = (journal.values_of(model, held) for held in (part.before, part.after))
    quote = connection.ops.quote_name
    names = {column.attname: quote(column.column) for column in model._meta.concrete_fields}
    sets = [f"{names[name]} = %s" for name in before]
    if issubclass(model, Record):
        sets += ["version = version + 1", "updated_at = %s"]
    stands = [f"{names[name]} IS NOT DISTINCT FROM %s" for name in after]
    params = [*before.values(), *([at] if issubclass(model, Record) else []), part.ids, *after.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(model._meta.db_table)} SET {', '.join(sets)} "
            f"WHERE id = ANY(%s) AND {' AND '.join(stands)} RETURNING id",
            params,
        )
        ids = sorted(row[0] for row in cursor.fetchall())
    follower = following.of_part(part.table, part.after)
    if follower and follower.moved and ids:
        follower.moved(ids, by=by, at=at)
    return len(ids)


def _give_back(operation: Operation, master: Customer, *, by: User, at: datetime) -> None:
    """The chosen values; a field that was changed since keeps its newer value."""
    part = operation.parts.filter(table=Customer._meta.label, ids=[master.pk]).first()
    if part is None:
        return
    after = journal.values_of(Customer, part.after)
    same = {name: part.before[name] for name, value in after.items() if getattr(master, name) == value}
    customers.put_back(master, journal.as_changes(Customer, same), by=by, at=at)
