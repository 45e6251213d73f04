"""A person's request to be erased: what would go is shown first, then it is noted, and decided."""

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
from customers.actions import erasures
from customers.forms.erasures import ErasureForm, RefusalForm
from customers.models import Contact, Customer, ErasureRequest
from customers.models.erasure import SUBJECTS
from customers.views import editing


class Asking(View):
    """From the page of a contact, or of a customer who is a person."""

    kind: str

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.record(request, pk)
        open_one = ErasureRequest.objects.visible_to(request.user).about(record).open().first()
        if open_one is not None:
            return redirect(open_one.get_absolute_url())
        return self.page(record, ErasureForm(initial={"asked_on": timezone.localdate()}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.record(request, pk)
        form = ErasureForm(request.POST)
        if not form.is_valid():
            return self.page(record, form, 422)
        try:
            made = erasures.ask(record, by=request.user, at=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(record, form, 422)
        toast(request, _("The request is noted. Nothing is erased yet."))
        return redirect(made.get_absolute_url())

    def record(self, request: HttpRequest, pk: int) -> Any:
        found = guards.get_permitted(SUBJECTS[self.kind].objects.all(), request.user, Verb.EDIT, pk=pk)
        guards.require(request.user, ErasureRequest.kind, Verb.CREATE)
        return found

    def page(self, record: Any, form: ErasureForm, status: int = 200) -> HttpResponse:
        organisation = isinstance(record, Customer) and record.form != Customer.Form.PERSON
        lines = [] if organisation else erasures.preview(record, timezone.now())
        context = {"record": record, "form": form, "lines": lines, "is_organisation": organisation}
        return render(self.request, "customers/erasure/ask.html", context, status=status)


class ContactErasure(Asking):
    kind = Contact.kind


class CustomerErasure(Asking):
    kind = Customer.kind


class ErasureDetail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = guards.get_visible(
            ErasureRequest.objects.select_related("owner", "team", "decided_by"), request.user, pk=pk
        )
        seen = SUBJECTS[found.subject_kind].objects.visible_to(request.user).filter(pk=found.subject_id).first()
        context = {
            "found": found,
            "subject": seen,
            "may_decide": found.is_open and editing.allows(request.user, found, Verb.EDIT),
            "lines": erasures.preview(found.subject, timezone.now()) if found.is_open and found.subject else [],
            "counts": sum(found.counts.values()),
        }
        return render(request, "customers/erasure/detail.html", context)


class ErasureExecution(View):
    """Erase it: from here on there is no way back."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = guards.get_permitted(ErasureRequest.objects.all(), request.user, Verb.EDIT, pk=pk)
        return render(request, "customers/erasure/execution.html", {"found": found})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = guards.get_permitted(ErasureRequest.objects.all(), request.user, Verb.EDIT, pk=pk)
        erasures.order(found, by=request.user, at=timezone.now())
        toast(request, _("It is being erased."))
        return redirect(found.get_absolute_url())


class ErasureRefusal(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = guards.get_permitted(ErasureRequest.objects.all(), request.user, Verb.EDIT, pk=pk)
        return self.page(found, RefusalForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = guards.get_permitted(ErasureRequest.objects.all(), request.user, Verb.EDIT, pk=pk)
        form = RefusalForm(request.POST)
        if not form.is_valid():
            return self.page(found, form, 422)
        erasures.refuse(found, by=request.user, at=timezone.now(), **form.cleaned_data)
        return redirect(found.get_absolute_url())

    def page(self, found: ErasureRequest, form: RefusalForm, status: int = 200) -> HttpResponse:
        return render(self.request, "customers/erasure/refusal.html", {"found": found, "form": form}, status=status)
