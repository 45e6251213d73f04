from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web.toasts import toast
from customers.actions import repetition
from customers.forms.repetition import RepetitionForm
from customers.models import Task, recurrence

SHOWN = 5


class TaskRepetition(View):
    """Whether and how a task comes again."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        task = self.task(request, pk)
        return self.page(task, self.form(task))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        task = self.task(request, pk)
        form = self.form(task, request.POST)
        if not form.is_valid():
            return self.page(task, form, status=422)
        rule, now = form.rule(), timezone.now()
        try:
            if rule is None:
                repetition.stop(task, by=request.user, at=now)
            else:
                repetition.repeat(task, rule=rule, by=request.user, at=now)
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self.page(task, form, status=422)
        toast(request, _("It comes again.") if rule else _("It comes no more."))
        return redirect(task.get_absolute_url())

    def task(self, request: HttpRequest, pk: int) -> Any:
        return guards.get_permitted(Task.objects.select_related("series"), request.user, Verb.EDIT, pk=pk)

    def form(self, task: Task, *args: Any) -> RepetitionForm:
        day = timezone.localtime(task.due_at or timezone.now()).date()
        return RepetitionForm(*args, task=task, day=day)

    def page(self, task: Task, form: RepetitionForm, status: int = 200) -> HttpResponse:
        context = {"task": task, "form": form, "coming": coming(task)}
        return render(self.request, "customers/task/repetition.html", context, status=status)


def coming(task: Task) -> list[Any]:
    """The next few days it will come on, where it does."""
    series = task.series
    if series is None or series.next_on is None:
        return []
    days = [day for day in recurrence.first(series.rule, series.starts_on, 400) if day >= series.next_on]
    return days[:SHOWN]
