"""The team's calendar: what is planned by month, week and day, moved by mouse, touch and keyboard."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_GET

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web import asked
from crm.web.forms import conflict
from crm.web.toasts import toast
from customers.actions import tasks
from customers.forms.calendar import VIEWS, CalendarForm, TimeForm
from customers.models import Task, agenda
from customers.views import editing


@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """By htmx only the days, when something on them was changed."""
    user: Any = request.user
    guards.require(user, Task.kind, Verb.VIEW)
    today = timezone.localdate()
    form = CalendarForm(request.GET or None, user=user, today=today)
    asked = form.asked()
    shown = agenda.span(asked["view"], asked["day"])
    rows = Task.objects.visible_to(user)
    rows = rows if asked["done"] else rows.open()
    rows = rows.filter(owner=asked["owner"]) if asked["owner"] else rows
    if asked["team"] and not asked["owner"]:
        rows = rows.filter(team__path__contains=[asked["team"].pk])  # with the teams below
    plan = agenda.planned(rows, shown)
    mark_movable(plan.entries, user)
    form = CalendarForm(initial=asked, user=user, today=today)
    context = laid_out(plan, shown, asked, today) | {
        "form": form, "shown": shown, "are_more": plan.are_more, "people": people_of(plan.entries),
        "here": request.get_full_path(), "may_create": user.access.may(Task.kind, Verb.CREATE), **ways(asked, shown),
    }  # fmt: skip
    template = "customers/calendar/_days.html" if request.headers.get("HX-Request") else "customers/calendar/page.html"
    return render(request, template, context)


def laid_out(plan: agenda.Plan, shown: agenda.Span, asked: dict[str, Any], today: Any) -> dict[str, Any]:
    """The same entries as weeks of days, as hours of days, and as a list."""
    of_days = agenda.by_day(plan.entries, shown.days)
    days = [{"day": day, "entries": of_days[day], "all_day": [one for one in of_days[day] if one.task.all_day],
             "is_today": day == today,
             "is_other": shown.view == "month" and day.month != shown.day.month,
             "hidden": plan.hidden.get(day, 0), "url": where(asked, view="day", day=day.isoformat())}
            for day in shown.days]  # fmt: skip
    hours = [
        {
            "number": f"{hour:02}",
            "cells": [
                {"day": each["day"], "entries": [
                    one for one in each["entries"] if not one.task.all_day and one.begins.hour == hour
                ]}
                for each in days
            ],
        }
        for hour in (agenda.hours_shown(plan.entries) if shown.view in ("week", "day") else ())
    ]  # fmt: skip
    weeks = [days[place : place + agenda.A_WEEK] for place in range(0, len(days), agenda.A_WEEK)]
    return {"days": days, "weeks": weeks, "hours": hours, "is_empty": not plan.entries}


def people_of(entries: list[agenda.Entry]) -> list[tuple[Any, int]]:
    """Whose colours these are."""
    return sorted({(entry.task.owner, entry.hue) for entry in entries if entry.task.owner}, key=lambda one: one[0].name)


def ways(asked: dict[str, Any], shown: agenda.Span) -> dict[str, Any]:
    """Where the buttons lead."""
    return {
        "previous_url": where(asked, day=shown.previous.isoformat()),
        "next_url": where(asked, day=shown.following.isoformat()),
        "today_url": where(asked, day=timezone.localdate().isoformat()),
        "view_tabs": [
            {"label": label, "url": where(asked, view=code), "active": code == asked["view"]} for code, label in VIEWS
        ],
    }


def where(asked: dict[str, Any], **changed: Any) -> str:
    """Other days and views of what is asked for now."""
    kept: dict[str, Any] = {name: asked[name].pk for name in ("team", "owner") if asked[name]}
    kept |= {"done": "on"} if asked["done"] else {}
    return "?" + urlencode({"view": asked["view"], "day": asked["day"].isoformat()} | kept | changed)


def mark_movable(entries: list[agenda.Entry], user: Any) -> None:
    """What may only be looked at, or is done, stays where it is."""
    ids = [entry.task.pk for entry in entries if not entry.task.is_done]
    asked = Task.objects.editable_by(user).filter(pk__in=ids).order_by()
    mine = set(asked.values_list("pk", flat=True)) if ids else set()
    for entry in entries:
        entry.is_movable = entry.task.pk in mine


class TaskTime(View):
    """Another day or time: dropped on the calendar, said in a form, or taken back."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(TimeForm(instance=self.task(request, pk)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        task = self.task(request, pk)
        if "column" in request.POST:
            return self.dropped(task)
        if "due" in request.GET:
            return self.taken_back(task)
        form = TimeForm(request.POST, instance=task)
        if not form.is_valid():
            return self.page(form, status=422)
        try:
            fresh = self.task(request, pk)
            self.save(fresh, form.changes(), form.cleaned_data["version"], form.base())
        except StaleVersion as stale:
            return conflict(request, form, stale)
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(form, status=422)
        return editing.saved(request, task.get_absolute_url(), task_changed={"id": pk})

    def dropped(self, task: Task) -> HttpResponse:
        """By the calendar's own script: a refusal is a sentence, and the entry goes back."""
        if task.due_at is None or task.is_done:
            return refusal(_("What is done, or has no day, stays where it is."), 422)
        try:
            changes = agenda.moved(task, self.request.POST["column"])
            self.save(task, changes, asked.number(self.request.POST, "version"))
        except StaleVersion:
            return refusal(_("Somebody else changed this meanwhile. Reload the page to go on from there."), 409)
        except ValidationError as error:
            return refusal(" ".join(error.messages), 422)
        except (ValueError, OverflowError):
            return refusal(_("There is no such place on the calendar."), 422)
        return HttpResponse(status=204, headers={"HX-Trigger": "task-changed"})

    def taken_back(self, task: Task) -> HttpResponse:
        """The Undo of a move; nothing happens where somebody has changed it since."""
        asked = self.request.GET
        try:
            due, start = parse_datetime(asked.get("due", "")), parse_datetime(asked.get("starts", ""))
            version = int(asked.get("version", ""))
            if due is None or due.tzinfo is None or (start is not None and start.tzinfo is None):
                raise ValueError
        except ValueError:
            return refusal(_("There is no such place on the calendar."), 422)
        changes = {"due_at": due, "starts_at": start, "all_day": asked.get("all_day") == "1"}
        try:
            tasks.update(task, changes, by=self.request.user, at=timezone.now(), version=version)
        except StaleVersion:
            toast(self.request, _("Somebody else changed this meanwhile: it stays as it is."), level=40)
        else:
            toast(self.request, _("It is back where it was."))
        return redirect("calendar")

    def save(self, task: Task, changes: dict[str, Any], version: int | None, base: Any = None) -> None:
        before = {"due": task.due_at, "starts": task.starts_at, "all_day": int(task.all_day)}
        saved = tasks.update(task, changes, by=self.request.user, at=timezone.now(), version=version, base=base)
        if saved.version == task.version or saved.due_at is None:
            return
        kept = {name: value.isoformat() if hasattr(value, "isoformat") else value
                for name, value in before.items() if value is not None}  # fmt: skip
        undo = f"{reverse('task-time', args=[task.pk])}?{urlencode(kept | {'version': saved.version})}"
        moment = timezone.localtime(saved.starts_at or saved.due_at)
        text = date_format(moment, "DATE_FORMAT" if saved.all_day else "DATETIME_FORMAT")
        toast(self.request, _("%(task)s: now on %(moment)s") % {"task": saved, "moment": text},
              undo_url=undo if before["due"] else "")  # fmt: skip

    def task(self, request: HttpRequest, pk: int) -> Any:
        return guards.get_permitted(Task.objects.all(), request.user, Verb.EDIT, pk=pk)

    def page(self, form: TimeForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "task": form.instance}
        return render(self.request, "customers/calendar/time.html", context, status=status)


def refusal(sentence: str, status: int) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
