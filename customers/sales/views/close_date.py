"""When a sale is expected to close now: asked where somebody notices that the day has gone by."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web.forms import conflict
from crm.web.toasts import toast
from customers.sales.actions import opportunities
from customers.sales.forms.close_date import CloseDateForm
from customers.sales.models import Opportunity
from customers.sales.models.forecast_period import local_day
from customers.views import editing


class CloseDate(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(CloseDateForm(instance=self.opportunity(request, pk), today=local_day(timezone.now())))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = CloseDateForm(request.POST, instance=self.opportunity(request, pk), today=local_day(timezone.now()))
        if not form.is_valid():
            return self.page(form, status=422)
        try:
            saved = opportunities.update(
                self.opportunity(request, pk), form.changes(), by=request.user, at=timezone.now(),
                version=form.cleaned_data["version"], base=form.base(),
            )  # fmt: skip
        except StaleVersion as stale:
            return conflict(request, form, stale)
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(form, status=422)
        said = {"opportunity": saved, "day": date_format(saved.expected_close)}
        toast(request, _("%(opportunity)s is expected to close on %(day)s.") % said)
        return editing.saved(request, saved.get_absolute_url(), opportunity_changed={"id": saved.pk})

    def opportunity(self, request: HttpRequest, pk: int) -> Any:
        return guards.get_permitted(Opportunity.objects.all(), request.user, Verb.EDIT, pk=pk)

    def page(self, form: forms.ModelForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "opportunity": form.instance}
        return render(self.request, "sales/opportunity/close_date.html", context, status=status)
