"""The pages of a ticket."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models.record import StaleVersion
from crm.web import asked
from crm.web.forms import conflict
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.models import Customer
from service.actions import tickets
from service.forms.tickets import NewTicketForm, TicketForm
from service.models import Ticket, countdowns
from service.views import ticket_page
from service.views.requests import Request


class Detail(View):
    """One ticket: the conversation, its clocks, and who asks."""

    def get(self, request: Request, pk: int) -> HttpResponse:
        ticket = guards.get_visible(Ticket.objects.select_related(*ticket_page.RELATED), request.user, pk=pk)
        return render(request, "service/ticket/detail.html", ticket_page.context(request, ticket, timezone.now()))


class New(View):
    """Open a ticket, for a customer named in the address or for whoever calls."""

    def get(self, request: Request) -> HttpResponse:
        return self._show(request, NewTicketForm(user=request.user, customer=self._customer(request)))

    def post(self, request: Request) -> HttpResponse:
        form = NewTicketForm(request.POST, user=request.user, customer=self._customer(request))
        if not form.is_valid():
            return self._show(request, form, status=422)
        if not first_time(request):
            return redirect("ticket-list")
        try:
            ticket = tickets.open(**form.values(), by=request.user, at=timezone.now())
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return self._show(request, form, status=422)
        if not Ticket.objects.visible_to(request.user).filter(pk=ticket.pk).exists():
            said = _("Ticket %(number)s is open. Its queue belongs to another team.")
            toast(request, said % {"number": ticket.number})
            return redirect("ticket-list")
        return redirect("ticket-detail", pk=ticket.pk)

    def _customer(self, request: Request) -> Customer | None:
        guards.require(request.user, "ticket", Verb.CREATE)
        pk = asked.number(request.GET, "customer")
        return None if pk is None else guards.get_visible(Customer.objects.all(), request.user, pk=pk)

    def _show(self, request: Request, form: NewTicketForm, status: int = 200) -> HttpResponse:
        return render(request, "service/ticket/new.html", {"form": form}, status=status)


class Edit(View):
    def get(self, request: Request, pk: int) -> HttpResponse:
        ticket = guards.get_permitted(Ticket.objects.all(), request.user, Verb.EDIT, pk=pk)
        return self._show(request, ticket, TicketForm(instance=ticket, user=request.user))

    def post(self, request: Request, pk: int) -> HttpResponse:
        ticket = guards.get_permitted(Ticket.objects.all(), request.user, Verb.EDIT, pk=pk)
        form = TicketForm(request.POST, instance=ticket, user=request.user)
        if not form.is_valid():
            return self._show(request, ticket, form, status=422)
        stored = guards.get_permitted(Ticket.objects.all(), request.user, Verb.EDIT, pk=pk)
        try:
            tickets.change(
                ticket=stored,
                changes=form.changes(),
                by=request.user,
                at=timezone.now(),
                version=form.cleaned_data["version"],
                base=form.base(),
            )
        except StaleVersion as stale:
            return conflict(request, form, stale)
        except ValidationError as refusal:
            form.add_action_errors(refusal)
            return self._show(request, ticket, form, status=422)
        return redirect("ticket-detail", pk=pk)

    def _show(self, request: Request, ticket: Ticket, form: Any, status: int = 200) -> HttpResponse:
        return render(request, "service/ticket/edit.html", {"form": form, "ticket": ticket}, status=status)


class Deletion(View):
    """Into the bin; Undo takes it out again."""

    def post(self, request: Request, pk: int) -> HttpResponse:
        ticket = guards.get_permitted(Ticket.objects.all(), request.user, Verb.DELETE, pk=pk)
        tickets.delete(ticket=ticket, by=request.user, at=timezone.now())
        said = _("Ticket %(number)s is in the bin.") % {"number": ticket.number}
        toast(request, said, undo_url=reverse("ticket-restoration", args=[pk]))
        return redirect("ticket-list")


class Restoration(View):
    def post(self, request: Request, pk: int) -> HttpResponse:
        ticket = get_object_or_404(Ticket.objects.restorable_by(request.user), pk=pk)
        tickets.restore(ticket=ticket, by=request.user, at=timezone.now())
        return redirect("ticket-detail", pk=pk)


class Clock(View):
    """The countdowns as they stand now; the page asks once a minute."""

    def get(self, request: Request, pk: int) -> HttpResponse:
        ticket = guards.get_visible(Ticket.objects.select_related(*ticket_page.RELATED), request.user, pk=pk)
        shown = countdowns(ticket, timezone.now(), ticket_page.paused_since(ticket))
        return render(request, "service/ticket/_clock.html", {"ticket": ticket, "countdowns": shown})
