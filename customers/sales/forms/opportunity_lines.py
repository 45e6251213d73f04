from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet
from django.utils.translation import gettext_lazy as _

from customers.sales.actions.opportunity_lines import Line
from customers.sales.forms.fields import PercentField
from customers.sales.forms.orders import LineForm
from customers.sales.forms.prices import proposing
from customers.sales.models import Product
from customers.sales.models.price_list import price_of

ROWS = 3  # empty lines offered beside those there are


class OpportunityLineForm(LineForm):
    discount = PercentField(label=_("Discount"), required=False, help_text=_("In percent."))
    months = forms.IntegerField(
        label=_("Months"), min_value=1, max_value=1200, required=False, help_text=_("Empty: paid once.")
    )

    def __init__(self, *args: Any, currency: str, day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency, self.day = currency, day
        self.fields["product"].widget.attrs |= proposing(self["unit_price"].html_name, currency)

    def usual_price(self, product: Product) -> Decimal | None:
        return price_of(product, self.currency, self.day)


class LineFormSet(BaseFormSet):
    """The lines of one opportunity; an emptied line is one less."""

    def lines(self) -> list[Line]:
        return [
            Line(
                row["product"], Decimal(row["quantity"]), row["unit_price"], row.get("discount") or Decimal(0),
                row.get("months"),
            )
            for row in self.cleaned_data
            if row.get("product")
        ]  # fmt: skip


OpportunityLines = forms.formset_factory(OpportunityLineForm, LineFormSet, extra=ROWS, max_num=200)


def line_forms(user: Any, lines: list[Line], *, currency: str, day: date, data: Any = None) -> Any:
    initial = [
        {
            "product": line.product,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "discount": line.discount or None,
            "months": line.months,
        }
        for line in lines
    ]
    products = Product.objects.visible_to(user)
    known = products.filter(pk__in=[line.product.pk for line in lines])
    offered = {"products": products.on_sale() | known, "currency": currency, "day": day}
    return OpportunityLines(data, prefix="lines", initial=initial, form_kwargs=offered)
