"""The home page's panel: what is due, and whom one has been working with."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.access import guards
from crm.access.permissions import Verb
from customers.models import Activity, Customer, Task

TASKS = 15
RECENT_CUSTOMERS = 6
RECENT_ACTIVITIES = 60


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """One's own tasks that are overdue or due today, the most pressing first, and one's recent customers."""
    guards.require(request.user, Task.kind, Verb.VIEW)
    now = timezone.now()
    due = Task.objects.visible_to(request.user).owned_by(request.user).due_before(end_of_today(now))
    shown = list(due.select_related("customer").soonest_first()[: TASKS + 1])
    named = Customer.objects.visible_to(request.user).filter(pk__in=[task.customer_id for task in shown])
    seen = {customer.pk: customer for customer in named}
    context = {
        "rows": [(task, seen.get(task.customer_id), task.is_overdue(now)) for task in shown[:TASKS]],
        "are_more": len(shown) > TASKS,
        "customers": recent_customers(request.user),
        "may_log": request.user.access.may(Activity.kind, Verb.CREATE),
    }
    return render(request, "customers/today.html", context)


def end_of_today(now: datetime) -> datetime:
    tomorrow = timezone.localtime(now).date() + timedelta(days=1)
    return timezone.make_aware(datetime.combine(tomorrow, time()))


def recent_customers(user: Any) -> list[Customer]:
    """The customers of one's latest activities, each once."""
    latest = Activity.objects.visible_to(user).filter(owner=user).order_by("-at", "-id")
    ids = list(dict.fromkeys(latest.values_list("customer_id", flat=True)[:RECENT_ACTIVITIES]))[:RECENT_CUSTOMERS]
    seen = {customer.pk: customer for customer in Customer.objects.visible_to(user).filter(pk__in=ids)}
    return [seen[pk] for pk in ids if pk in seen]
