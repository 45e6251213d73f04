"""Who is credited with a sale: the panel of the opportunity, and the dialog that divides it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web.toasts import toast
from customers.sales.actions import closed, credit
from customers.sales.forms.credit import SplitForm, share_forms
from customers.sales.models import CreditSplit, Opportunity
from customers.sales.models.credit import credited, day_of
from customers.sales.models.forecast_period import local_day
from customers.views import editing

Kind = CreditSplit.Kind


class OpportunityCredit(View):
    """As it counts on the day it was closed, or today; and every split there was."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        opportunity = guards.get_visible(Opportunity.objects.select_related("stage", "owner", "pipeline"), user, pk=pk)
        day = day_of(opportunity, local_day(timezone.now()))
        splits = opportunity.credit_splits.select_related("by").prefetch_related("shares__person").latest_first()
        context = {
            "opportunity": opportunity,
            "day": day,
            "revenue": credited(opportunity, Kind.REVENUE, day),
            "overlay": credited(opportunity, Kind.OVERLAY, day),
            "splits": splits,
            "may_divide": editing.allows(user, opportunity, Verb.ASSIGN) and closed.is_open_to(opportunity, user),
        }
        return render(request, "sales/panels/credit.html", context)


class Division(View):
    """Of one kind (`?kind=`): from which day who has how much."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity, kind = self._load(request, pk), self._kind(request)
        day = day_of(opportunity, local_day(timezone.now()))
        standing = credited(opportunity, kind, day)
        held = [credit.Share(one.person, one.share) for one in standing.credits if one.person]
        latest = opportunity.credit_splits.filter(kind=kind).latest_first().first()
        form = SplitForm(opportunity=opportunity, initial={"valid_from": day, "seen": latest.pk if latest else 0})
        return self._show(request, opportunity, kind, form, share_forms(request.user, held))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity, kind = self._load(request, pk), self._kind(request)
        form = SplitForm(request.POST, opportunity=opportunity)
        latest = opportunity.credit_splits.filter(kind=kind).latest_first().first()
        known = credit.shares_of(latest) if latest else []
        shares = share_forms(request.user, known, request.POST)
        if not (form.is_valid() and shares.is_valid()):
            return self._show(request, opportunity, kind, form, shares, status=422)
        try:
            credit.divide(
                opportunity, kind=kind, shares=shares.shares(), by=request.user, at=timezone.now(), **form.cleaned_data
            )
        except StaleVersion:
            form.add_error(None, _("Somebody else changed this meanwhile. Close this and look at it again."))
            return self._show(request, opportunity, kind, form, shares, status=409)
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self._show(request, opportunity, kind, form, shares, status=422)
        toast(request, _("Saved."))
        return redirect(opportunity.get_absolute_url())

    def _load(self, request: HttpRequest, pk: int) -> Opportunity:
        return guards.get_permitted(
            Opportunity.objects.select_related("stage", "owner", "customer"), request.user, Verb.ASSIGN, pk=pk
        )

    def _kind(self, request: HttpRequest) -> str:
        kind = request.GET.get("kind", Kind.REVENUE)
        if kind not in Kind.values:
            raise Http404
        return kind

    def _show(
        self, request: HttpRequest, opportunity: Opportunity, kind: str, form: SplitForm, shares: Any, status: int = 200
    ) -> HttpResponse:
        context = {"opportunity": opportunity, "kind": kind, "form": form, "shares": shares}
        return render(request, "sales/opportunity/division.html", context, status=status)
