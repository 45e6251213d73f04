"""What is done with an activity: noted with its next step, corrected, taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, Max, OuterRef
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from crm.actions import mentions, records
from crm.actions.reminders import Wish
from crm.models import Event, Follow, User
from customers.actions import about as abouts
from customers.actions import next_steps, tasks
from customers.models import Activity, Contact, Customer, tidy

CLOCKS_DIFFER = timedelta(minutes=5)  # a browser's clock may be ahead of ours
SUBMISSIONS = uuid.UUID("5f0c7d0e-3b56-4a3b-8b0f-1d5d3a1f7a10")  # namespace of tokens, nothing more


@dataclass(frozen=True)
class NextStep:
    """What to do next, noted in the same breath: becomes a task, of the activity's owner unless it says whose."""

    title: str
    due_at: datetime | None = None
    owner: User | None = None
    remind: Wish | None = None  # of whoever notes it


def log(
    *,
    type: str,
    subject: str,
    by: User | None,
    at: datetime,
    customer: Customer | None = None,
    happened_at: datetime | None = None,
    direction: str = Activity.Direction.OUTBOUND,
    outcome: str = "",
    duration: timedelta | None = None,
    body: str = "",
    contacts: Iterable[Contact] = (),
    colleagues: Iterable[User] = (),
    owner: User | None = None,
    about: Any = None,
    next_step: NextStep | None = None,
    submission: str = "",
    also: Callable[..., None] | None = None,
    overriding: str = "",
    asks_next: bool = True,
) -> Activity:
    """Note what was done with a customer, and the next step, in one transaction.

    `about` is a record of an app above it belongs to, whose customer is meant where none is given, and `also` what
    becomes of it in the same transaction (called with `by=` and `at=`). A `submission` token seen before from the
    same person returns the activity it made the first time. Where the record asks for a next step and is left without,
    it is refused, unless it is noted by itself (`asks_next`) or somebody who may says why in `overriding`.
    """
    if known := submitted(by, submission):
        return known
    key = _submission_key(by, submission)
    customer = abouts.customer_of(about, customer)
    if customer is None:
        raise ValidationError({"customer": _("Say with which customer it was.")})
    who = owner or by or customer.owner
    activity = Activity(
        customer=customer,
        type=type,
        subject=tidy.one_line(subject),
        at=happened_at or at,
        direction=direction,
        outcome=outcome,
        duration=duration,
        body=body.strip(),
        owner=who,
        team=who.team if who else customer.team,
        about_kind=about.kind if about else "",
        about_id=about.pk if about else None,
        submission=key,
    )
    _refuse_future(activity.at, at)
    _refuse_other_people(customer, contacts)
    try:
        with transaction.atomic():
            stored = _store(activity, list(contacts), list(colleagues), next_step, about, by=by, at=at)
            if also is not None:
                also(by=by, at=at)
            if asks_next:
                next_steps.require(about, by=by, at=at, overriding=overriding)
        return stored
    except (IntegrityError, ValidationError):
        # The same form, sent twice at once, and the other request came first?
        if known := submitted(by, submission):
            return known
        raise


def submitted(by: User | None, token: str) -> Activity | None:
    """What this person's form with this token made already."""
    key = _submission_key(by, token)
    return Activity._base_manager.filter(submission=key).first() if key else None


@transaction.atomic
def update(
    activity: Activity,
    changes: dict[str, Any],
    *,
    by: User | None,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Activity:
    """Correct an activity; `contacts` and `colleagues` are replaced as given."""
    changes = tidy.fields(changes)
    people = {name: list(changes.pop(name)) for name in ("contacts", "colleagues") if name in changes}
    _refuse_future(changes.get("at", activity.at), at)
    _refuse_other_people(activity.customer, people.get("contacts", ()))
    activity = records.update(activity, changes, by=by, at=at, version=version, base=base)
    if "body" in changes:
        mentions.keep(activity, activity.body, by=by, at=at)
    for name, chosen in people.items():
        getattr(activity, name).set(chosen)
    if "at" in changes:
        _recount_last_activity(activity.customer)
    return activity


@transaction.atomic
def delete(activity: Activity, *, by: User | None, at: datetime) -> Activity:
    """Take an activity back (Undo), with the next step noted with it if nobody has touched that since."""
    activity = records.delete(activity, by=by, at=at)
    for task in tasks.untouched_next_steps(activity):
        tasks.delete(task, by=by, at=at, asks_next=False)
    _recount_last_activity(activity.customer)
    return activity


@transaction.atomic
def restore(activity: Activity, *, by: User | None, at: datetime) -> Activity:
    if activity.customer.is_in_bin:
        raise ValidationError(_("Its customer is in the bin: restore that first."))
    went_at = activity.deleted_at
    activity = records.restore(activity, by=by, at=at)
    for task in tasks.next_steps_in_bin(activity, went_at):
        tasks.restore(task, by=by, at=at)
    _recount_last_activity(activity.customer)
    return activity


def _store(
    activity: Activity,
    contacts: list[Contact],
    colleagues: list[User],
    next_step: NextStep | None,
    about: models.Model | None,
    *,
    by: User | None,
    at: datetime,
) -> Activity:
    data = {"type": activity.type, "next_step": next_step.title if next_step else ""}
    # Not linked to the customer: the customer's timeline shows the activity itself.
    records.create(activity, by=by, at=at, data=data)
    if contacts:
        activity.contacts.set(contacts)
    if colleagues:
        activity.colleagues.set(colleagues)
    _note_last_activity(activity)
    if "@" in activity.body:
        mentions.keep(activity, activity.body, by=by, at=at)
    if next_step and next_step.title.strip():
        tasks.create(
            title=next_step.title,
            due_at=next_step.due_at,
            owner=next_step.owner or activity.owner,
            customer=activity.customer,
            contact=contacts[0] if contacts else None,
            about=about,
            after=activity,
            remind=next_step.remind,
            by=by,
            at=at,
        )
    return activity


def _submission_key(by: User | None, token: str) -> uuid.UUID | None:
    """Another person's token is never the same key, so that it leads nowhere."""
    return uuid.uuid5(SUBMISSIONS, f"{by.pk}:{token}") if by and token else None


def _refuse_future(happened_at: datetime, at: datetime) -> None:
    if happened_at > at + CLOCKS_DIFFER:
        raise ValidationError({"at": _("An activity is something done. Plan what is to come as a task.")})


def _refuse_other_people(customer: Customer, contacts: Iterable[Contact]) -> None:
    chosen = {contact.pk for contact in contacts}
    known = set(customer.contact_links.filter(contact__in=chosen).values_list("contact_id", flat=True))
    if chosen - known:
        raise ValidationError({"contacts": _("Somebody chosen does not work at this customer.")})


def _note_last_activity(activity: Activity) -> None:
    # The greatest of both, so that two at once cannot set it back; not an edit, so no new version.
    Customer._base_manager.filter(pk=activity.customer_id).update(
        last_activity_at=Greatest("last_activity_at", activity.at)
    )


def _recount_last_activity(customer: Customer) -> None:
    locked = Customer._base_manager.select_for_update(of=("self",)).filter(pk=customer.pk)
    list(locked.values_list("pk"))
    latest = Activity.objects.alive().of_customer(customer).aggregate(latest=Max("at"))["latest"]
    locked.update(last_activity_at=latest)


def of_followed(since: datetime, now: datetime) -> Iterator[tuple[Event, list[tuple[str, int]]]]:
    """Newly noted activities of followed records, on whose pages they stand by themselves, not by an event."""
    noted = Event.objects.filter(type="activity.created", at__gt=since, at__lte=now).select_related("by")
    by_customer = Follow.objects.filter(about_kind=Customer.kind, about_id=OuterRef("customer_id"))
    by_about = Follow.objects.filter(about_kind=OuterRef("about_kind"), about_id=OuterRef("about_id"))
    fresh = Activity._base_manager.filter(pk__in=noted.order_by().values("subject_id"))
    found = {each.pk: each for each in fresh.filter(Exists(by_customer) | Exists(by_about))}
    for event in noted.filter(subject_id__in=found).order_by("at", "pk"):
        activity = found[event.subject_id]
        yield event, [(Customer.kind, activity.customer_id), (activity.about_kind, activity.about_id or 0)]
