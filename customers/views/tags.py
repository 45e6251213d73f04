"""The tags of a customer or a contact."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web.toasts import toast
from customers.actions import tags
from customers.forms.tags import TagsForm
from customers.models import Contact, Customer
from customers.models.tag import by_number


class RecordTags(View):
    model: ClassVar[Any]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.record(pk)
        return self.page(record, TagsForm(initial={"tags": record.tags}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        record, form = self.record(pk), TagsForm(request.POST)
        if not form.is_valid():
            return self.page(record, form, 422)
        try:
            self.write(record, form.cleaned_data)
        except ValidationError as refusal:
            form.add_error("new_name", refusal.messages)
            return self.page(record, form, 422)
        toast(request, _("Saved."))
        return redirect(record.get_absolute_url())

    @transaction.atomic
    def write(self, record: Any, said: dict[str, Any]) -> None:
        by, at = self.request.user, timezone.now()
        wanted = list(said["tags"])
        if said["new_name"]:
            wanted.append(tags.named(said["new_name"], colour=said["new_colour"] or "secondary", by=by, at=at))
        gone = [tag for tag in by_number(record.tags) if tag not in wanted]
        tags.change(record, add=wanted, remove=gone, by=by, at=at)

    def record(self, pk: int) -> Any:
        return guards.get_permitted(self.model.objects.all(), self.request.user, Verb.EDIT, pk=pk)

    def page(self, record: Any, form: TagsForm, status: int = 200) -> HttpResponse:
        return render(self.request, "customers/tag/form.html", {"record": record, "form": form}, status=status)


class ContactTags(RecordTags):
    model = Contact


class CustomerTags(RecordTags):
    model = Customer
