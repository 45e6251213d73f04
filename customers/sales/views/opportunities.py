from __future__ import annotations

from datetime import datetime
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
from crm.models import StaleVersion
from crm.web import asked, mentions
from crm.web.forms import conflict
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.models import Activity, Customer, Task
from customers.models.tag import by_number
from customers.sales.actions import closed, opportunities
from customers.sales.forms import next_step
from customers.sales.forms.opportunities import OpportunityForm
from customers.sales.models import Opportunity, Order, Pipeline, closed_amounts, rotting, stage_exit
from customers.sales.models.forecast_period import local_day
from customers.sales.models.history import history_of
from customers.sales.models.win_reasons import said_of
from customers.sales.views import win_probability
from customers.views import editing, timeline

RELATED = ("customer", "contact", "pipeline", "stage", "product", "owner", "team", "lost_reason")
LATEST = 10


class Detail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        now = timezone.now()
        opportunity = guards.get_visible(Opportunity.objects.select_related(*RELATED, "win_chance"), user, pk=pk)
        mentions.know([opportunity], "notes")
        about = {"about_kind": Opportunity.kind, "about_id": opportunity.pk}
        customer_is_visible = _sees(user, opportunity.customer_id)
        context = {
            "opportunity": opportunity,
            "customer_is_visible": customer_is_visible,
            **win_probability.shown(said_of(opportunity, customer_is_visible=customer_is_visible)),
            "path": opportunity.pipeline.stages.order_by("position", "pk"),
            "history": history_of(opportunity, now),
            "activities": Activity.objects.visible_to(user).filter(**about).select_related("owner")[:LATEST],
            "tasks": Task.objects.visible_to(user).open().filter(**about).select_related("owner")[:LATEST],
            "orders": Order.objects.visible_to(user).filter(opportunity=opportunity).with_refunds()[:LATEST],
            **timeline.context(request, opportunity),
            **_exit(opportunity, now),
            "answers": opportunity.lead_answers.select_related("question", "by").order_by("question__position", "pk"),
            "lines": opportunity.lines.select_related("product") if not closed_amounts.are_hidden() else [],
            "may_write_amounts": closed_amounts.may_be_written(),
            "amounts_are_hidden": closed_amounts.are_hidden(),
            "tags": by_number(opportunity.tags) if opportunity.tags else [],
            "may_email": user.access.may("email", Verb.CREATE),
            "administers": user.access.administers,
            "now": now,
            "today": timezone.localdate(),
            "is_locked": closed.is_locked(opportunity),
            "may_correct": closed.is_open_to(opportunity, user),
            **_permissions(user, opportunity),
        }
        return render(request, "sales/opportunity/detail.html", context)


class Timeline(timeline.Timeline):
    """What happened: activities about it, tasks for it, and every change."""

    model = Opportunity


timeline.FILTERS["opportunity"] = [
    ("", gettext_lazy("Everything")),
    ("activity", gettext_lazy("Activities")),
    ("task", gettext_lazy("Tasks")),
    ("opportunity", gettext_lazy("Changes")),
]


class New(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, "opportunity", Verb.CREATE)
        return self._show(request, OpportunityForm(user=request.user, initial=self._initial(request)))

    def post(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        guards.require(user, "opportunity", Verb.CREATE)
        form = OpportunityForm(request.POST, user=user, initial=self._initial(request))
        if not form.is_valid():
            return self._show(request, form, status=422)
        if not first_time(request):
            return redirect("opportunity-list")
        values = form.changes()
        values["owner"] = values.get("owner") or user
        stage = values.pop("stage", None)
        try:
            opportunity = opportunities.open(stage=stage, by=user, at=timezone.now(), **values, **next_step.said(form))
        except ValidationError as error:
            form.add_action_errors(error)
            return self._show(request, form, status=422)
        toast(request, _("The opportunity is open."))
        return redirect(opportunity.get_absolute_url())

    def _initial(self, request: HttpRequest) -> dict[str, Any]:
        """What the page it was opened from already says: the customer, or the column of a board."""
        customers = Customer.objects.visible_to(request.user)
        initial: dict[str, Any] = {"customer": asked.record(request.GET, "customer", customers)}
        pipelines = Pipeline.objects.visible_to(request.user).active().order_by("position", "name")
        if (named := asked.number(request.GET, "pipeline")) is not None:
            pipelines = pipelines.filter(pk=named)
        pipeline = pipelines.first()
        if pipeline is not None:
            chosen = asked.record(request.GET, "stage", pipeline.stages.open())
            initial["stage"] = chosen or pipeline.first_stage
        return {name: value for name, value in initial.items() if value is not None}

    def _show(self, request: HttpRequest, form: OpportunityForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "post_url": request.get_full_path()}
        return render(request, "sales/opportunity/form.html", context, status=status)


class Edit(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = self._load(request, pk)
        return self._show(request, opportunity, OpportunityForm(instance=opportunity, user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = self._load(request, pk)
        form = OpportunityForm(request.POST, instance=self._load(request, pk), user=request.user)
        if not form.is_valid():
            return self._show(request, opportunity, form, status=422)
        try:
            opportunities.update(
                opportunity,
                form.changes(),
                overriding=form.cleaned_data.get("overriding", ""),
                by=request.user,
                at=timezone.now(),
                version=form.cleaned_data["version"],
                base=form.base(),
            )
        except StaleVersion as stale:
            return conflict(request, form, stale)
        except ValidationError as error:
            form.add_action_errors(error)
            return self._show(request, opportunity, form, status=422)
        toast(request, _("Saved."))
        return redirect(opportunity.get_absolute_url())

    def _load(self, request: HttpRequest, pk: int) -> Opportunity:
        return guards.get_permitted(Opportunity.objects.select_related(*RELATED), request.user, Verb.EDIT, pk=pk)

    def _show(
        self, request: HttpRequest, opportunity: Opportunity, form: OpportunityForm, status: int = 200
    ) -> HttpResponse:
        context = {"form": form, "opportunity": opportunity, "post_url": request.get_full_path()}
        return render(request, "sales/opportunity/form.html", context, status=status)


class Delete(View):
    """Into the bin, at once: the toast brings it back."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = guards.get_permitted(Opportunity.objects.all(), request.user, Verb.DELETE, pk=pk)
        opportunities.delete(opportunity, by=request.user, at=timezone.now())
        undo = reverse("opportunity-restoration", args=[opportunity.pk])
        toast(request, _("“%(name)s” is in the bin.") % {"name": opportunity}, undo_url=undo)
        return redirect("opportunity-list")


class Restoration(editing.Restore):
    model = Opportunity
    from_bin = opportunities.restore
    done = gettext_lazy("It is back.")


def _permissions(user: Any, opportunity: Opportunity) -> dict[str, bool]:
    verbs = {"may_edit": Verb.EDIT, "may_assign": Verb.ASSIGN, "may_delete": Verb.DELETE}
    return {
        name: Opportunity.objects.permitted(user, verb).filter(pk=opportunity.pk).exists()
        for name, verb in verbs.items()
    }


def _exit(opportunity: Opportunity, now: datetime) -> dict[str, Any]:
    """What stands between it and the next stage, and for how long it has been lying."""
    rotting.add_rotting([opportunity], now)
    target = stage_exit.next_stage(opportunity)
    if target is None:
        return {}
    items = stage_exit.checklist(opportunity, [opportunity.stage], local_day(now))
    return {"goes_on_to": target, "exit_items": items}


def _sees(user: Any, customer_id: int | None) -> bool:
    return customer_id is not None and Customer.objects.visible_to(user).filter(pk=customer_id).exists()
