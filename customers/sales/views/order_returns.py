"""The dialogs of an order's returns: noting one, and cancelling one that was wrong."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.sales.actions import order_returns
from customers.sales.forms.order_returns import CancellationForm, OrderReturnForm
from customers.sales.models import Order, OrderLine, OrderReturn


class New(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        order = _editable(request, pk)
        moment = timezone.localtime().replace(second=0, microsecond=0)
        return self._show(order, OrderReturnForm(order=order, sold=_sold(order), initial={"returned_at": moment}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        order = _editable(request, pk)
        form = OrderReturnForm(request.POST, order=order, sold=_sold(order))
        if not form.is_valid():
            return self._show(order, form, status=422)
        if not first_time(request):
            return redirect(order.get_absolute_url())
        try:
            made = order_returns.note(order, by=request.user, at=timezone.now(), **form.said())
        except StaleVersion:
            form.add_error(None, _("Somebody else changed this meanwhile. Close this and look at it again."))
            return self._show(order, form, status=409)
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self._show(order, form, status=422)
        toast(request, _("Return %(number)s is noted.") % {"number": made})
        return redirect(order.get_absolute_url())

    def _show(self, order: Order, form: OrderReturnForm, status: int = 200) -> HttpResponse:
        context = {"order": order, "form": form, "left": order_returns.refundable(order)}
        return render(self.request, "sales/order/return.html", context, status=status)


class Cancellation(View):
    def get(self, request: HttpRequest, pk: int, return_pk: int) -> HttpResponse:
        return self._show(_return_of(_editable(request, pk), return_pk), CancellationForm())

    def post(self, request: HttpRequest, pk: int, return_pk: int) -> HttpResponse:
        made = _return_of(_editable(request, pk), return_pk)
        form = CancellationForm(request.POST)
        if not form.is_valid():
            return self._show(made, form, status=422)
        order_returns.cancel(made, by=request.user, at=timezone.now(), **form.cleaned_data)
        toast(request, _("Return %(number)s is cancelled.") % {"number": made})
        return redirect(made.order.get_absolute_url())

    def _show(self, made: OrderReturn, form: CancellationForm, status: int = 200) -> HttpResponse:
        return render(self.request, "sales/order/cancellation.html", {"made": made, "form": form}, status=status)


def _editable(request: HttpRequest, pk: int) -> Order:
    return guards.get_permitted(Order.objects.select_related("customer"), request.user, Verb.EDIT, pk=pk)


def _return_of(order: Order, pk: int) -> OrderReturn:
    found: Any = order.returns.select_related("order").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _sold(order: Order) -> list[OrderLine]:
    return list(order.lines.with_returns().select_related("product"))
