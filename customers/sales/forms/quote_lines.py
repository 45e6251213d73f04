"""The lines of a quote as people type them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet
from django.utils.translation import gettext_lazy as _

from customers.sales.actions.quote_lines import Line
from customers.sales.forms.fields import PercentField
from customers.sales.forms.prices import proposing
from customers.sales.models import Product, QuoteRules
from customers.sales.models.price_list import price_of

ROWS = 3  # empty lines offered beside those there are
SAID = ("product", "text", "unit_price")  # without any of them a line is left out


class QuoteLineForm(forms.Form):
    product = forms.ModelChoiceField(Product.objects.none(), label=_("Product"), required=False)
    text = forms.CharField(label=_("Text"), max_length=300, required=False)
    quantity = forms.DecimalField(label=_("Quantity"), max_digits=12, decimal_places=2, required=False)
    unit_price = forms.DecimalField(label=_("Unit price"), max_digits=18, decimal_places=2, min_value=0, required=False)
    discount = PercentField(label=_("Discount in percent"), required=False)
    months = forms.IntegerField(label=_("Months"), min_value=1, max_value=1200, required=False)
    tax_rate = PercentField(label=_("Tax in percent"), decimals=2, required=False)

    def __init__(self, *args: Any, products: Any, currency: str, day: date, tax_rate: Decimal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency, self.day = currency, day
        self.fields["product"].queryset = products  # type: ignore[attr-defined]
        self.fields["product"].widget.attrs |= proposing(self["unit_price"].html_name)
        self.fields["tax_rate"].initial = tax_rate

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        product = cleaned.get("product")
        if all(cleaned.get(name) in (None, "") for name in SAID):
            return {}
        if product is None and not cleaned.get("text"):
            self.add_error("text", _("Choose a product, or say what it is."))
        if "quantity" in cleaned and cleaned["quantity"] is None:
            cleaned["quantity"] = Decimal(1)
        if cleaned.get("quantity") is not None and cleaned["quantity"] <= 0:
            self.add_error("quantity", _("A quantity is more than zero."))
        if "unit_price" in cleaned and cleaned["unit_price"] is None:
            cleaned["unit_price"] = price_of(product, self.currency, self.day) if product else None
            if cleaned["unit_price"] is None:
                self.add_error(
                    "unit_price", _("There is no price in %(currency)s: give one.") % {"currency": self.currency}
                )
        return cleaned


class LineFormSet(BaseFormSet):
    """The lines of one quote; an emptied line is one less."""

    def lines(self) -> list[Line]:
        return [
            Line(
                row["quantity"], row["unit_price"], row["text"] or str(row["product"]), row["product"],
                row.get("discount") or Decimal(0), row.get("months"), row.get("tax_rate") or Decimal(0),
            )
            for row in self.cleaned_data
            if row
        ]  # fmt: skip


QuoteLines = forms.formset_factory(QuoteLineForm, LineFormSet, extra=ROWS, max_num=200)


def line_forms(user: Any, lines: list[Line], *, currency: str, day: date, data: Any = None) -> Any:
    initial = [
        {
            "product": line.product,
            "text": line.text,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "discount": line.discount or None,
            "months": line.months,
            "tax_rate": line.tax_rate,
        }
        for line in lines
    ]
    products = Product.objects.visible_to(user)
    known = products.filter(pk__in=[line.product.pk for line in lines if line.product])
    offered = {"products": products.on_sale() | known, "currency": currency, "day": day}
    rate = QuoteRules.in_force().tax_rate
    return QuoteLines(data, prefix="lines", initial=initial, form_kwargs={**offered, "tax_rate": rate})
