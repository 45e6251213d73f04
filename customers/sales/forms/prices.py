"""A product chosen on a line brings the price that counts today."""

from __future__ import annotations

from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class UnitPriceForm(forms.Form):
    """The one field of a line that is made anew."""

    unit_price = forms.DecimalField(label=_("Unit price"), max_digits=18, decimal_places=2, min_value=0, required=False)


def proposing(price_name: str, currency: str = "") -> dict[str, str]:
    """Attributes of the choice of a product: what it costs is put into the field of that name.

    The currency is the one given, else what the page's own field for it says.
    """
    said = {"field": price_name} | ({"currency": currency} if currency else {})
    found = {
        "hx-get": f"{reverse('price-proposal')}?{urlencode(said)}",
        "hx-trigger": "change",
        "hx-target": f"#id_{price_name}",
        "hx-swap": "outerHTML",
    }
    return found if currency else {**found, "hx-include": "#id_currency"}
