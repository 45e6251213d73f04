"""Goals: the page with its course, the form, and the answers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web.toasts import toast
from evaluation.actions import goals
from evaluation.forms.goals import GoalForm, ReasonForm, RevisionForm
from evaluation.models import Goal
from evaluation.views import goal_course


class GoalDetail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        rows = Goal.objects.visible_to(request.user).select_related("owner", "team")
        goal = guards.get_visible(rows.prefetch_related("versions__by", "versions__owner"), request.user, pk=pk)
        may = {
            verb.value: Goal.objects.permitted(request.user, verb).filter(pk=pk).exists()
            for verb in (Verb.EDIT, Verb.ASSIGN)
        }
        context = {
            "goal": goal,
            "is_owner": goal.owner_id == request.user.pk and may["edit"],
            "may_revise": may["assign"] and goal.is_active,
            **goal_course.of(goal, request.user, timezone.now()),
        }
        return render(request, "evaluation/goal/detail.html", context)


class GoalNew(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Goal.kind, Verb.CREATE)
        initial = {name: request.GET[name] for name in ("kpi_code", "scope", "period_kind") if name in request.GET}
        return self.page(GoalForm(user=request.user, initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Goal.kind, Verb.CREATE)
        form = GoalForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(form, 422)
        try:
            with transaction.atomic():
                goal = goals.set_goal(by=request.user, at=timezone.now(), **form.new_values())
                if not Goal.objects.permitted(request.user, Verb.CREATE).filter(pk=goal.pk).exists():
                    raise PermissionDenied(_("Your role does not allow this."))
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(form, 422)
        toast(request, _("Goal set: %(goal)s") % {"goal": goal})
        return redirect("goal-detail", goal.pk)

    def page(self, form: GoalForm, status: int = 200) -> HttpResponse:
        return render(self.request, "evaluation/goal/form.html", {"form": form}, status=status)


class GoalEdit(View):
    """A revision: other terms, with a reason."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        goal = guards.get_permitted(Goal.objects.select_related("owner"), request.user, Verb.ASSIGN, pk=pk)
        return self.page(goal, RevisionForm(user=request.user, goal=goal))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        goal = guards.get_permitted(Goal.objects.select_related("owner"), request.user, Verb.ASSIGN, pk=pk)
        form = RevisionForm(request.POST, user=request.user, goal=goal)
        if not form.is_valid():
            return self.page(goal, form, 422)
        data = form.cleaned_data
        try:
            goals.revise(
                goal, form.changes(), reason=data["reason"], by=request.user, at=timezone.now(), version=data["version"]
            )
        except StaleVersion as stale:
            form.data = {**form.data.dict(), "version": stale.record.version}  # type: ignore[attr-defined]
            form.add_error(None, _("Somebody else revised this goal meanwhile. Look at it, then save again."))
            return self.page(goal, form, 409)
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(goal, form, 422)
        toast(request, _("Goal revised. Its owner is asked again."))
        return redirect("goal-detail", pk)

    def page(self, goal: Goal, form: RevisionForm, status: int = 200) -> HttpResponse:
        return render(self.request, "evaluation/goal/form.html", {"form": form, "goal": goal}, status=status)


class GoalAcknowledgement(View):
    """The owner agrees, by one click."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        goal = guards.get_permitted(Goal.objects.all(), request.user, Verb.EDIT, pk=pk)
        try:
            goals.acknowledge(goal, by=request.user, at=timezone.now())
        except ValidationError as error:
            toast(request, " ".join(error.messages), level=40)
        else:
            toast(request, _("Goal acknowledged."))
        return redirect("goal-detail", pk)


class WithReason(View):
    """A small form that asks why."""

    verb: Verb
    heading: str = ""
    button: str = ""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        goal = guards.get_permitted(Goal.objects.all(), request.user, self.verb, pk=pk)
        return self.page(goal, ReasonForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        goal = guards.get_permitted(Goal.objects.all(), request.user, self.verb, pk=pk)
        form = ReasonForm(request.POST)
        if form.is_valid():
            try:
                self.act(goal, form.cleaned_data["reason"])
                return redirect("goal-detail", pk)
            except ValidationError as error:
                form.add_error(None, error.messages)  # type: ignore[arg-type]
        return self.page(goal, form, 422)

    def act(self, goal: Goal, reason: str) -> Any:
        raise TypeError(f"{type(self).__name__} does not say what to do.")

    def words(self) -> tuple[str, str]:
        raise TypeError(f"{type(self).__name__} has no words.")

    def page(self, goal: Goal, form: ReasonForm, status: int = 200) -> HttpResponse:
        heading, button = self.words()
        context = {"form": form, "goal": goal, "heading": heading, "button": button}
        return render(self.request, "evaluation/goal/reason.html", context, status=status)


class GoalObjection(WithReason):
    verb = Verb.EDIT

    def act(self, goal: Goal, reason: str) -> None:
        goals.object_to(goal, reason=reason, by=self.request.user, at=timezone.now())
        toast(self.request, _("Objection noted. Whoever set the goal is told."))

    def words(self) -> tuple[str, str]:
        return _("Object to the goal"), _("Object")


class GoalRetirement(WithReason):
    verb = Verb.ASSIGN

    def act(self, goal: Goal, reason: str) -> None:
        goals.retire(goal, reason=reason, by=self.request.user, at=timezone.now())
        toast(self.request, _("Goal retired."))

    def words(self) -> tuple[str, str]:
        return _("Retire the goal"), _("Retire")
