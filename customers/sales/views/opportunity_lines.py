"""The products of an opportunity, edited together."""

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
from crm.models import StaleVersion
from crm.web import asked
from crm.web.toasts import toast
from customers.sales.actions import closed, opportunity_lines
from customers.sales.forms.opportunities import WhyForm
from customers.sales.forms.opportunity_lines import line_forms
from customers.sales.models import Opportunity, closed_amounts


class Lines(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = self._load(request, pk)
        forms = self._forms(request, opportunity)
        return self._show(request, opportunity, forms, opportunity.version)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = self._load(request, pk)
        forms = self._forms(request, opportunity, request.POST)
        version = asked.number(request.POST, "version")
        if not forms.is_valid():
            return self._show(request, opportunity, forms, version, status=422)
        try:
            opportunity_lines.replace(
                opportunity, forms.lines(), by=request.user, at=timezone.now(), version=version,
                overriding=request.POST.get("overriding", "")[:200],
            )  # fmt: skip
        except StaleVersion:
            said = _("Somebody else changed this meanwhile. Nothing of yours is lost: compare and save again.")
            return self._show(request, opportunity, forms, opportunity.version, said, status=409)
        except ValidationError as error:
            return self._show(request, opportunity, forms, version, " ".join(error.messages), status=422)
        toast(request, _("Saved."))
        return redirect(opportunity.get_absolute_url())

    def _load(self, request: HttpRequest, pk: int) -> Opportunity:
        closed_amounts.require_writing(request.user)
        return guards.get_permitted(
            Opportunity.objects.select_related("stage", "customer"), request.user, Verb.EDIT, pk=pk
        )

    def _forms(self, request: HttpRequest, opportunity: Opportunity, data: Any = None) -> Any:
        lines, day = opportunity_lines.lines_of(opportunity), timezone.localdate()
        return line_forms(request.user, lines, currency=opportunity.currency, day=day, data=data)

    def _show(
        self, request: HttpRequest, opportunity: Opportunity, forms: Any, version: int | None, said: str = "",
        status: int = 200,
    ) -> HttpResponse:  # fmt: skip
        context = {"opportunity": opportunity, "lines": forms, "version": version, "said": said}
        if closed.is_locked(opportunity) and closed.may_correct(request.user):
            context["why"] = WhyForm(request.POST or None)
        return render(request, "sales/opportunity/lines.html", context, status=status)
