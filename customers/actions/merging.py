"""Two customers become one. Everything of the other's points at the one that stays; the other leads there.

What is done is kept in the journal, so that it can be undone: see merge_undoing.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.access.grants import access_of
from crm.actions import journal, records
from crm.custom_fields import known, writing
from crm.joining import listed
from crm.models import OperationPart, Record, StaleVersion, User
from crm.models.custom_field import Whole
from crm.models.operation import Operation
from customers.actions import contact_points, customers
from customers.models import Activity, Customer, following, source
from customers.models.contact_point import IN_A_FIELD
from customers.models.following import Follower

MERGE = "merge"
# What can be chosen from either of the two. Whose the customer is stays as it is: handing over has a verb of its own.
CHOOSABLE = (
    "name", "form", "lifecycle", "tier", "channel", "campaign", "first_contact_on", "referred_by", "industry",
    "number", "website", "email", "phone", "city",
    "country", "founded", "employees", "annual_revenue", "parent", "notes",
)  # fmt: skip
# What comes along with the lifecycle, and goes back with it.
FOLLOWING_THE_LIFECYCLE = ("churn_reason", "won_back_at")
# What comes along with the city, or where the one that stays has none.
FOLLOWING_THE_CITY = ("latitude", "longitude", "located_by")

# What is true of the one that stays as soon as it is true of either.
COMBINED = ("tags", "do_not_contact", "do_not_contact_reason")


@transaction.atomic
def merge(
    master: Customer,
    other: Customer,
    *,
    chosen: Mapping[str, Any],
    by: User,
    at: datetime,
    versions: tuple[int, int] | None = None,
) -> Operation:
    """`master` gets the chosen values and everything that pointed at `other`, which goes to the bin and leads to it.

    With `versions` (of both, as the person saw them) a change by somebody else in between is refused: StaleVersion.
    """
    master, other = _locked(master, other)
    _refuse(master, other, by, versions)
    _write_addresses_down(master, other, chosen, at)
    master, parts = _change(master, other, dict(chosen), by=by, at=at)
    for follower in following.moving():
        parts += _move(follower, other, master, by=by, at=at)
    parts.append(_leave(other, master, at))
    count_last_activity(master)
    operation = journal.write(
        MERGE,
        parts,
        kind=Customer.kind,
        message=gettext_noop("Merged %(other)s into %(master)s"),
        values={"master": master.name, "other": other.name, "master_id": master.pk, "other_id": other.pk},
        url=reverse("customer-detail", args=[master.pk]),
        by=by,
        at=at,
    )
    told = {"other": records.as_json(other), "master": records.as_json(master), "operation": operation.pk}
    events.record("customer.merged_away", other, by=by, at=at, data=told)
    events.record("customer.merged", master, by=by, at=at, data=told)
    return operation


def became(customer_id: int) -> int | None:
    """The customer that a merged one became."""
    merged = Customer._base_manager.filter(pk=customer_id, merged_into__isnull=False)
    return merged.values_list("merged_into_id", flat=True).first()


@transaction.atomic
def gather_stragglers() -> int:
    """What was written about a customer in the very moment in which it was merged still points at it; a night later it
    points at the one that stayed. Returns how many rows that were."""
    moved = 0
    quote = connection.ops.quote_name
    for follower in following.moving():
        table, pointer = quote(follower.model._meta.db_table), quote(follower.column)
        again = "AND row.id <> merged.merged_into_id" if follower.model is Customer else ""
        about = f"AND row.{quote(follower.where[0])} = %(about)s" if follower.where[0] else ""
        if follower.once:
            once = quote(follower.model._meta.get_field(follower.once).column)
            again = f"""AND NOT EXISTS (SELECT 1 FROM {table} AS known
                WHERE known.{pointer} = merged.merged_into_id AND known.{once} = row.{once}
                {about.replace("row.", "known.")})"""
        with connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE {table} AS row SET {pointer} = merged.merged_into_id FROM customers_customer AS merged
                WHERE row.{pointer} = merged.id AND merged.merged_into_id IS NOT NULL {again} {about}""",
                {"about": follower.where[1]},
            )
            moved += cursor.rowcount
    return moved


def merged_into(customer: Any) -> list[int]:
    """Those that were merged into it, whose story is its own now."""
    return list(Customer._base_manager.filter(merged_into=customer).values_list("pk", flat=True))


def _locked(master: Customer, other: Customer) -> tuple[Customer, Customer]:
    """Both, in the order of their keys, so that two merges at once wait for each other and do not lock up."""
    pks = sorted({master.pk, other.pk})
    found = {row.pk: row for row in Customer._base_manager.select_for_update().filter(pk__in=pks).order_by("pk")}
    if len(found) < 2:
        raise ValidationError(_("Choose two different customers."))
    return found[master.pk], found[other.pk]


def _refuse(master: Customer, other: Customer, by: User, versions: tuple[int, int] | None) -> None:
    if master.is_in_bin or other.is_in_bin:
        raise ValidationError(_("One of the two is in the bin."))
    both = Customer.objects.editable_by(by).filter(pk__in=[master.pk, other.pk])
    if both.count() < 2:
        raise ValidationError(_("Both customers have to be yours to edit."))
    for record, seen in zip((master, other), versions or (), strict=False):
        if record.version != seen:
            raise StaleVersion(record, [])


def _write_addresses_down(master: Customer, other: Customer, chosen: Mapping[str, Any], at: datetime) -> None:
    """The email and phone of both are kept: what the chosen one takes the place of is a further one from now on."""
    for each in (master, other):
        contact_points.write_down(each, at=at)
    taken = [name for name in IN_A_FIELD if name in chosen and chosen[name] != getattr(master, name)]
    contact_points.step_back(master, taken)


def _change(
    master: Customer, other: Customer, chosen: dict[str, Any], *, by: User, at: datetime
) -> tuple[Customer, list[OperationPart]]:
    """The chosen values. A customer that stood below the other one stands where that stood."""
    chosen |= _unchosen(master, other, chosen, by)
    custom = {name: chosen.pop(name) for name in list(chosen) if known.by_name(Customer.kind, name)}
    unknown = set(chosen) - set(CHOOSABLE)
    if unknown:
        raise ValidationError(_("%(names)s cannot be chosen.") % {"names": listed(sorted(unknown))})
    if custom:
        values = {name.removeprefix(known.PREFIX): value for name, value in custom.items()}
        chosen["custom"] = Whole({**writing.custom_of(master), **values})
    parent = chosen.get("parent", master.parent)
    if parent == other or (master.parent_id and other._is_above(master.pk)):
        parent = other.parent
    chosen["parent"] = None if parent == master else parent
    before = journal.columns_of(master, always=True)
    if chosen.get("referred_by", master.referred_by) in (master, other):
        chosen["referred_by"] = other.referred_by if other.referred_by != master else None
    if chosen.get("lifecycle", master.lifecycle) != master.lifecycle:
        chosen |= {name: getattr(other, name) for name in FOLLOWING_THE_LIFECYCLE}
    if "city" in chosen or (master.latitude is None and master.city == other.city):
        chosen |= {name: getattr(other, name) for name in FOLLOWING_THE_CITY}
    chosen["tags"] = sorted({*master.tags, *other.tags})
    if other.do_not_contact and not master.do_not_contact:
        chosen |= {"do_not_contact": True, "do_not_contact_reason": other.do_not_contact_reason}
    with source.correcting():
        master = customers.update(master, chosen, by=by, at=at)
    after = journal.columns_of(master, always=True)
    written = (*CHOOSABLE, *FOLLOWING_THE_LIFECYCLE, *FOLLOWING_THE_CITY, *COMBINED, "custom")
    names = [master._meta.get_field(name).attname for name in written]  # type: ignore[union-attr]
    names = [name for name in names if before[name] != after[name]]
    if not names:
        return master, []
    was, now = ({name: journal.as_stored(held[name]) for name in names} for held in (before, after))
    return master, [OperationPart(table=Customer._meta.label, ids=[master.pk], before=was, after=now)]


def _unchosen(master: Customer, other: Customer, chosen: Mapping[str, Any], by: User) -> dict[str, Any]:
    """Of fields that the person may not write what stands stays; where nothing stands, nothing is lost."""
    closed = access_of(by).unwritable.get(Customer.kind, frozenset())
    refused = sorted(closed & set(chosen))
    if refused:
        raise ValidationError(_("%(names)s cannot be chosen.") % {"names": listed(refused)})
    nothing: tuple[Any, ...] = (None, "", [])
    return {
        name: writing.held(other, name)
        for name in closed
        if writing.held(master, name) in nothing and writing.held(other, name) not in nothing
    }


def _move(follower: Follower, other: Customer, master: Customer, *, by: User, at: datetime) -> list[OperationPart]:
    """Point the rows of one table at the customer that stays, in one statement."""
    model, column = follower.model, follower.column
    quote = connection.ops.quote_name
    table, pointer = quote(model._meta.db_table), quote(column)
    sets, conditions = [f"{pointer} = %(master)s"], [f"{pointer} = %(other)s"]
    if issubclass(model, Record):
        sets += ["version = version + 1", "updated_at = %(at)s"]
    if model is Customer:
        conditions.append("id <> %(master)s")  # that one gets its parent with the chosen values
    about = f" AND {quote(follower.where[0])} = %(about)s" if follower.where[0] else ""
    if follower.once:
        once = quote(model._meta.get_field(follower.once).column)
        conditions.append(f"{once} NOT IN (SELECT {once} FROM {table} WHERE {pointer} = %(master)s{about})")
    parts = _lower(follower, other, master)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {', '.join(sets)} WHERE {' AND '.join(conditions)}{about} RETURNING id",
            {"master": master.pk, "other": other.pk, "at": at, "about": follower.where[1]},
        )
        ids = sorted(row[0] for row in cursor.fetchall())
    if ids:
        told = {"before": {column: other.pk}, "after": {column: master.pk}}
        parts.append(OperationPart(table=model._meta.label, ids=ids, **told))
        if follower.moved:
            follower.moved(ids, by=by, at=at)
    return parts


def _lower(follower: Follower, other: Customer, master: Customer) -> list[OperationPart]:
    """The one that bears the flag at the customer that stays keeps it; the other's gives it up."""
    if not follower.main:
        return []
    flagged = follower.model._base_manager.filter(**{follower.main: True})
    if not flagged.filter(**{follower.field: master}).exists():
        return []
    theirs = flagged.filter(**{follower.field: other})
    if follower.main_of:
        taken = flagged.filter(**{follower.field: master}).values_list(follower.main_of, flat=True)
        theirs = theirs.filter(**{f"{follower.main_of}__in": list(taken)})
    ids = list(theirs.values_list("pk", flat=True))
    theirs.update(**{follower.main: False})
    told = {"before": {follower.main: True}, "after": {follower.main: False}}
    return [OperationPart(table=follower.label, ids=ids, **told)] if ids else []


def _leave(other: Customer, master: Customer, at: datetime) -> OperationPart:
    other.move_to_bin(at)
    other.merged_into, other.version, other.updated_at = master, other.version + 1, at
    other.save()
    before = {"deleted_at": None, "merged_into_id": None}
    after = {"deleted_at": journal.as_stored(at), "merged_into_id": master.pk}
    return OperationPart(table=Customer._meta.label, ids=[other.pk], before=before, after=after)


def count_last_activity(customer: Customer) -> None:
    latest = Activity.objects.alive().of_customer(customer).order_by("-at").values_list("at", flat=True).first()
    Customer._base_manager.filter(pk=customer.pk).update(last_activity_at=latest)
