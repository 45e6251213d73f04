from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.events import timeline
from crm.web import follows, mentions
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from crm.web.way_back import leads_here
from customers.actions import activities, next_steps, task_results, tasks
from customers.actions.about import may_note
from customers.forms import log_parts
from customers.forms.tasks import AssignForm, NewTaskForm, ResultForm, TaskForm
from customers.models import Activity, Contact, Customer, Task
from customers.views import editing
from customers.views.about import record_named_by
from customers.views.repetition import coming

HISTORY = 50
IN_PANEL = 10


class TaskDetail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        task = guards.get_visible(
            Task.objects.select_related("owner", "team", "done_by", "series", "made_by"), request.user, pk=pk
        )
        mentions.know([task], "notes")
        context = {
            "task": task,
            "is_overdue": task.is_overdue(timezone.now()),
            "reminder_form": follows.form_for(request.user, task),
            "customer": Customer.objects.visible_to(request.user).filter(pk=task.customer_id).first(),
            "contact": Contact.objects.visible_to(request.user).filter(pk=task.contact_id).first(),
            "about": task.about_for(request.user),
            "may_edit": editing.allows(request.user, task, Verb.EDIT),
            "may_delete": editing.allows(request.user, task, Verb.DELETE),
            "may_assign": editing.allows(request.user, task, Verb.ASSIGN),
            "administers": request.user.access.administers,
            "coming": coming(task),
            "history": timeline.page(request.user, task, limit=HISTORY)[0],
        }
        return render(request, "customers/task/detail.html", context)


class TaskNew(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Task.kind, Verb.CREATE)
        about = record_named_by(request.GET, request.user)
        initial: dict[str, Any] = {"customer": request.GET.get("customer", "")}
        if about is not None:
            initial |= {"about_kind": about.kind, "about_id": about.pk}
            initial["customer"] = initial["customer"] or getattr(about, "customer_id", None)
        return self.page(NewTaskForm(user=request.user, about=about, initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Task.kind, Verb.CREATE)
        about = record_named_by(request.POST, request.user)
        form = NewTaskForm(request.POST, user=request.user, about=about)
        if not form.is_valid():
            return self.page(form, status=422)
        if not first_time(request):
            return editing.saved(request, about.get_absolute_url() if about else reverse("task-list"), task_changed={})
        try:
            task = tasks.create(about=about, by=request.user, at=timezone.now(), **form.new_values())
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(form, status=422)
        toast(request, _("Task noted: %(task)s") % {"task": task}, link_url=task.get_absolute_url())
        return editing.saved(request, task.get_absolute_url(), task_changed={"id": task.pk})

    def page(self, form: Any, status: int = 200) -> HttpResponse:
        return render(self.request, "customers/task/form.html", {"form": form}, status=status)


class TaskEdit(editing.Edit):
    model = Task
    form_class = TaskForm
    template_name = "customers/task/form.html"
    update = tasks.update

    def more(self, form: Any) -> dict[str, Any]:
        return {"remind": form.reminder()}


class TaskCompletion(View):
    """Done, by one click; the Undo is the reopening."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        task = guards.get_permitted(Task.objects.all(), request.user, Verb.EDIT, pk=pk)
        try:
            tasks.complete(task, by=request.user, at=timezone.now())
        except next_steps.NextStepMissing as missing:
            return ask_what_comes_next(request, task, missing)
        undo = reverse("task-reopening", args=[pk])
        toast(request, _("Done: %(task)s") % {"task": task}, undo_url=undo)
        return after_click(request, task)


class TaskResult(View):
    """Done, with what came of it and what is next: the plan turns into a record."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        task = guards.get_permitted(Task.objects.all(), request.user, Verb.EDIT, pk=pk)
        form = self.form(task, initial=self.started_from(task))
        return self.page(task, form, self.part(task))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        task = guards.get_permitted(Task.objects.all(), request.user, Verb.EDIT, pk=pk)
        if known := activities.submitted(request.user, request.POST.get("submit_once", "")):
            return self.done(request, task, known)
        form = self.form(task, request.POST)
        part = self.part(task, request.POST)
        if not (form.is_valid() and (part is None or part.is_valid())):
            return self.page(task, form, part, status=422)
        try:
            task, activity = task_results.finish(
                task,
                happened=form.what_happened(),
                **form.what_comes_next(),
                submission=request.POST.get("submit_once", ""),
                also=part.carry_out if part else None,
                by=request.user,
                at=timezone.now(),
            )
        except ValidationError as error:
            for name, errors in getattr(error, "error_dict", {None: error}).items():
                form.add_error(name if name in form.fields else None, errors)
            return self.page(task, form, part, status=422)
        return self.done(request, task, activity)

    def done(self, request: HttpRequest, task: Task, activity: Activity | None) -> HttpResponse:
        undo = "" if activity else reverse("task-reopening", args=[task.pk])
        link = activity.get_absolute_url() if activity else ""
        toast(request, _("Done: %(task)s") % {"task": task}, undo_url=undo, link_url=link)
        noted = {"activity_logged": {"id": activity.pk}} if activity else {}
        return editing.saved(request, task.get_absolute_url(), task_changed={"id": task.pk}, **noted)

    def form(self, task: Task, *args: Any, **kwargs: Any) -> ResultForm:
        user: Any = self.request.user
        about, is_noted = task.about_for(user), may_note(task, user)
        return ResultForm(*args, now=timezone.now(), user=user, about=about, is_noted=is_noted, **kwargs)

    def part(self, task: Task, data: Any = None) -> log_parts.Part | None:
        about = task.about_for(self.request.user)
        return log_parts.part_of(self.request.user, about, data, now=timezone.now())

    def started_from(self, task: Task) -> dict[str, Any]:
        return {"subject": task.title, "type": task.type or "call"}

    def page(self, task: Task, form: ResultForm, part: Any, status: int = 200, **more: Any) -> HttpResponse:
        context = {"task": task, "form": form, "part": part, "customer": task.customer, **more}
        return render(self.request, "customers/task/result.html", context, status=status)


def ask_what_comes_next(request: HttpRequest, task: Task, missing: ValidationError) -> HttpResponse:
    """One click is not enough here: the form with the result opens, over the page where the click was."""
    said = " ".join(missing.messages)
    if request.headers.get("HX-Request") != "true":
        toast(request, said, level=30)
        return redirect("task-result", task.pk)
    asking = TaskResult()
    asking.setup(request, pk=task.pk)
    form = asking.form(task, initial=asking.started_from(task))
    response = asking.page(task, form, asking.part(task), page_base="components/dialog.html", refusal=said)
    response["HX-Retarget"], response["HX-Reswap"] = "#dialog", "innerHTML"
    return response


class TaskReopening(View):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        task = guards.get_permitted(Task.objects.all(), request.user, Verb.EDIT, pk=pk)
        tasks.reopen(task, by=request.user, at=timezone.now())
        toast(request, _("Open again: %(task)s") % {"task": task})
        return after_click(request, task)


def after_click(request: HttpRequest, task: Task) -> HttpResponse:
    """By htmx the parts of the page that show tasks load again; otherwise back to where the click was."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Trigger": "task-changed"})
    came_from = request.POST.get("next", "")
    return redirect(came_from if leads_here(request, came_from) else task.get_absolute_url())


class TaskAssignment(View):
    """Somebody else is to do it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        task = guards.get_permitted(Task.objects.all(), request.user, Verb.ASSIGN, pk=pk)
        return self.page(task, AssignForm(user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        task = guards.get_permitted(Task.objects.all(), request.user, Verb.ASSIGN, pk=pk)
        form = AssignForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(task, form, status=422)
        person = form.cleaned_data["to"]
        tasks.assign(task, to=person, by=request.user, at=timezone.now())
        toast(request, _("%(person)s will do it: %(task)s") % {"person": person, "task": task})
        still_seen = Task.objects.visible_to(request.user).filter(pk=pk).exists()
        return redirect(task.get_absolute_url() if still_seen else reverse("task-list"))

    def page(self, task: Task, form: AssignForm, status: int = 200) -> HttpResponse:
        return render(self.request, "customers/task/assign.html", {"task": task, "form": form}, status=status)


class TaskDelete(editing.Delete):
    model = Task
    to_bin = tasks.delete
    done = gettext_lazy("The task is in the bin.")


class TaskRestoration(editing.Restore):
    model = Task
    from_bin = tasks.restore
    done = gettext_lazy("The task is back.")


class CustomerTasks(View):
    """The panel of a customer's page: what is still to do for it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_visible(Customer.objects.all(), request.user, pk=pk)
        guards.require(request.user, Task.kind, Verb.VIEW)
        open_tasks = Task.objects.visible_to(request.user).of_customer(customer).open().select_related("owner")
        shown = list(open_tasks.soonest_first()[: IN_PANEL + 1])
        context = {
            "customer": customer,
            "tasks": shown[:IN_PANEL],
            "are_more": len(shown) > IN_PANEL,
            "now": timezone.now(),
            "editable": editable_ids(request.user, shown),
            "may_create": request.user.access.may(Task.kind, Verb.CREATE),
        }
        return render(request, "customers/task/_panel.html", context)


def editable_ids(user: Any, shown: list[Task]) -> set[int]:
    """Which of them have a button that would be answered, in one query."""
    ids = [task.pk for task in shown]
    return set(Task.objects.editable_by(user).filter(pk__in=ids).values_list("pk", flat=True))
