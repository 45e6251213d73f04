"""Quotes on the pages of what they are about."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from customers.models import Customer
from customers.sales.models import Opportunity, Quote

SHOWN = 10


class CustomerQuotes(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_visible(Customer.objects.all(), request.user, pk=pk)
        theirs = Quote.objects.visible_to(request.user).filter(customer=customer)
        return _panel(request, theirs, f"customer={customer.pk}", customer.name)


class OpportunityQuotes(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = guards.get_visible(Opportunity.objects.all(), request.user, pk=pk)
        theirs = Quote.objects.visible_to(request.user).filter(opportunity=opportunity)
        return _panel(request, theirs, f"opportunity={opportunity.pk}", opportunity.name)


def _panel(request: HttpRequest, quotes: Any, about: str, search: str) -> HttpResponse:
    """The latest first; replaced versions stand behind those that replaced them."""
    user: Any = request.user
    shown = list(quotes.order_by("-created_at", "-pk")[: SHOWN + 1])
    may_create = user.access.may(Quote.kind, Verb.CREATE)
    context = {
        "quotes": shown[:SHOWN],
        "more": len(shown) > SHOWN,
        "search": search,
        "may_view": user.access.may(Quote.kind, Verb.VIEW),
        "new_url": f"{reverse('quote-new')}?{about}" if may_create else "",
    }
    return render(request, "sales/panels/quotes.html", context)
