"""What is done with a task. Events carry what the task was made for, so that apps above can react."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.actions import journal, mentions, records, reminders
from crm.actions.notifications import notify
from crm.actions.reminders import Wish
from crm.models import User
from customers.actions import about as abouts
from customers.actions import next_steps
from customers.models import Activity, Contact, Customer, Task, tidy


@transaction.atomic
def create(
    *,
    title: str,
    by: User | None,
    at: datetime,
    owner: User | None = None,
    due_at: datetime | None = None,
    notes: str = "",
    priority: int = Task.Priority.NORMAL,
    customer: Customer | None = None,
    contact: Contact | None = None,
    about: Any = None,
    after: Activity | None = None,
    type: str = "",
    starts_at: datetime | None = None,
    all_day: bool = False,
    remind: Wish | None = None,
) -> Task:
    """Something to do, by `owner` (whoever notes it unless said). `about` is a record of an app above it is for,
    whose customer is meant where none is given.

    `remind` is the wish of whoever notes it.
    """
    customer = abouts.customer_of(about, customer)
    who = owner or by or (customer.owner if customer else None)
    if who is not None and not who.is_active:
        raise ValidationError({"owner": _("This person no longer works here.")})
    task = Task(
        title=tidy.one_line(title),
        owner=who,
        team=who.team if who else customer.team if customer else None,
        due_at=due_at,
        notes=notes.strip(),
        priority=priority,
        customer=customer,
        contact=contact,
        about_kind=about.kind if about else "",
        about_id=about.pk if about else None,
        after=after,
        type=type,
        starts_at=starts_at,
        all_day=all_day,
    )
    records.create(task, by=by, at=at, data=_about(task), about=_timelines(task))
    mentions.keep(task, task.notes, by=by, at=at)
    if remind is not None and by is not None:
        reminders.grant(task, remind, due=task.begins_at, by=by, at=at)
    if who is not None and who != by:
        _tell(task, who, by, at)
    return task


@transaction.atomic
def update(
    task: Task,
    changes: dict[str, Any],
    *,
    by: User | None,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
    remind: Wish | None = None,
    asks_next: bool = True,
) -> Task:
    """Change what it says. `remind` is how its editor wishes to be reminded of it from now on, where that changed."""
    about, loses_its_day = _timelines(task), asks_next and _loses_its_day(task, changes)
    saved = records.update(task, tidy.fields(changes), by=by, at=at, version=version, base=base, about=about)
    if "notes" in changes:
        mentions.keep(saved, saved.notes, by=by, at=at)
    if {"starts_at", "due_at"} & changes.keys():
        reminders.move(saved, due=saved.begins_at, at=at)
    if remind is not None and by is not None:
        reminders.grant(saved, remind, due=saved.begins_at, by=by, at=at)
    if loses_its_day:
        next_steps.require(saved.about, by=by, at=at)
    return saved


def put_back(task: Task, changes: dict[str, Any], *, by: User | None, at: datetime) -> Task:
    """As it was before what was done to many."""
    return update(task, changes, by=by, at=at, asks_next=False)


@transaction.atomic
def complete(task: Task, *, by: User | None, at: datetime, overriding: str = "") -> Task:
    """It is done; doing it twice changes nothing. Refused where what it is for is left without
    the next step it asks for, unless somebody who may says why in `overriding`.
    """
    task = locked(task)
    if not task.is_done:
        task.complete(by=by, at=at)
        _save(task, at)
        events.record("task.completed", task, by=by, at=at, data=_about(task), about=_timelines(task))
        if not task.comes_again:
            next_steps.require(task.about, by=by, at=at, overriding=overriding)
    return task


@transaction.atomic
def reopen(task: Task, *, by: User | None, at: datetime) -> Task:
    """It is not done after all."""
    task = locked(task)
    if task.is_done:
        task.reopen()
        _save(task, at)
        events.record("task.reopened", task, by=by, at=at, data=_about(task), about=_timelines(task))
    return task


@transaction.atomic
def assign(task: Task, *, to: User, by: User | None, at: datetime, tell: bool = True) -> Task:
    """Somebody else is to do it, and is told unless they took it themselves."""
    if not to.is_active:
        raise ValidationError({"owner": _("This person no longer works here.")})
    if task.owner_id == to.pk:
        return task
    changes = {"owner": to, "team": to.team}
    task = records.update(task, changes, by=by, at=at, event="assigned", about=_timelines(task))
    if tell and to != by:
        _tell(task, to, by, at)
    return task


def assign_many(tasks: list[Task], *, to: User, by: User | None, at: datetime) -> int:
    """Assign each; returns how many changed hands."""
    others = [task for task in tasks if task.owner_id != to.pk]
    message = gettext_noop("Given to %(to)s to do")
    with journal.recording(kind=Task.kind, message=message, values={"to": str(to)}, by=by, at=at):
        for task in others:
            assign(task, to=to, by=by, at=at)
    return len(others)


@transaction.atomic
def delete(task: Task, *, by: User | None, at: datetime, asks_next: bool = True) -> Task:
    gone = records.delete(task, by=by, at=at, about=_timelines(task))
    if asks_next and not gone.is_done and gone.due_at is not None and not gone.comes_again:
        next_steps.require(gone.about, by=by, at=at)
    return gone


@transaction.atomic
def restore(task: Task, *, by: User | None, at: datetime) -> Task:
    if task.customer and task.customer.is_in_bin:
        raise ValidationError(_("Its customer is in the bin: restore that first."))
    return records.restore(task, by=by, at=at, about=_timelines(task))


def untouched_next_steps(activity: Activity) -> list[Task]:
    """Tasks noted with the activity that are as they were made."""
    return list(Task.objects.alive().open().filter(after=activity, version=1))


def next_steps_in_bin(activity: Activity, went_at: datetime | None) -> list[Task]:
    return list(Task.objects.in_bin().filter(after=activity, deleted_at=went_at))


def _about(task: Task) -> dict[str, Any]:
    return {"about_kind": task.about_kind, "about_id": task.about_id, "title": task.title}


def _timelines(task: Task) -> list[models.Model | None]:
    """Whose timelines tell of it: the customer's, the person's, and of what it was made for."""
    return [task.customer, task.contact, task.about]  # type: ignore[list-item]


def _loses_its_day(task: Task, changes: dict[str, Any]) -> bool:
    """As it is stored: a form has written into the task already."""
    if task.about is None or "due_at" not in changes or changes["due_at"] is not None:
        return False
    return Task._base_manager.filter(pk=task.pk, done_at=None, due_at__isnull=False).exists()


def locked(task: Task) -> Task:
    """As it is now, held until the transaction ends."""
    return Task._base_manager.select_for_update(of=("self",)).get(pk=task.pk)


def _save(task: Task, at: datetime) -> None:
    task.version += 1
    task.updated_at = at
    task.full_clean()
    task.save()


def _tell(task: Task, to: User, by: User | None, at: datetime) -> None:
    message = gettext_noop("%(by)s gave you a task: %(task)s") if by else gettext_noop("A task for you: %(task)s")
    values = {"by": str(by or ""), "task": task.title}
    key = f"task-{task.pk}-assigned-{task.version}"
    notify(to, message, values=values, url=reverse("task-detail", args=[task.pk]), key=key, at=at)
