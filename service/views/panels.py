"""What the service desk shows on other pages, and beside a ticket."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.access import guards
from crm.access.permissions import Verb
from customers.models import Contact, Customer
from service.lists.tickets import in_tab
from service.models import Ticket, countdowns
from service.views.requests import Request

SHOWN = 8
# Prefetched and not joined: tickets of one policy share its calendar, which is then read once.
CLOCKED = ("sla_policy__calendar__frames", "sla_policy__calendar__holidays")


@require_safe
def asker(request: Request, pk: int) -> HttpResponse:
    """Who asks: the contact and the customer, as far as the reader may see them."""
    ticket = guards.get_visible(Ticket.objects.select_related("contact", "customer__owner"), request.user, pk=pk)
    customer = Customer.objects.visible_to(request.user).select_related("owner").filter(pk=ticket.customer_id).first()
    reached = Contact.objects.visible_to(request.user).filter(pk=ticket.contact_id).first()
    shown = {"ticket": ticket, "contact": reached, "customer": customer}
    return render(request, "service/ticket/panels/asker.html", shown)


@require_safe
def others(request: Request, pk: int) -> HttpResponse:
    """What else the same customer or contact has asked."""
    ticket = guards.get_visible(Ticket.objects.all(), request.user, pk=pk)
    rows = Ticket.objects.visible_to(request.user).select_related("state").exclude(pk=ticket.pk)
    if ticket.customer_id:
        rows = rows.filter(customer=ticket.customer_id)
    else:
        rows = rows.filter(contact=ticket.contact_id) if ticket.contact_id else rows.none()
    shown = {"tickets": rows.order_by("-opened_at", "-pk")[:SHOWN], "ticket": ticket}
    return render(request, "service/ticket/panels/others.html", shown)


@require_safe
def of_customer(request: Request, pk: int) -> HttpResponse:
    customer = guards.get_visible(Customer.objects.all(), request.user, pk=pk)
    guards.require(request.user, "ticket", Verb.VIEW)
    rows = Ticket.objects.visible_to(request.user).filter(customer=customer).select_related("state", "owner")
    newest = list(rows.order_by("-opened_at", "-pk")[: SHOWN + 1])
    shown = {"customer": customer, "tickets": newest[:SHOWN], "more": len(newest) > SHOWN}
    shown["may_create"] = request.user.access.may("ticket", Verb.CREATE)
    shown["all_url"] = f"{reverse('ticket-list')}?{urlencode({'tab': 'all', 'q': customer.name})}"
    return render(request, "service/ticket/panels/of_customer.html", shown)


@require_safe
def upcoming(request: Request) -> HttpResponse:
    """The person's own tickets and those nobody has, what is due first at the top."""
    guards.require(request.user, "ticket", Verb.EDIT)
    workable = Ticket.objects.editable_by(request.user).select_related("state", "customer")
    workable = workable.prefetch_related(*CLOCKED)
    mine = in_tab(workable.open(), "mine", request.user)
    free = workable.open().unassigned()
    now = timezone.now()
    rows = [*mine.by_urgency()[:SHOWN], *free.by_urgency()[:SHOWN]]
    shown = [(ticket, countdowns(ticket, now)[:1]) for ticket in rows][:SHOWN]
    return render(request, "service/ticket/panels/upcoming.html", {"rows": shown})
