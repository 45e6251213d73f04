"""What a product costs today, for the line it was chosen on."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.templatetags.form_fields import field
from crm.web import asked
from customers.sales.forms.prices import UnitPriceForm
from customers.sales.models import Product
from customers.sales.models.currency import check_currency
from customers.sales.models.price_list import price_of

PRICE_FIELD = re.compile(r"(lines-\d{1,3})-unit_price")


class Proposal(View):
    """The field for the price, filled in; nothing where no product was chosen."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Product.kind, Verb.VIEW)
        named = PRICE_FIELD.fullmatch(request.GET.get("field", ""))
        if named is None:
            return HttpResponse(status=204)
        product = asked.record(request.GET, f"{named[1]}-product", Product.objects.visible_to(request.user))
        if product is None:
            return HttpResponse(status=204)
        try:
            price = price_of(product, check_currency(request.GET.get("currency", "")), timezone.localdate())
        except ValidationError:
            price = None
        form = UnitPriceForm(prefix=named[1], initial={"unit_price": price})
        return HttpResponse(field(form["unit_price"], inputmode="decimal")["widget"])
