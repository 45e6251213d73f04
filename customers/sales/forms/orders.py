from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.forms.formsets import BaseFormSet
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.models import User
from crm.web.forms import RecordForm
from customers.forms.fields import CustomerField, MomentField, people_to_assign
from customers.sales.actions.orders import Line
from customers.sales.forms.fields import CurrencyField
from customers.sales.models import Opportunity, Order, Product

ROWS = 3  # empty lines offered beside those there are


class OrderForm(RecordForm):
    number = forms.CharField(
        label=_("Number"), max_length=40, required=False, help_text=_("Leave empty to get the next one.")
    )
    customer = CustomerField(label=_("Customer"))
    ordered_at = MomentField(label=_("Ordered"))
    amount = forms.DecimalField(
        label=_("Amount"),
        max_digits=18,
        decimal_places=2,
        required=False,
        help_text=_("Leave empty to add up the lines."),
    )
    currency = CurrencyField()
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"), required=False)

    class Meta:
        model = Order
        fields = ["number", "customer", "opportunity", "ordered_at", "amount", "currency", "owner", "notes"]
        widgets = {"notes": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer"].offer_to(user)  # type: ignore[attr-defined]
        customer = self.instance.customer if self.instance.customer_id else self.initial.get("customer")
        if customer is None:
            del self.fields["opportunity"]
        else:
            own = Opportunity.objects.visible_to(user).filter(customer=customer)
            self.fields["opportunity"].queryset = own  # type: ignore[attr-defined]
        if self.instance.pk:
            self.fields["number"].required = True
        else:
            self.initial.setdefault("currency", settings.CURRENCY)
        if not self.instance.pk and user.access.may("order", Verb.ASSIGN):
            self.fields["owner"].queryset = people_to_assign(user, "order")  # type: ignore[attr-defined]
            self.initial.setdefault("owner", user.pk)
        else:
            del self.fields["owner"]

    def _post_clean(self) -> None:
        """The action validates the record: the number and the sum are made there."""


class LineForm(forms.Form):
    product = forms.ModelChoiceField(Product.objects.none(), label=_("Product"), required=False)
    quantity = forms.DecimalField(label=_("Quantity"), max_digits=12, decimal_places=2, required=False)
    unit_price = forms.DecimalField(label=_("Unit price"), max_digits=18, decimal_places=2, required=False)

    def __init__(self, *args: Any, products: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].queryset = products  # type: ignore[attr-defined]

    def usual_price(self, product: Product) -> Decimal | None:
        """What it costs where nobody says otherwise."""
        return product.price

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        product = cleaned.get("product")
        if product is None:
            if cleaned.get("quantity") is not None or cleaned.get("unit_price") is not None:
                self.add_error("product", _("Choose what was sold, or empty the line."))
            return cleaned
        if "quantity" in cleaned and cleaned["quantity"] is None:
            cleaned["quantity"] = 1
        if cleaned.get("quantity") is not None and cleaned["quantity"] <= 0:
            self.add_error("quantity", _("A quantity is more than zero."))
        if "unit_price" in cleaned and cleaned["unit_price"] is None:
            cleaned["unit_price"] = self.usual_price(product)
            if cleaned["unit_price"] is None:
                self.add_error("unit_price", _("This product has no list price: give the price agreed."))
        return cleaned


class LineFormSet(BaseFormSet):
    """The lines of one order; an emptied line is one less."""

    def lines(self) -> list[Line]:
        return [
            Line(row["product"], Decimal(row["quantity"]), row["unit_price"])
            for row in self.cleaned_data
            if row.get("product")
        ]


OrderLines = forms.formset_factory(LineForm, LineFormSet, extra=ROWS, max_num=200)


def line_forms(user: Any, data: Any = None, lines: list[Line] | None = None) -> Any:
    initial = [
        {"product": line.product, "quantity": line.quantity, "unit_price": line.unit_price} for line in lines or []
    ]
    products = Product.objects.visible_to(user)
    known = products.filter(pk__in=[line.product.pk for line in lines or []])
    return OrderLines(data, prefix="lines", initial=initial, form_kwargs={"products": products.on_sale() | known})
