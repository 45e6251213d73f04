"""The panel of a customer's page that adds up the customer and everything below it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from crm.access import guards
from customers.models import Customer, family

SHOWN = 30


class CustomerFamily(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_visible(Customer.objects.all(), request.user, pk=pk)
        nodes = family.below(customer, request.user)
        ids = [node.pk for node in nodes]
        is_alone = len(nodes) == 1
        context = {
            "customer": customer,
            "nodes": nodes[1 : SHOWN + 1],
            "count": len(nodes),
            "hidden": max(len(nodes) - 1 - SHOWN, 0),
            "figures": [] if is_alone else family.rolled_up(request.user, ids, timezone.now()),
            "last": None if is_alone else family.last_contact(ids),
            "list_url": f"{reverse('customer-list')}?below={pk}",
        }
        return render(request, "customers/customer/_family.html", context)
