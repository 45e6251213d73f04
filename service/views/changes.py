"""Verbs on a ticket, each a resource of its own: post to do it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web.toasts import toast
from service.actions import tickets
from service.forms.tickets import AssignmentForm, PriorityForm, QueueForm, StateForm
from service.models import Ticket
from service.views import ticket_page
from service.views.requests import Request


def editable(request: Request, pk: int, verb: Verb = Verb.EDIT) -> Ticket:
    return guards.get_permitted(Ticket.objects.select_related("state"), request.user, verb, pk=pk)


class Change(View):
    """A verb without a form."""

    action: Any = None

    def post(self, request: Request, pk: int) -> HttpResponse:
        ticket = editable(request, pk)
        now = timezone.now()
        try:
            type(self).action(ticket=ticket, by=request.user, at=now)
        except ValidationError as refusal:
            # Somebody else was quicker: the page shows what is true by now, and why nothing was done.
            toast(request, " ".join(refusal.messages), level=messages.ERROR)
        return ticket_page.answer(request, ticket, now)


class Pause(Change):
    action = tickets.pause


class Resumption(Change):
    action = tickets.resume


class Resolution(Change):
    action = tickets.resolve


class Reopening(Change):
    action = tickets.reopen


class Closure(Change):
    action = tickets.close


class Taking(Change):
    action = tickets.take


class Release(Change):
    action = tickets.release


class FormChange(View):
    """A verb that asks one thing in a dialog."""

    form_class: Any = None
    field = ""
    title: Any = ""
    url_name = ""
    verb = Verb.EDIT

    def get(self, request: Request, pk: int) -> HttpResponse:
        ticket = editable(request, pk, self.verb)
        return self.show(request, ticket, self.form(request, initial={self.field: getattr(ticket, self.field)}))

    def post(self, request: Request, pk: int) -> HttpResponse:
        ticket = editable(request, pk, self.verb)
        form = self.form(request, request.POST)
        if not form.is_valid():
            return self.show(request, ticket, form, status=422)
        now = timezone.now()
        try:
            self.do(ticket, form.cleaned_data[self.field], request.user, now)
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return self.show(request, ticket, form, status=422)
        return ticket_page.answer(request, ticket, now)

    def form(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        return self.form_class(*args, **kwargs)

    def do(self, ticket: Ticket, value: Any, by: Any, at: Any) -> None:
        raise PermissionDenied

    def show(self, request: Request, ticket: Ticket, form: Any, status: int = 200) -> HttpResponse:
        shown = {"form": form, "ticket": ticket, "title": self.title, "url": reverse(self.url_name, args=[ticket.pk])}
        return render(request, "service/ticket/change.html", shown, status=status)


class Assignment(FormChange):
    form_class, field, url_name = AssignmentForm, "owner", "ticket-assignment"
    title = gettext_lazy("Assign the ticket")
    verb = Verb.ASSIGN

    def form(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        return AssignmentForm(*args, user=request.user, **kwargs)

    def do(self, ticket: Ticket, value: Any, by: Any, at: Any) -> None:
        tickets.assign(ticket=ticket, owner=value, by=by, at=at)


class Move(FormChange):
    form_class, field, url_name = QueueForm, "queue", "ticket-queue"
    title = gettext_lazy("Move to another queue")

    def form(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        return QueueForm(*args, user=request.user, **kwargs)

    def do(self, ticket: Ticket, value: Any, by: Any, at: Any) -> None:
        tickets.move(ticket=ticket, queue=value, by=by, at=at)


class Prioritisation(FormChange):
    form_class, field, url_name = PriorityForm, "priority", "ticket-priority"
    title = gettext_lazy("Change the priority")

    def do(self, ticket: Ticket, value: Any, by: Any, at: Any) -> None:
        tickets.prioritise(ticket=ticket, priority=value, by=by, at=at)


class StateChange(FormChange):
    form_class, field, url_name = StateForm, "state", "ticket-state"
    title = gettext_lazy("Change the state")

    def do(self, ticket: Ticket, value: Any, by: Any, at: Any) -> None:
        tickets.change_state(ticket=ticket, state=value, by=by, at=at)
