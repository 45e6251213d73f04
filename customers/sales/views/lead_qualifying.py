"""The checklist of a lead, and giving it by the rules."""

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
from crm.web.toasts import toast
from customers.sales.actions import lead_answers, lead_assignment
from customers.sales.forms.lead_answers import LeadAnswersForm
from customers.sales.models import Lead
from customers.sales.models.lead_question import checklist


class Answers(View):
    """What is known, and what is to be found out."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = guards.get_permitted(Lead.objects.all(), request.user, Verb.EDIT, pk=pk)
        return self.page(lead, LeadAnswersForm(items=checklist(lead)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = guards.get_permitted(Lead.objects.all(), request.user, Verb.EDIT, pk=pk)
        user: Any = request.user
        form = LeadAnswersForm(request.POST, items=checklist(lead))
        if not form.is_valid():
            return self.page(lead, form, status=422)
        try:
            lead_answers.answer(lead, answers=form.answers(), by=user, at=timezone.now())
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
            return self.page(lead, form, status=422)
        toast(request, _("Noted."))
        return redirect(lead.get_absolute_url())

    def page(self, lead: Lead, form: LeadAnswersForm, status: int = 200) -> HttpResponse:
        return render(self.request, "sales/lead/answers.html", {"lead": lead, "form": form}, status=status)


class Assignment(View):
    """Nobody's yet: the rules say whose it is."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = guards.get_permitted(Lead.objects.all(), request.user, Verb.EDIT, pk=pk)
        user: Any = request.user
        lead = lead_assignment.assign(lead, by=user, at=timezone.now())
        said = _("%(owner)s has it now.") % {"owner": lead.owner} if lead.owner else _("No rule has somebody free.")
        toast(request, said)
        still_seen = Lead.objects.visible_to(request.user).filter(pk=pk).exists()
        return redirect(lead.get_absolute_url()) if still_seen else redirect("lead-list")
