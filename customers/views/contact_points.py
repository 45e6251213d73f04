"""Where a contact or a customer is reached: what their pages show of it, and the dialogs that change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import fields, guards
from crm.access.permissions import Verb
from crm.joining import listed
from crm.web.toasts import toast
from customers.actions import contact_points
from customers.forms.contact_points import ContactPointForm
from customers.models import Contact, ContactPoint, Customer
from customers.models.contact_point import all_of


@dataclass(frozen=True)
class Shown:
    """A line of the page; one that only a field of the record says has no row to remove."""

    point: ContactPoint
    edit_url: str
    removal_url: str


def shown_of(record: Contact | Customer) -> list[Shown]:
    return [Shown(point, _edit_url(record, point), _removal_url(record, point)) for point in all_of(record)]


def _edit_url(record: Any, point: ContactPoint) -> str:
    """None for one that the reader's roles only show."""
    if point.type in fields.unwritable(record.kind):
        return ""
    if point.pk:
        return reverse(f"{record.kind}-point-edit", args=[record.pk, point.pk])
    known = urlencode({"type": point.type, "value": point.value})
    return f"{reverse(f'{record.kind}-point-new', args=[record.pk])}?{known}"


def _removal_url(record: Any, point: ContactPoint) -> str:
    is_offered = point.pk and point.type not in fields.unwritable(record.kind)
    return reverse(f"{record.kind}-point-removal", args=[record.pk, point.pk]) if is_offered else ""


def context(record: Contact | Customer) -> dict[str, Any]:
    """What `customers/point/_points.html` shows."""
    closed, hidden = fields.unwritable(record.kind), fields.hidden(record.kind)
    return {
        "points": shown_of(record),
        "point_new_url": reverse(f"{record.kind}-point-new", args=[record.pk]),
        "points_left_out": listed(label for type, label in ContactPoint.Type.choices if type in hidden),
        "point_types": [choice for choice in ContactPoint.Type.choices if choice[0] not in closed],
    }


class PointView(View):
    model: ClassVar[Any]

    def record(self, pk: int) -> Any:
        return guards.get_permitted(self.model.objects.all(), self.request.user, Verb.EDIT, pk=pk)

    def point(self, record: Any, pk: int) -> Any:
        """None where it is gone; refused where the person's roles do not let them write it."""
        found = record.points.filter(pk=pk).first()
        if found is not None:
            self.refuse_closed(found.type)
        return found

    def refuse_closed(self, type: str) -> None:
        if type in fields.unwritable(self.model.kind):
            raise PermissionDenied(fields.CLOSED)

    def page(self, record: Any, form: ContactPointForm, status: int = 200, is_new: bool = False) -> HttpResponse:
        shown = {"record": record, "form": form, "is_new": is_new, "type": ContactPoint.Type(form.type).label}
        return render(self.request, "customers/point/form.html", shown, status=status)

    def write(self, record: Any, form: ContactPointForm, act: Any, is_new: bool = False) -> HttpResponse:
        if not form.is_valid():
            return self.page(record, form, 422, is_new)
        try:
            act(by=self.request.user, at=timezone.now(), **form.cleaned_data)
        except ValidationError as refusal:
            form.add_action_errors(refusal)
            return self.page(record, form, 422, is_new)
        toast(self.request, _("Saved."))
        return redirect(record.get_absolute_url())


class PointNew(PointView):
    """One more, or what is known of the one in the record's own field."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        record, value = self.record(pk), request.GET.get("value", "")
        type = self.type()
        is_first = bool(value) and getattr(record, type, None) == value
        form = ContactPointForm(type=type, initial={"value": value, "is_primary": is_first})
        return self.page(record, form, is_new=not is_first)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        record, type = self.record(pk), self.type()

        def act(**values: Any) -> None:
            contact_points.add(record, type=type, **values)

        return self.write(record, ContactPointForm(request.POST, type=type), act, is_new=True)

    def type(self) -> str:
        given = self.request.GET.get("type", ContactPoint.Type.EMAIL)
        if given not in ContactPoint.Type.values:
            raise Http404
        self.refuse_closed(given)
        return given


class PointEdit(PointView):
    def get(self, request: HttpRequest, pk: int, point_pk: int) -> HttpResponse:
        record = self.record(pk)
        point = self.point(record, point_pk)
        return self.page(record, ContactPointForm.of(point)) if point else self.is_gone(record)

    def post(self, request: HttpRequest, pk: int, point_pk: int) -> HttpResponse:
        record = self.record(pk)
        point = self.point(record, point_pk)
        if point is None:
            return self.is_gone(record)

        def act(**values: Any) -> None:
            contact_points.change(point, **values)

        return self.write(record, ContactPointForm(request.POST, type=point.type), act)

    def is_gone(self, record: Any) -> HttpResponse:
        toast(self.request, _("It was removed meanwhile."), level=messages.WARNING)
        return redirect(record.get_absolute_url())


class PointRemoval(PointView):
    def post(self, request: HttpRequest, pk: int, point_pk: int) -> HttpResponse:
        record = self.record(pk)
        point = self.point(record, point_pk)
        if point is not None:
            contact_points.remove(point, by=request.user, at=timezone.now())
            toast(request, _("%(address)s is removed.") % {"address": point})
        return redirect(record.get_absolute_url())


class ContactPointNew(PointNew):
    model = Contact


class ContactPointEdit(PointEdit):
    model = Contact


class ContactPointRemoval(PointRemoval):
    model = Contact


class CustomerPointNew(PointNew):
    model = Customer


class CustomerPointEdit(PointEdit):
    model = Customer


class CustomerPointRemoval(PointRemoval):
    model = Customer
