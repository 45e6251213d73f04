"""What a stage asks for before an opportunity goes on: told, filled in where it is asked, or overridden."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web import asked
from crm.web.toasts import toast
from customers.sales.actions import stage_exit
from customers.sales.forms.stage_exit import ExitForm, asked_before
from customers.sales.models import ExitCriterion, Opportunity, Stage
from customers.sales.models.forecast_period import local_day
from customers.sales.models.stage_exit import checklist, missing, next_stage, stages_left

OVERRIDE = "criteria_override"


class Exit(View):
    """The dialog between a stage and the one in the URL (`stage`), or the next."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = _editable(request, pk)
        return ask_criteria(request, opportunity, _target(request, opportunity))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = _editable(request, pk)
        target = _target(request, opportunity)
        form = _form(request, opportunity, target, request.POST)
        if not form.is_valid():
            return _ask(request, opportunity, target, form, 422)
        overriding = form.cleaned_data.get("overriding", "")
        if request.POST.get("overriding") and not may_override(request.user):
            raise PermissionDenied(_("Your role does not allow this."))
        seen_in = Stage.objects.filter(pk=form.cleaned_data["seen_in"] or 0).first()  # scoped: configuration
        try:
            moved = stage_exit.complete_and_move(
                opportunity, stage=target, said=form.said(), by=request.user, at=timezone.now(),
                version=form.cleaned_data["version"], seen_in=seen_in, overriding=overriding,
            )  # fmt: skip
        except StaleVersion:
            form.add_error(None, _("Somebody else changed this meanwhile. Close this and look at it again."))
            return _ask(request, opportunity, target, form, 409)
        except ValidationError as error:
            form.add_error(None, error.messages)
            return _ask(request, opportunity, target, form, 422)
        toast(request, _("Moved to %(stage)s.") % {"stage": moved.stage})
        return redirect(back(request, moved))


class Tick(View):
    """POST says that a criterion is met, or with `off` that it is not."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = _editable(request, pk)
        ticked = ExitCriterion.objects.filter(  # scoped: criteria are configuration
            stage__pipeline=opportunity.pipeline_id, what=ExitCriterion.What.MANUAL
        )
        criterion = asked.record(request.POST, "criterion", ticked)
        if criterion is None:
            toast(request, _("There is no such criterion."), level=messages.ERROR)
            return redirect(opportunity.get_absolute_url())
        change = stage_exit.untick if request.POST.get("off") else stage_exit.tick
        change(opportunity, criterion, by=request.user, at=timezone.now())
        return redirect(opportunity.get_absolute_url())


def unmet_criteria(opportunity: Opportunity, target: Stage) -> list[ExitCriterion]:
    return missing(opportunity, target, local_day(timezone.now()))


def ask_criteria(request: HttpRequest, opportunity: Opportunity, target: Stage) -> HttpResponse:
    form = _form(request, opportunity, target)
    return _ask(request, opportunity, target, form, 200)


def may_override(user: Any) -> bool:
    return bool(user.access.may(OVERRIDE, Verb.EDIT))


def _form(request: HttpRequest, opportunity: Opportunity, target: Stage, data: Any = None) -> ExitForm:
    unmet = asked_before(opportunity, target, timezone.now())
    return ExitForm(
        data, opportunity=opportunity, unmet=unmet, user=request.user, may_override=may_override(request.user),
        initial={"version": opportunity.version, "seen_in": opportunity.stage_id},
    )  # fmt: skip


def _ask(request: HttpRequest, opportunity: Opportunity, target: Stage, form: ExitForm, status: int) -> HttpResponse:
    items = checklist(opportunity, stages_left(opportunity, target), local_day(timezone.now()))
    context: dict[str, Any] = {"opportunity": opportunity, "stage": target, "form": form, "items": items}
    dropped = "previous" in request.POST
    if dropped:
        context["page_base"] = "components/dialog.html"
    response = render(request, "sales/opportunity/exit.html", context, status=status)
    if dropped:
        response["HX-Retarget"] = "#dialog"
    return response


def back(request: HttpRequest, opportunity: Opportunity) -> str:
    """The page under the dialog, or the page of the sale."""
    under = request.headers.get("HX-Current-URL", "")
    if under and url_has_allowed_host_and_scheme(under, {request.get_host()}):
        parts = urlsplit(under)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return opportunity.get_absolute_url()


def _target(request: HttpRequest, opportunity: Opportunity) -> Stage:
    if not request.GET.get("stage"):
        return next_stage(opportunity) or opportunity.stage
    stage: Stage | None = asked.record(request.GET, "stage", opportunity.pipeline.stages)
    if stage is None or stage.is_lost:
        raise Http404(_("There is no such stage in this pipeline."))
    return stage


def _editable(request: HttpRequest, pk: int) -> Opportunity:
    return guards.get_permitted(
        Opportunity.objects.select_related("stage", "pipeline", "customer", "contact"), request.user, Verb.EDIT, pk=pk
    )
