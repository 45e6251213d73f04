"""What has to be said before something is closed: the dialogs that ask it, opened by a button or by a dropped card."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web.toasts import toast
from customers.sales.actions import competitors, opportunities
from customers.sales.forms.opportunities import HandOverForm, LossForm, WinForm
from customers.sales.models import CreditSplit, Opportunity
from customers.sales.models.credit import credited
from customers.sales.models.forecast_period import local_day
from customers.sales.views.stage_exit import ask_criteria, back, unmet_criteria


class Loss(View):
    """Why it was lost."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return ask_reason(request, _editable(request, pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = _editable(request, pk)
        form = LossForm(request.POST, user=request.user)

        def lose(said: dict[str, Any]) -> Opportunity:
            return competitors.lose(
                opportunity, reason=said["lost_reason"], lost_to=said.get("lost_to"), version=said["version"],
                by=request.user, at=timezone.now(),
            )  # fmt: skip

        return _carry_out(request, opportunity, "sales/opportunity/loss.html", form, lose, _("Marked as lost."))


class Win(View):
    """What it was sold for."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = _editable(request, pk)
        won = opportunity.pipeline.won_stage
        if won is not None and unmet_criteria(opportunity, won):
            return ask_criteria(request, opportunity, won)
        return ask_amount(request, opportunity)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = _editable(request, pk)

        def win(said: dict[str, Any]) -> Opportunity:
            return opportunities.win(
                opportunity, amount=said.get("amount"), version=said["version"],
                by=request.user, at=timezone.now(),
            )  # fmt: skip

        return _carry_out(
            request, opportunity, "sales/opportunity/win.html", WinForm(request.POST), win, _("Marked as won.")
        )


class HandOver(View):
    """Who works on it from now on."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = self._load(request, pk)
        form = HandOverForm(user=request.user, opportunity=opportunity, initial={"owner": opportunity.owner_id})
        return _ask(request, opportunity, "sales/opportunity/hand_over.html", form)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = self._load(request, pk)
        form = HandOverForm(request.POST, user=request.user, opportunity=opportunity)

        def hand_over(said: dict[str, Any]) -> Opportunity:
            return opportunities.hand_over(opportunity, by=request.user, at=timezone.now(), **said)

        return _carry_out(request, opportunity, "sales/opportunity/hand_over.html", form, hand_over, _("Handed over."))

    def _load(self, request: HttpRequest, pk: int) -> Opportunity:
        opportunity = guards.get_permitted(Opportunity.objects.all(), request.user, Verb.ASSIGN, pk=pk)
        if opportunity.closed_at is None:
            split = credited(opportunity, CreditSplit.Kind.REVENUE, local_day(timezone.now())).split
            opportunity.is_divided = split is not None and split.shares.exists()  # type: ignore[attr-defined]
        return opportunity


class Reopening(View):
    """Takes a closing back."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        opened = opportunities.reopen(_editable(request, pk), by=request.user, at=timezone.now())
        toast(request, _("Open again, in %(stage)s.") % {"stage": opened.stage})
        return redirect(back(request, opened))


def ask_reason(request: HttpRequest, opportunity: Opportunity) -> HttpResponse:
    form = LossForm(user=request.user, initial={"version": opportunity.version})
    return _ask(request, opportunity, "sales/opportunity/loss.html", form)


def ask_amount(request: HttpRequest, opportunity: Opportunity) -> HttpResponse:
    form = WinForm(initial={"version": opportunity.version, "amount": opportunity.amount})
    return _ask(request, opportunity, "sales/opportunity/win.html", form)


def _editable(request: HttpRequest, pk: int) -> Opportunity:
    return guards.get_permitted(Opportunity.objects.all(), request.user, Verb.EDIT, pk=pk)


def _carry_out(
    request: HttpRequest,
    opportunity: Opportunity,
    template: str,
    form: Any,
    act: Callable[[dict[str, Any]], Opportunity],
    done: str,
) -> HttpResponse:
    if not form.is_valid():
        return _ask(request, opportunity, template, form, status=422)
    try:
        act(form.cleaned_data)
    except StaleVersion:
        form.add_error(None, _("Somebody else changed this meanwhile. Close this and look at it again."))
        return _ask(request, opportunity, template, form, status=409)
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _ask(request, opportunity, template, form, status=422)
    toast(request, done)
    return redirect(back(request, opportunity))


def _ask(request: HttpRequest, opportunity: Opportunity, template: str, form: Any, status: int = 200) -> HttpResponse:
    """The form as a page, in the dialog, or in the dialog although a card was dropped: then the card goes back."""
    context: dict[str, Any] = {"opportunity": opportunity, "form": form}
    dropped = "previous" in request.POST
    if dropped:
        context["page_base"] = "components/dialog.html"
    response = render(request, template, context, status=status)
    if dropped:
        response["HX-Retarget"] = "#dialog"
    return response
