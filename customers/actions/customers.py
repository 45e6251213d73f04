"""What is done with a customer. Web, API, import and tasks all call these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.actions import journal, mentions, records
from crm.actions.notifications import notify
from crm.models import Team, User
from customers.actions import contact_points, duplicates, graph, handing_over, lifecycle, positions
from customers.models import ChurnReason, Collaborator, Customer, Standing, source, tidy
from customers.models.matching import Alike


@transaction.atomic
def create(*, by: User | None, at: datetime, apart_from: Iterable[Alike] = (), **fields: Any) -> Customer:
    """A new customer: the creator's own, in the creator's team, unless `owner` or `team` say otherwise.

    `apart_from` are those it is alike to and, as the creator said, is not.
    """
    owner = fields.pop("owner", by)
    team = fields.pop("team", None) or (owner.team if owner else None)
    customer = Customer(owner=owner, team=team, **positions.effects(Customer(), tidy.fields(fields)))
    lifecycle.effects(customer, {}, at)
    records.create(customer, by=by, at=at, data={"lifecycle": customer.lifecycle}, about=[customer.parent])
    if "@" in customer.notes:
        mentions.keep(customer, customer.notes, by=by, at=at)
    note_standing(customer, by=by, at=at)
    duplicates.note_apart(customer, apart_from, by=by, at=at)
    return customer


@transaction.atomic
def update(
    customer: Customer,
    changes: dict[str, Any],
    *,
    by: User | None,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Customer:
    """Change fields. Use `hand_over` and `change_lifecycle` for what they name: others react to those."""
    before = _standing_of(customer)
    if changes.get("parent") is not None:
        _one_tree_at_a_time()
    changes = positions.effects(customer, lifecycle.effects(customer, tidy.fields(changes), at), base)
    source.refuse_another({name: getattr(customer, name) for name in source.FIELDS}, changes, base)
    is_won_back = lifecycle.is_won_back(customer.lifecycle, changes.get("lifecycle", ""))
    event = "won_back" if is_won_back and changes.get("won_back_at") == at else "updated"
    customer = records.update(customer, changes, by=by, at=at, version=version, base=base, event=event)
    if "notes" in changes:
        mentions.keep(customer, customer.notes, by=by, at=at)
    if {"email", "phone"} & set(changes):
        contact_points.follow([customer])
    if _standing_of(customer) != before:
        note_standing(customer, by=by, at=at)
    return customer


@transaction.atomic
def hand_over(
    customer: Customer,
    *,
    to: User,
    by: User | None,
    at: datetime,
    team: Team | None = None,
    with_open_work: bool = True,
) -> Customer:
    """Give a customer to somebody else, by default with the open tasks and the people the last owner looked after.

    Apps above hand over their own open work when they hear "customer.handed_over"; without open work the event
    is "customer.owner_changed".
    """
    if not to.is_active:
        raise ValidationError({"owner": _("This person no longer works here.")})
    locked = Customer._base_manager.select_for_update(of=("self",)).get(pk=customer.pk)
    last_owner, before = locked.owner, _standing_of(locked)
    event = "handed_over" if with_open_work else "owner_changed"
    customer = records.update(locked, {"owner": to, "team": team or to.team}, by=by, at=at, event=event)
    if _standing_of(customer) == before:
        return customer
    note_standing(customer, by=by, at=at)
    if with_open_work and last_owner not in (None, to):
        handing_over.open_tasks(customer, last_owner, to, by=by, at=at)
        handing_over.people(customer, last_owner, to, by=by, at=at)
    if to not in (by, last_owner):
        _tell_new_owner(customer, to, by, at)
    return customer


def hand_over_many(
    customers: list[Customer], *, to: User, by: User | None, at: datetime, with_open_work: bool = True
) -> int:
    """Hand over each; returns how many changed hands."""
    theirs = [customer for customer in customers if customer.owner_id != to.pk]
    with journal.handing_over(Customer.kind, to, by=by, at=at):
        for customer in theirs:
            hand_over(customer, to=to, by=by, at=at, with_open_work=with_open_work)
    return len(theirs)


@transaction.atomic
def put_back(customer: Customer, changes: dict[str, Any], *, by: User | None, at: datetime) -> Customer:
    """What was there before something that is taken back now; nobody is won back by that."""
    with source.correcting():
        return update(customer, {"won_back_at": customer.won_back_at} | changes, by=by, at=at)


@transaction.atomic
def change_lifecycle(
    customer: Customer, *, to: str, by: User | None, at: datetime, churn_reason: ChurnReason | None = None
) -> Customer:
    """Prospect, active or churned; being there already changes nothing. Who leaves leaves for a reason."""
    customer = Customer._base_manager.select_for_update(of=("self",)).get(pk=customer.pk)
    if customer.lifecycle == to:
        return customer
    reason = {"churn_reason": churn_reason} if to == Customer.Lifecycle.CHURNED else {}
    changes = lifecycle.effects(customer, {"lifecycle": to, **reason}, at)
    event = "won_back" if lifecycle.is_won_back(customer.lifecycle, to) else "lifecycle_changed"
    customer = records.update(customer, changes, by=by, at=at, event=event)
    note_standing(customer, by=by, at=at)
    return customer


@transaction.atomic
def add_collaborator(
    customer: Customer, *, user: User, may_edit: bool = True, by: User | None, at: datetime
) -> Collaborator:
    """Let somebody work on this one customer, or only read it.

    Adding the same person twice changes nothing but what they may do, where that is said otherwise now.
    """
    if not user.is_active:
        raise ValidationError({"user": _("This person no longer works here.")})
    if user.pk == customer.owner_id:
        raise ValidationError({"user": _("This person owns the customer already.")})
    collaborator, is_new = Collaborator.objects.get_or_create(
        customer=customer, user=user, defaults={"may_edit": may_edit, "added_by": by, "added_at": at}
    )
    told = {"user": records.as_json(user), "may_edit": may_edit}
    if not is_new and collaborator.may_edit != may_edit:
        collaborator.may_edit = may_edit
        collaborator.save(update_fields=["may_edit"])
        events.record("customer.collaborator_changed", customer, by=by, at=at, data=told)
    if is_new:
        events.record("customer.collaborator_added", customer, by=by, at=at, data=told)
        if user != by:
            url = reverse("customer-detail", args=[customer.pk])
            message = gettext_noop("You now work on %(customer)s too.")
            if not may_edit:
                message = gettext_noop("You may now read %(customer)s.")
            key = f"collaborator-{collaborator.pk}"
            notify(user, message, values={"customer": customer.name}, url=url, key=key, at=at)
    return collaborator


@transaction.atomic
def remove_collaborator(customer: Customer, *, user: User, by: User | None, at: datetime) -> None:
    removed, _by_model = Collaborator.objects.filter(customer=customer, user=user).delete()
    if removed:
        events.record("customer.collaborator_removed", customer, by=by, at=at, data={"user": records.as_json(user)})


@transaction.atomic
def delete(customer: Customer, *, by: User | None, at: datetime) -> Customer:
    """Move a customer to the bin, with its activities, its tasks and the people known only from it."""
    if customer.is_in_bin:
        return customer
    graph.put_in_bin(customer, at)
    return records.delete(customer, by=by, at=at, about=[customer.parent])


@transaction.atomic
def restore(customer: Customer, *, by: User | None, at: datetime) -> Customer:
    """Take a customer out of the bin, with everything that went in with it."""
    if not customer.is_in_bin:
        return customer
    if customer.merged_into_id:
        raise ValidationError(_("It was merged with another customer: undo the merge instead."))
    went_at: Any = customer.deleted_at
    customer = records.restore(customer, by=by, at=at, about=[customer.parent])
    graph.take_out_of_bin(customer, went_at)
    return customer


def rate(scores: Mapping[int, int | None]) -> int:
    """Write health scores by customer id, so that lists can filter by them; returns how many changed.

    One statement for everybody, and no new version: a score is computed, not edited, and its history is kept
    where it is computed.
    """
    sql = """
        UPDATE customers_customer AS customer SET health = scores.health
        FROM unnest(%s::bigint[], %s::smallint[]) AS scores(id, health)
        WHERE customer.id = scores.id AND customer.health IS DISTINCT FROM scores.health
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(scores), list(scores.values())])
        return cursor.rowcount


def _one_tree_at_a_time() -> None:
    """Two moves at once could each be right, and together a circle: the second one waits for the first to be over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('customer-tree'))")


def _standing_of(customer: Customer) -> tuple[int | None, int | None, str]:
    return customer.owner_id, customer.team_id, customer.lifecycle


def note_standing(customer: Customer, *, by: User | None, at: datetime) -> None:
    Standing.objects.create(
        customer=customer, since=at, owner=customer.owner, team=customer.team, lifecycle=customer.lifecycle,
        churn_reason=customer.churn_reason, by=by,
    )  # fmt: skip


def _tell_new_owner(customer: Customer, to: User, by: User | None, at: datetime) -> None:
    notify(
        to,
        gettext_noop("%(by)s handed %(customer)s over to you."),
        values={"by": str(by or ""), "customer": customer.name},
        url=reverse("customer-detail", args=[customer.pk]),
        key=f"customer-{customer.pk}-handed-over-{customer.version}",
        at=at,
    )
