from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.models import Segment
from evaluation.actions import cycles
from evaluation.engine import wording
from evaluation.forms.cycles import CycleForm
from evaluation.forms.reviews import add_errors
from evaluation.models import Cycle, Review
from evaluation.views.refusals import tried
from evaluation.views.stories import story_of

# What the button to the next state says.
STEPS = {
    Cycle.State.OPEN: gettext_lazy("Open: tell everybody"),
    Cycle.State.RUNNING: gettext_lazy("Start"),
    Cycle.State.CLOSED: gettext_lazy("Close the period"),
    Cycle.State.FROZEN: gettext_lazy("Freeze the numbers"),
    Cycle.State.ARCHIVED: gettext_lazy("Archive"),
}


class Detail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        cycle = guards.get_visible(Cycle.objects.select_related("owner", "team"), user, pk=pk)
        reviews = list(
            Review.objects.visible_to(user)
            .filter(cycle=cycle)
            .select_related("person", "subject_team", "owner", "reviewer")
            .order_by("subject_team__path_names", "person__name", "pk")
        )
        to = cycle.next_state
        context = {
            "cycle": cycle,
            "period": wording.period_name(cycle.period),
            "reviews": reviews,
            "signed": sum(review.is_signed for review in reviews),
            "steps": _steps(cycle),
            "next_state": to,
            "next_label": STEPS.get(to),
            "next_day": cycles.first_day_of(cycle, to) if to else None,
            "today": timezone.localdate(),
            "may_edit": Cycle.objects.editable_by(user).filter(pk=cycle.pk).exists(),
            "may_delete": Cycle.objects.permitted(user, Verb.DELETE).filter(pk=cycle.pk).exists(),
            "sees_segment": Segment.objects.visible_to(user).filter(pk=cycle.segment_id).exists(),
            "story": story_of(user, cycle),
        }
        return render(request, "evaluation/cycle/detail.html", context)


class New(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, "review_cycle", Verb.CREATE)
        return _show(request, CycleForm(user=request.user, initial={"calibrates": False}))

    def post(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        guards.require(user, "review_cycle", Verb.CREATE)
        form = CycleForm(request.POST, user=user)
        if not form.is_valid():
            return _show(request, form, status=422)
        if not first_time(request):
            return redirect("cycle-list")
        said = form.cleaned_data
        try:
            cycle = cycles.plan(
                period=said["period"], people=said["people"], teams=said["teams"], by=user, at=timezone.now(),
                **form.planned(),
            )  # fmt: skip
        except ValidationError as error:
            add_errors(form, error)
            return _show(request, form, status=422)
        toast(request, _("The cycle is planned."))
        return redirect(cycle.get_absolute_url())


class Edit(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        cycle = guards.get_permitted(Cycle.objects.all(), request.user, Verb.EDIT, pk=pk)
        return _show(request, CycleForm(user=request.user, cycle=cycle), cycle)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        cycle = guards.get_permitted(Cycle.objects.all(), request.user, Verb.EDIT, pk=pk)
        form = CycleForm(request.POST, user=request.user, cycle=cycle)
        if not form.is_valid():
            return _show(request, form, cycle, status=422)
        said = form.cleaned_data
        try:
            cycles.replan(
                cycle, form.planned(), people=said["people"], teams=said["teams"], version=said["version"],
                by=request.user, at=timezone.now(),  # type: ignore[arg-type]
            )  # fmt: skip
        except StaleVersion:
            form.add_error(None, _("Somebody else changed this cycle meanwhile. Open it again before you save."))
            return _show(request, form, cycle, status=409)
        except ValidationError as error:
            add_errors(form, error)
            return _show(request, form, cycle, status=422)
        toast(request, _("Saved."))
        return redirect(cycle.get_absolute_url())


class Step(View):
    """On to the next state, which the form names: whoever looks at an old page moves nothing."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        cycle = guards.get_permitted(Cycle.objects.all(), request.user, Verb.EDIT, pk=pk)
        to = request.POST.get("to", "")
        if to not in Cycle.State.values:
            to = cycle.state  # which is never the next, and refused with a sentence
        by: Any = request.user
        tried(request, lambda: cycles.advance(cycle, to=to, by=by, at=timezone.now()))
        return redirect(cycle.get_absolute_url())


class Delete(View):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        cycle = guards.get_permitted(Cycle.objects.all(), request.user, Verb.DELETE, pk=pk)
        by: Any = request.user
        done = _("“%(name)s” is in the bin.") % {"name": cycle}
        if tried(request, lambda: cycles.delete(cycle, by=by, at=timezone.now()), done):
            return redirect("cycle-list")
        return redirect(cycle.get_absolute_url())


def _show(request: HttpRequest, form: CycleForm, cycle: Cycle | None = None, status: int = 200) -> HttpResponse:
    context = {"form": form, "cycle": cycle, "post_url": request.get_full_path()}
    return render(request, "evaluation/cycle/form.html", context, status=status)


def _steps(cycle: Cycle) -> list[dict[str, Any]]:
    """Every state in order, and where the cycle is."""
    order = list(Cycle.State)
    reached = order.index(Cycle.State(cycle.state))
    return [
        {"label": state.label, "done": place < reached, "here": place == reached} for place, state in enumerate(order)
    ]
