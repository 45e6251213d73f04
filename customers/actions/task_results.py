"""A task done with a result: the plan turns into a record, with what comes next, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.models import User
from customers.actions import activities, tasks
from customers.actions.activities import NextStep
from customers.models import Activity, Task


@transaction.atomic
def finish(
    task: Task,
    *,
    by: User,
    at: datetime,
    happened: dict[str, Any] | None = None,
    next_step: NextStep | None = None,
    submission: str = "",
    also: Callable[..., None] | None = None,
    overriding: str = "",
) -> tuple[Task, Activity | None]:
    """Complete a task; `happened` (type, outcome, subject, body) is noted as an activity with its customer.

    `also` is what becomes of the record it is about, in the same transaction (called with `by=` and `at=`).

    The same submission again changes nothing and gives what it made the first time. A task that somebody else has
    completed meanwhile is refused, so that one call is not noted twice.
    """
    locked = tasks.locked(task)
    if locked.is_done:
        known = activities.submitted(by, submission)
        if known is None:
            raise ValidationError(_("This task is done already."))
        return locked, known
    activity = None
    if happened is not None and locked.customer is not None:
        activity = _note(locked, happened, next_step, by=by, at=at, submission=submission)
    elif next_step is not None:
        tasks.create(
            title=next_step.title, due_at=next_step.due_at, owner=next_step.owner or locked.owner,
            customer=locked.customer, contact=locked.contact, about=locked.about, remind=next_step.remind,
            by=by, at=at,
        )  # fmt: skip
    if also is not None:
        also(by=by, at=at)
    return tasks.complete(locked, by=by, at=at, overriding=overriding), activity


def _note(
    task: Task, happened: dict[str, Any], next_step: NextStep | None, *, by: User, at: datetime, submission: str
) -> Activity:
    customer, contact = task.customer, task.contact
    assert customer is not None  # asked before
    still_there = contact is not None and customer.contact_links.filter(contact=contact).exists()
    # What was planned with a beginning happened then, unless it is noted ahead of it.
    if task.starts_at is not None and task.due_at is not None and task.starts_at <= at:
        happened = happened | {"happened_at": task.starts_at, "duration": task.due_at - task.starts_at}
    return activities.log(
        customer=customer,
        contacts=[contact] if contact is not None and still_there else [],
        about=task.about,
        next_step=next_step,
        submission=submission,
        asks_next=False,  # when the task is done, which ends all of it
        by=by,
        at=at,
        **happened,
    )
