"""What this app shows on pages of others: the customer's page and home."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from customers.models import Customer, Task
from customers.sales.models import Contract, ContractMovement, Opportunity, Order, RfmScore, closed_amounts
from customers.sales.models import board as boards
from customers.sales.models.forecast_period import organisation_zone

SHOWN = 10


class CustomerOpportunities(View):
    """The open ones first, then what was closed last."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_visible(Customer.objects.all(), request.user, pk=pk)
        theirs = Opportunity.objects.visible_to(request.user).filter(customer=customer)
        newest_first = theirs.select_related("customer", "owner", "stage").order_by(
            F("closed_at").desc(nulls_first=True), "-updated_at", "-pk"
        )
        shown = list(newest_first[: SHOWN + 1])
        context = {
            "customer": customer,
            "may_view": request.user.access.may("opportunity", Verb.VIEW),  # type: ignore[union-attr]
            "opportunities": shown[:SHOWN],
            "more": len(shown) > SHOWN,
            "sums": boards.sums_of(theirs.open(), timezone.localdate(timezone=organisation_zone())),
            "today": timezone.localdate(),
            "may_create": request.user.access.may("opportunity", Verb.CREATE),  # type: ignore[union-attr]
        }
        return render(request, "sales/panels/customer_opportunities.html", context)


class CustomerOrders(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_visible(Customer.objects.all(), request.user, pk=pk)
        theirs = Order.objects.visible_to(request.user).filter(customer=customer)
        shown = list(theirs.with_refunds().order_by("-ordered_at", "-pk")[: SHOWN + 1])
        context = {
            "customer": customer,
            "may_view": request.user.access.may("order", Verb.VIEW),  # type: ignore[union-attr]
            "orders": shown[:SHOWN],
            "more": len(shown) > SHOWN,
            "may_create": request.user.access.may("order", Verb.CREATE),  # type: ignore[union-attr]
        }
        return render(request, "sales/panels/customer_orders.html", context)


class CustomerRfm(View):
    """When, how often and for how much the customer bought, among all that bought."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_visible(Customer.objects.all(), request.user, pk=pk)
        may_view = request.user.access.may("order", Verb.VIEW)  # type: ignore[union-attr]
        scores = RfmScore.objects.filter(customer=customer)  # scoped: by its customer
        context = {"may_view": may_view, "score": scores.first() if may_view else None, "currency": settings.CURRENCY}
        return render(request, "sales/panels/customer_rfm.html", context)


class CustomerContracts(View):
    """Those that run first, and what they bring in per month today."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_visible(Customer.objects.all(), request.user, pk=pk)
        today = timezone.localdate()
        theirs = Contract.objects.visible_to(request.user).filter(customer=customer)
        newest_first = theirs.with_state(today).order_by(F("churned_from").desc(nulls_first=True), "-start", "-pk")
        shown = list(newest_first[: SHOWN + 1])
        moved = ContractMovement.objects.of_contracts(theirs)  # scoped: of contracts that can be seen
        context = {
            "customer": customer,
            "may_view": request.user.access.may("contract", Verb.VIEW),  # type: ignore[union-attr]
            "contracts": shown[:SHOWN],
            "more": len(shown) > SHOWN,
            "sums": moved.monthly_value_on(today) if shown else [],
            "may_create": request.user.access.may("contract", Verb.CREATE),  # type: ignore[union-attr]
        }
        return render(request, "sales/panels/customer_contracts.html", context)


class MyOpenOpportunities(View):
    """On the home page: what is open and mine, those that nobody knows the next step of first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        guards.require(user, "opportunity", Verb.VIEW)
        mine = Opportunity.objects.visible_to(user).open().filter(owner=user)
        step = Task.objects.visible_to(user).open().filter(about_kind=Opportunity.kind, about_id=OuterRef("pk"))
        largest_first = [] if closed_amounts.are_hidden() else ["-amount"]
        ordered = mine.annotate(planned=Exists(step)).order_by(
            "planned", F("expected_close").asc(nulls_last=True), *largest_first, "pk"
        )
        shown = list(ordered.select_related("customer", "owner", "stage")[:SHOWN])
        boards.add_next_steps(shown, user)
        sums = boards.sums_of(mine, timezone.localdate(timezone=organisation_zone()))
        planned = mine.filter(Exists(step)).count()
        context = {
            "opportunities": shown,
            "sums": sums,
            "without_step": sums.count - planned,
            "today": timezone.localdate(),
            "may_create": user.access.may("opportunity", Verb.CREATE),
        }
        return render(request, "sales/panels/my_opportunities.html", context)
