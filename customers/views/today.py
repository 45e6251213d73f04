"""What to do next and why: on the home page, and as a page of its own."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_GET

from crm.access import guards, kinds
from crm.access.permissions import Verb
from crm.web.toasts import toast
from customers.actions import snoozes
from customers.forms.tasks import SnoozeForm
from customers.models import Activity, Customer, Task
from customers.models import today as todays
from customers.models.today import Asking, Item
from customers.views import editing

ON_HOME = 8
ON_PAGE = 60
RECENT_CUSTOMERS = 6
RECENT_ACTIVITIES = 60


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """The home page's panel: the most pressing, and one's recent customers."""
    guards.require(request.user, Task.kind, Verb.VIEW)
    context = rows_for(request, ON_HOME) | {
        "back": reverse("home"),
        "customers": recent_customers(request.user),
        "may_log": request.user.access.may(Activity.kind, Verb.CREATE),
    }
    return render(request, "customers/today/panel.html", context)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The whole list; by htmx only its rows, when something on it was done."""
    guards.require(request.user, Task.kind, Verb.VIEW)
    template = "customers/today/_rows.html" if request.headers.get("HX-Request") else "customers/today/page.html"
    return render(request, template, rows_for(request, ON_PAGE) | {"back": reverse("today-page")})


def rows_for(request: HttpRequest, most: int) -> dict[str, Any]:
    """The list as the page shows it, with the buttons that would be answered."""
    user: Any = request.user
    now = timezone.now()
    items, are_more = todays.gather(Asking(user, now))
    shown = items[:most]
    tasks = [item.pk for item in shown if item.kind == Task.kind]
    editable = set(Task.objects.editable_by(user).filter(pk__in=tasks).values_list("pk", flat=True))
    may_log, may_plan = user.access.may(Activity.kind, Verb.CREATE), user.access.may(Task.kind, Verb.CREATE)
    return {
        "items": [_row(item, now, item.pk in editable, may_log, may_plan) for item in shown],
        "count": len(items),
        "are_more": are_more or len(items) > most,
    }


def _row(item: Item, now: Any, is_editable: bool, may_log: bool, may_plan: bool) -> dict[str, Any]:
    finish = dict(item.finish)
    if item.kind == Task.kind and not is_editable:
        finish.pop("result", None)
    if not may_log:
        finish.pop("log", None)
    if not may_plan:
        finish.pop("plan", None)
    kind = kinds.get(item.kind)
    return {
        "item": item,
        "url": kind.url_for(item.pk),
        "icon": kind.icon,
        "label": kind.label,
        "finish": finish,
        "is_late": item.due_at is not None and item.due_at < now,
        "is_high": item.priority == Task.Priority.HIGH,
    }


def recent_customers(user: Any) -> list[Customer]:
    """The customers of one's latest activities, each once."""
    latest = Activity.objects.visible_to(user).filter(owner=user).order_by("-at", "-id")
    ids = list(dict.fromkeys(latest.values_list("customer_id", flat=True)[:RECENT_ACTIVITIES]))[:RECENT_CUSTOMERS]
    seen = {customer.pk: customer for customer in Customer.objects.visible_to(user).filter(pk__in=ids)}
    return [seen[pk] for pk in ids if pk in seen]


def _row_of(user: Any, kind: str, pk: int) -> Any:
    """The record a row is about, if the person may see it."""
    try:
        model: Any = kinds.get(kind).model
    except KeyError:
        model = None
    if model is None or not hasattr(model, "objects"):
        raise Http404(_("There is no such record, or it is not yours to see."))
    return guards.get_visible(model.objects.all(), user, pk=pk)


class Snoozing(View):
    """Not today: off one's own list until a day. What is due stays due."""

    def get(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        return self.page(_row_of(request.user, kind, pk), SnoozeForm())

    def post(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        record = _row_of(request.user, kind, pk)
        form, now = SnoozeForm(request.POST), timezone.now()
        until = form.until(now) if form.is_valid() else None
        if until is None:
            form.add_error(None, _("Choose until when."))
            return self.page(record, form, status=422)
        try:
            kept = snoozes.snooze(record, until=until, by=request.user, at=now)
        except ValidationError as error:
            form.add_error(None, error.messages[0])
            return self.page(record, form, status=422)
        undo = reverse("today-waking", args=[kind, pk])
        toast(request, _("Back on your list on %(day)s.") % {"day": date_format(kept.until)}, undo_url=undo)
        return editing.saved(request, reverse("today-page"), task_changed=None)

    def page(self, record: Any, form: SnoozeForm, status: int = 200) -> HttpResponse:
        return render(self.request, "customers/today/snooze.html", {"record": record, "form": form}, status=status)


class Waking(View):
    """Back on the list: the Undo of putting off."""

    def post(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        snoozes.wake(_row_of(request.user, kind, pk), by=request.user)
        toast(request, _("It is back on your list."))
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Trigger": "task-changed"})
        return redirect("today-page")
