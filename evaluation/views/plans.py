from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web import asked
from crm.web.forms import conflict
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.models import Customer, Task
from evaluation import kpis
from evaluation.actions import plans, subjects
from evaluation.engine import wording
from evaluation.forms.plans import ConclusionForm, PlanEditForm, PlanForm, StepForm
from evaluation.forms.reviews import add_errors
from evaluation.lists.plans import TONES
from evaluation.models import ActionPlan, PlanStep, Review
from evaluation.views import effects
from evaluation.views.refusals import REFUSALS, tried
from evaluation.views.stories import story_of

SHOWN = 5
STEPS_TAKE, EFFECT_TAKES = timedelta(days=30), timedelta(days=120)  # proposed: three months to see what the steps did
RELATED = ("owner", "team", "review__cycle", "review__person", "review__subject_team")


class Detail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        plan = guards.get_visible(ActionPlan.objects.select_related(*RELATED), user, pk=pk)
        steps = list(plan.steps.select_related("owner", "task", "done_by"))
        tasks = {step.task_id for step in steps if step.task_id}
        sees_review = plan.review_id and Review.objects.visible_to(user).filter(pk=plan.review_id).exists()
        context = {
            "plan": plan,
            "kpi": plan.kpi,
            "expected": wording.difference(plan.kpi, plan.expected_effect),
            "scope": plan.subject,
            "comparison": [wording.scope_name(scope) for scope in subjects.compared_with(plan)],
            "trigger": plan.trigger,
            "review": plan.review if sees_review else None,
            "steps": steps,
            "visible_tasks": set(Task.objects.visible_to(user).filter(pk__in=tasks).values_list("pk", flat=True)),
            "done": sum(step.is_done for step in steps),
            "effects": [effects.told(plan, found) for found in plan.effects.order_by("-at", "-pk")],
            "today": timezone.localdate(),
            "may_edit": ActionPlan.objects.editable_by(user).filter(pk=plan.pk).exists(),
            "may_delete": ActionPlan.objects.permitted(user, Verb.DELETE).filter(pk=plan.pk).exists(),
            "story": story_of(user, plan),
        }
        return render(request, "evaluation/plan/detail.html", context)


class New(View):
    """From a line of a review (?review=7&kpi=win_rate), from a customer's page (?customer=7), or from nothing."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, "action_plan", Verb.CREATE)
        review = self._review(request)
        customer = self._customer(request)
        initial = _initial(request, review, customer)
        return self._show(request, PlanForm(user=request.user, review=review, customer=customer, initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        by: Any = request.user
        guards.require(by, "action_plan", Verb.CREATE)
        form = PlanForm(request.POST, user=by, review=self._review(request), customer=self._customer(request))
        if not form.is_valid():
            return self._show(request, form, 422)
        if not first_time(request):
            return redirect("plan-list")
        try:
            plan = plans.draft(review=form.review, by=by, at=timezone.now(), **form.planned())
        except ValidationError as error:
            add_errors(form, error)
            return self._show(request, form, 422)
        toast(request, _("The plan is drafted."))
        return redirect(plan.get_absolute_url())

    def _review(self, request: HttpRequest) -> Review | None:
        wanted = asked.number(request.GET, "review")
        if wanted is None:
            return None
        review: Review = guards.get_visible(Review.objects.select_related("cycle"), request.user, pk=wanted)
        return review

    def _customer(self, request: HttpRequest) -> Customer | None:
        wanted = asked.number(request.GET, "customer")
        return None if wanted is None else guards.get_visible(Customer.objects.all(), request.user, pk=wanted)

    def _show(self, request: HttpRequest, form: PlanForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "review": form.review, "post_url": request.get_full_path()}
        return render(request, "evaluation/plan/form.html", context, status=status)


class Edit(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        plan = _editable(request, pk)
        return self._show(request, plan, PlanEditForm(instance=plan))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        plan = _editable(request, pk)
        form = PlanEditForm(request.POST, instance=_editable(request, pk))
        if not form.is_valid():
            return self._show(request, plan, form, 422)
        try:
            plans.update(
                plan, form.changes(), by=request.user, at=timezone.now(),  # type: ignore[arg-type]
                version=form.cleaned_data["version"], base=form.base(),
            )  # fmt: skip
        except StaleVersion as stale:
            return conflict(request, form, stale)
        except ValidationError as error:
            form.add_action_errors(error)
            return self._show(request, plan, form, 422)
        toast(request, _("Saved."))
        return redirect(plan.get_absolute_url())

    def _show(self, request: HttpRequest, plan: ActionPlan, form: PlanEditForm, status: int = 200) -> HttpResponse:
        return _dialog(request, plan, form, _("Edit the plan"), _("Save"), status)


class OfCustomer(View):
    """The panel on a customer's page: what is planned about it, or has a task at it as a step; what runs first."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        customer = guards.get_visible(Customer.objects.all(), user, pk=pk)
        theirs = ActionPlan.objects.visible_to(user).of_customer(customer, Task.objects.visible_to(user))
        last = Case(When(state=ActionPlan.State.CLOSED, then=1), default=0)
        shown = list(theirs.select_related("owner").order_by(last, "due_on", "pk")[: SHOWN + 1])
        context = {
            "customer": customer,
            "may_view": user.access.may("action_plan", Verb.VIEW),
            "plans": [(plan, TONES.get(plan.state, "neutral")) for plan in shown[:SHOWN]],
            "more": len(shown) > SHOWN,
            "may_create": user.access.may("action_plan", Verb.CREATE),
        }
        return render(request, "evaluation/plan/customer_panel.html", context)


class Delete(View):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        plan = guards.get_permitted(ActionPlan.objects.all(), request.user, Verb.DELETE, pk=pk)
        by: Any = request.user
        done = _("“%(name)s” is in the bin.") % {"name": plan}
        if tried(request, lambda: plans.delete(plan, by=by, at=timezone.now()), done):
            return redirect("plan-list")
        return redirect(plan.get_absolute_url())


class Step(View):
    """On to the next state, by its name."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        plan, by = _editable(request, pk), request.user
        steps = {"agreed": plans.agree, "running": plans.start, "effect_measured": plans.measure}
        action: Any = steps.get(request.POST.get("to", ""))
        if action is None:
            toast(request, _("A plan is agreed, started and measured, one after the other."))
        else:
            tried(request, lambda: action(plan, by=by, at=timezone.now()))
        return redirect(plan.get_absolute_url())


class Conclusion(View):
    """What was learned: with it the plan is closed."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._show(request, _editable(request, pk), ConclusionForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        plan, form = _editable(request, pk), ConclusionForm(request.POST)
        by: Any = request.user
        if form.is_valid():
            try:
                plans.close(plan, conclusion=form.cleaned_data["conclusion"], by=by, at=timezone.now())
                return redirect(plan.get_absolute_url())
            except REFUSALS as refused:
                add_errors(form, refused)
        return self._show(request, plan, form, 422)

    def _show(self, request: HttpRequest, plan: ActionPlan, form: Any, status: int = 200) -> HttpResponse:
        return _dialog(request, plan, form, _("Close the plan"), _("Close the plan"), status)


class NewStep(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._show(request, _editable(request, pk), StepForm(user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        plan, form = _editable(request, pk), StepForm(request.POST, user=request.user)
        by: Any = request.user
        if form.is_valid():
            try:
                plans.add_step(plan, by=by, at=timezone.now(), **form.cleaned_data)
                return redirect(plan.get_absolute_url())
            except REFUSALS as refused:
                add_errors(form, refused)
        return self._show(request, plan, form, 422)

    def _show(self, request: HttpRequest, plan: ActionPlan, form: Any, status: int = 200) -> HttpResponse:
        return _dialog(request, plan, form, _("New step"), _("Add"), status)


class RemoveStep(View):
    def post(self, request: HttpRequest, pk: int, step_pk: int) -> HttpResponse:
        plan, by = _editable(request, pk), request.user
        step = plan.steps.filter(pk=step_pk).first()
        if step is None:
            toast(request, _("This step is gone already."))
        else:
            tried(request, lambda: plans.remove_step(step, by=by, at=timezone.now()))
        return redirect(plan.get_absolute_url())


class StepPage(View):
    """Where a task leads to that was made for a step: its plan."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        step = guards.get_visible(PlanStep.objects.select_related("plan"), request.user, pk=pk)
        return redirect(step.plan.get_absolute_url())


def _initial(request: HttpRequest, review: Review | None, customer: Customer | None = None) -> dict[str, Any]:
    user: Any = request.user
    code = request.GET.get("kpi", "")
    today = timezone.localdate()
    initial: dict[str, Any] = {
        "owner": user.pk, "period_kind": "month", "due_on": today + STEPS_TAKE, "effect_due_on": today + EFFECT_TAKES,
    }  # fmt: skip
    if any(kpi.code == code for kpi in kpis.all_kpis()):
        initial["kpi_code"] = code
    if customer is not None:
        initial["scope"] = f"customer:{customer.pk}"
    if review is not None:
        initial["owner"] = review.owner_id
        scope = subjects.of_review(review)
        initial["scope"] = f"{scope.kind}:{scope.stored_key}"
    return initial


def _editable(request: HttpRequest, pk: int) -> ActionPlan:
    plan: ActionPlan = guards.get_permitted(ActionPlan.objects.select_related(*RELATED), request.user, Verb.EDIT, pk=pk)
    return plan


def _dialog(request: HttpRequest, plan: ActionPlan, form: Any, title: str, button: str, status: int) -> HttpResponse:
    context = {"plan": plan, "form": form, "title": title, "button": button, "post_url": request.get_full_path()}
    return render(request, "evaluation/plan/dialog.html", context, status=status)
