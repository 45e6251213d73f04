from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web.forms import conflict
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.sales.actions import products
from customers.sales.forms.products import ProductForm
from customers.sales.models import Opportunity, Product
from customers.sales.models import board as boards
from customers.sales.models.forecast_period import organisation_zone
from customers.views import editing

LATEST = 20


class Detail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        product = guards.get_visible(Product.objects.all(), user, pk=pk)
        sales = Opportunity.objects.visible_to(user).open().filter(product=product)
        context = {
            "product": product,
            "opportunities": sales.select_related("customer", "owner", "stage").order_by("expected_close", "pk")[
                :LATEST
            ],
            "sums": boards.sums_of(sales, timezone.localdate(timezone=organisation_zone())),
            "may_edit": Product.objects.editable_by(user).filter(pk=pk).exists(),
            "may_delete": Product.objects.permitted(user, Verb.DELETE).filter(pk=pk).exists(),
        }
        return render(request, "sales/product/detail.html", context)


class New(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, "product", Verb.CREATE)
        return _show(request, ProductForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, "product", Verb.CREATE)
        form = ProductForm(request.POST)
        if not form.is_valid():
            return _show(request, form, status=422)
        if not first_time(request):
            return redirect("product-list")
        try:
            product = products.create(by=request.user, at=timezone.now(), **form.changes())
        except ValidationError as error:
            form.add_action_errors(error)
            return _show(request, form, status=422)
        toast(request, _("The product is in the catalogue."))
        return redirect(product.get_absolute_url())


class Edit(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        product = _editable(request, pk)
        return _show(request, ProductForm(instance=product), product)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        product = _editable(request, pk)
        form = ProductForm(request.POST, instance=_editable(request, pk))
        if not form.is_valid():
            return _show(request, form, product, status=422)
        version, base = form.cleaned_data["version"], form.base()
        try:
            products.update(product, form.changes(), by=request.user, at=timezone.now(), version=version, base=base)
        except StaleVersion as stale:
            return conflict(request, form, stale)
        except ValidationError as error:
            form.add_action_errors(error)
            return _show(request, form, product, status=422)
        toast(request, _("Saved."))
        return redirect(product.get_absolute_url())


class Delete(View):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        product = guards.get_permitted(Product.objects.all(), request.user, Verb.DELETE, pk=pk)
        products.delete(product, by=request.user, at=timezone.now())
        undo = reverse("product-restoration", args=[product.pk])
        toast(request, _("“%(name)s” is in the bin.") % {"name": product}, undo_url=undo)
        return redirect("product-list")


class Restoration(editing.Restore):
    model = Product
    from_bin = products.restore
    done = gettext_lazy("It is back.")


def _editable(request: HttpRequest, pk: int) -> Product:
    return guards.get_permitted(Product.objects.all(), request.user, Verb.EDIT, pk=pk)


def _show(request: HttpRequest, form: ProductForm, product: Product | None = None, status: int = 200) -> HttpResponse:
    context = {"form": form, "product": product, "post_url": request.get_full_path()}
    return render(request, "sales/product/form.html", context, status=status)
