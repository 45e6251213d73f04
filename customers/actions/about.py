"""Whose what is noted about a record of an app above is: one rule for pages and programs."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.models import User
from customers.models import Activity, Customer, Task


def customer_of(about: Any, said: Customer | None) -> Customer | None:
    """The record's own customer where nobody is named, also for whoever sees the record and not its customer
    (docs/sharing.md); another customer is refused."""
    whose = getattr(about, "customer_id", None)
    if said is None:
        return about.customer if whose else None
    if whose not in (None, said.pk):
        raise ValidationError({"customer": _("What it belongs to is another customer's.")})
    return said


def is_unseen(about: Any, user: User) -> bool:
    """It has a customer whom the person does not see: there is nothing to choose then."""
    whose = getattr(about, "customer_id", None)
    return bool(whose) and not Customer.objects.visible_to(user).filter(pk=whose).exists()


def may_note(task: Task, user: User) -> bool:
    """What came of a task is noted with its customer by whoever sees the customer, or the record the task is for."""
    if task.customer_id is None or not access_of(user).may(Activity.kind, Verb.CREATE):
        return False
    return Customer.objects.visible_to(user).filter(pk=task.customer_id).exists() or task.about_for(user) is not None
