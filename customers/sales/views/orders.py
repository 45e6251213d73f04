from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web.toasts import toast
from customers.models import Customer
from customers.sales.actions import orders
from customers.sales.forms.orders import OrderForm, line_forms
from customers.sales.models import Opportunity, Order, Quote
from customers.sales.views import with_lines
from customers.sales.views.opened_from import opened_from
from customers.views import editing

RELATED = ("customer", "opportunity", "owner", "team")


class Detail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        order = guards.get_visible(Order.objects.select_related(*RELATED), user, pk=pk)
        returns = order.returns.select_related("reason", "by", "cancelled_by").prefetch_related("lines__line__product")
        refunded = sum((one.amount for one in returns if not one.is_cancelled), Decimal(0))
        lines = order.lines.with_returns().select_related("product")
        context = {
            "order": order,
            "lines": lines,
            "returns": returns,
            "refunded": refunded,
            "net": order.amount - refunded,
            "may_return": refunded < order.amount or any(line.kept for line in lines),
            "customer_is_visible": Customer.objects.visible_to(user).filter(pk=order.customer_id).exists(),
            "opportunity": Opportunity.objects.visible_to(user).filter(pk=order.opportunity_id).first(),
            "quote": Quote.objects.visible_to(user).filter(order=order).first(),
            "may_edit": Order.objects.editable_by(user).filter(pk=pk).exists(),
            "may_delete": Order.objects.permitted(user, Verb.DELETE).filter(pk=pk).exists(),
        }
        return render(request, "sales/order/detail.html", context)


class New(with_lines.New):
    model = Order
    form_class = OrderForm
    create = orders.create
    done = gettext_lazy("Order %(number)s is noted.")

    def initial(self) -> dict[str, Any]:
        told = opened_from(self.request, {"customer": "customer", "amount": "amount", "currency": "currency"})
        return {"ordered_at": timezone.localtime().replace(second=0, microsecond=0)} | told

    def lines(self, form: Any, data: Any = None) -> Any:
        return line_forms(self.request.user, data)

    def show(self, form: Any, lines: Any, status: int = 200) -> HttpResponse:
        return _show(self.request, form, lines, status=status)


class Edit(with_lines.Edit):
    form_class = OrderForm
    update = orders.update

    def editable(self, pk: int) -> Order:
        return _editable(self.request, pk)

    def lines(self, record: Order, data: Any = None) -> Any:
        return line_forms(self.request.user, data, orders.lines_of(record))

    def show(self, form: Any, lines: Any, record: Order, status: int = 200) -> HttpResponse:
        return _show(self.request, form, lines, record, status)


class Delete(View):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        order = guards.get_permitted(Order.objects.all(), request.user, Verb.DELETE, pk=pk)
        orders.delete(order, by=request.user, at=timezone.now())
        undo = reverse("order-restoration", args=[order.pk])
        toast(request, _("“%(name)s” is in the bin.") % {"name": order}, undo_url=undo)
        return redirect("order-list")


class Restoration(editing.Restore):
    model = Order
    from_bin = orders.restore
    done = gettext_lazy("It is back.")


def _editable(request: HttpRequest, pk: int) -> Order:
    return guards.get_permitted(Order.objects.select_related(*RELATED), request.user, Verb.EDIT, pk=pk)


def _show(request: HttpRequest, form: Any, lines: Any, order: Order | None = None, status: int = 200) -> HttpResponse:
    context = {"form": form, "lines": lines, "order": order, "post_url": request.get_full_path()}
    return render(request, "sales/order/form.html", context, status=status)
