"""Claiming a customer of the pool, releasing one to it, and who had it when."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web.toasts import toast
from customers.actions import pool
from customers.forms.pool import ReleaseForm
from customers.models import Customer, PooledCustomer, PoolRules, holding, pool_release


class CustomerClaim(View):
    """For whoever may claim; what somebody else has is no longer in the pool, and that is said."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        try:
            claimed = pool.claim(claimable(user, pk), by=user, at=timezone.now())
        except ValidationError as error:
            toast(request, " ".join(error.messages), level=messages.ERROR)
            return redirect("pool-list")
        toast(request, _("%(customer)s is yours now.") % {"customer": claimed})
        return redirect(claimed.get_absolute_url())


class CustomerRelease(View):
    """By its owner, or by whoever may hand it over."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(releasable(request.user, pk), ReleaseForm(user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = releasable(request.user, pk)
        form = ReleaseForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(customer, form, status=422)
        by: Any = request.user
        pool.release(customer, by=by, at=timezone.now(), **form.cleaned_data)
        toast(request, _("%(customer)s is in the pool.") % {"customer": customer})
        still_seen = Customer.objects.visible_to(request.user).filter(pk=pk).exists()
        return redirect(customer.get_absolute_url() if still_seen else reverse("customer-list"))

    def page(self, customer: Customer, form: ReleaseForm, status: int = 200) -> HttpResponse:
        context = {"customer": customer, "form": form}
        return render(self.request, "customers/pool/release.html", context, status=status)


class CustomerHolders(View):
    """Who had the customer when, and when it goes to the pool by itself: a panel."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_visible(Customer.objects.select_related("owner", "team"), request.user, pk=pk)
        due = None
        if customer.owner_id is not None:
            due = pool_release.due_of(customer, PoolRules(), timezone.now())
        context = {"customer": customer, "held": holding.of(customer), "due": due}
        return render(request, "customers/pool/_holders.html", context)


def claimable(user: Any, pk: int) -> Customer:
    """404 for what is not in a pool of theirs. One that somebody claimed a moment ago and that they still see is
    returned, so that the claim says who was faster."""
    try:
        found: Customer = guards.get_permitted(PooledCustomer.objects.all(), user, Verb.EDIT, pk=pk)
    except Http404:
        taken = Customer.objects.visible_to(user).filter(pk=pk, owner__isnull=False)
        if not user.access.may("pool", Verb.EDIT) or (found := taken.first()) is None:
            raise
    return found


def releasable(user: Any, pk: int) -> Customer:
    """404 for the invisible, 403 for whoever may not give it away, and for one that is in the pool already."""
    customer: Customer = guards.get_visible(Customer.objects.all(), user, pk=pk)
    if not Customer.objects.visible_to(user).releasable_by(user).filter(pk=pk).exists():
        raise PermissionDenied(_("Only its owner, or who may assign it, puts it into the pool."))
    return customer
