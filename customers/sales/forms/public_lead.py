from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.models import tidy
from customers.sales.models import LeadForm
from customers.sales.models.lead_form import Ask

TRAP = "homepage"  # never shown: only programs fill it in
FIELDS: dict[str, Any] = {
    "organisation": lambda: forms.CharField(
        label=_("Organisation"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    ),
    "email": lambda: forms.EmailField(
        label=_("Email"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    ),
    "phone": lambda: forms.CharField(
        label=_("Phone"), max_length=40, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})
    ),
    "country": lambda: forms.CharField(
        label=_("Country"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "country-name"})
    ),
    "city": lambda: forms.CharField(
        label=_("City"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "address-level2"})
    ),
    "employees": lambda: forms.IntegerField(
        label=_("Number of employees"),
        min_value=1,
        max_value=10_000_000,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    ),
    "note": lambda: forms.CharField(label=_("Your message"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})),
}


class PublicLeadForm(forms.Form):
    """What a form asks, as its configuration says."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    homepage = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, form: LeadForm, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = form.asks()
        for name, ask in self.asked.items():
            self.fields[name] = FIELDS[name]()
            self.fields[name].required = ask == Ask.REQUIRED
        if form.consent:
            self.fields["consent"] = forms.BooleanField(label=form.consent)

    def clean_name(self) -> str:
        name = tidy.one_line(self.cleaned_data["name"])
        if not name:
            raise ValidationError(_("This field is required."))
        return name

    @property
    def is_trapped(self) -> bool:
        return bool(self.data.get(TRAP))

    @property
    def shown(self) -> list[Any]:
        return [self[name] for name in ("name", *self.asked)]

    def values(self) -> dict[str, Any]:
        """The fields of the lead."""
        return {name: self.cleaned_data[name] for name in ("name", *self.asked)}
