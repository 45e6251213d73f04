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
from crm.web import asked
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.sales.actions import costs
from customers.sales.forms.campaigns import CostForm, TakeBackForm
from customers.sales.models import Campaign, Cost
from customers.views import editing

RELATED = ("campaign", "owner", "team", "corrects", "correction")


class Detail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        cost = guards.get_visible(Cost.objects.select_related(*RELATED), user, pk=pk)
        can_be = cost.corrects_id is None and not cost.is_taken_back
        campaigns = Campaign.objects.visible_to(user).filter(pk=cost.campaign_id)
        context = {
            "cost": cost,
            "campaign_is_visible": campaigns.exists(),
            "may_take_back": can_be and editing.allows(user, cost, Verb.EDIT),
        }
        return render(request, "sales/cost/detail.html", context)


class New(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Cost.kind, Verb.CREATE)
        initial: dict[str, Any] = {"month": timezone.localdate()}
        campaign = asked.record(request.GET, "campaign", Campaign.objects.visible_to(request.user))
        initial |= {"campaign": campaign, "channel": campaign.channel} if campaign else {}
        return self.page(CostForm(user=request.user, initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Cost.kind, Verb.CREATE)
        form = CostForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(form, status=422)
        if not first_time(request):
            return redirect("cost-list")
        try:
            cost = costs.note(by=request.user, at=timezone.now(), **form.changes())
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(form, status=422)
        toast(request, _("The cost is in the ledger."))
        return redirect(cost.get_absolute_url())

    def page(self, form: Any, status: int = 200) -> HttpResponse:
        return render(self.request, "sales/cost/form.html", {"form": form}, status=status)


class TakingBack(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(self.load(request, pk), TakeBackForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        cost = self.load(request, pk)
        form = TakeBackForm(request.POST)
        if not form.is_valid():
            return self.page(cost, form, status=422)
        try:
            stands = costs.take_back(cost, by=request.user, at=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self.page(cost, form, status=422)
        toast(request, _("It is taken back."))
        return redirect(stands.get_absolute_url())

    def load(self, request: HttpRequest, pk: int) -> Cost:
        return guards.get_permitted(Cost.objects.all(), request.user, Verb.EDIT, pk=pk)

    def page(self, cost: Cost, form: Any, status: int = 200) -> HttpResponse:
        return render(self.request, "sales/cost/taking_back.html", {"cost": cost, "form": form}, status=status)
