"""What customers said, on the pages of the customer and of the ticket."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm.access import guards
from crm.access.permissions import Verb
from customers.models import Customer
from service.models import Ticket
from service.views.requests import Request
from surveys.models import Invitation, Response

SHOWN = 5


@require_safe
def of_customer(request: Request, pk: int) -> HttpResponse:
    customer = guards.get_visible(Customer.objects.all(), request.user, pk=pk)
    guards.require(request.user, "response", Verb.VIEW)
    answers = Response.objects.visible_to(request.user).filter(customer=customer).select_related("survey", "contact")
    shown = {
        "customer": customer,
        "responses": answers.order_by("-answered_at", "-pk")[:SHOWN],
        "may_invite": request.user.access.may("invitation", Verb.CREATE),
    }
    return render(request, "surveys/panels/of_customer.html", shown)


@require_safe
def of_ticket(request: Request, pk: int) -> HttpResponse:
    ticket = guards.get_visible(Ticket.objects.all(), request.user, pk=pk)
    guards.require(request.user, "response", Verb.VIEW)
    asked = Invitation.objects.visible_to(request.user).filter(ticket=ticket).select_related("survey").first()
    answer = Response.objects.visible_to(request.user).filter(ticket=ticket).select_related("survey", "contact").first()
    return render(request, "surveys/panels/of_ticket.html", {"invitation": asked, "response": answer})
