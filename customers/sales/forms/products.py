from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from crm.web.forms import RecordForm
from customers.sales.forms.fields import CurrencyField
from customers.sales.models import Product


class ProductForm(RecordForm):
    price = forms.DecimalField(label=_("List price"), min_value=0, max_digits=18, decimal_places=2, required=False)
    currency = CurrencyField()

    class Meta:
        model = Product
        fields = ["name", "code", "series", "price", "currency", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.initial.setdefault("currency", settings.CURRENCY)

    def _post_clean(self) -> None:
        """The action validates the record."""
