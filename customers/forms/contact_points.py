from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.web.forms import RecordForm
from customers.models import ContactPoint

Type, Label, Validity = ContactPoint.Type, ContactPoint.Label, ContactPoint.Validity
OF_AN_ADDRESS = ("postal_code", "city", "country")
OF_A_VALUE = {
    Type.EMAIL: _("Email"),
    Type.PHONE: _("Phone"),
    Type.ADDRESS: _("Street and number"),
    Type.HANDLE: _("Name"),
}
NAMES = ("network", "value", *OF_AN_ADDRESS, "label", "is_primary", "validity", "opted_out")


class ContactPointForm(forms.Form):
    """One email, phone, postal address or social handle, and what is known of it."""

    network = forms.ChoiceField(label=_("Network"), choices=ContactPoint.Network.choices)
    value = forms.CharField(label=_("Value"), max_length=254)
    postal_code = forms.CharField(label=_("Postal code"), max_length=20, required=False)
    city = forms.CharField(label=_("City"), max_length=100, required=False)
    country = forms.CharField(label=_("Country"), max_length=100, required=False)
    label = forms.ChoiceField(label=_("Label"), choices=[("", _("none")), *Label.choices], required=False)
    validity = forms.ChoiceField(label=_("Validity"), choices=Validity.choices, initial=Validity.UNKNOWN)
    is_primary = forms.BooleanField(label=_("The first one to use"), required=False)
    opted_out = forms.BooleanField(
        label=_("Opted out"),
        required=False,
        help_text=_("Nothing is sent there, but for answers to a question of theirs."),
    )

    add_action_errors = RecordForm.add_action_errors

    def __init__(self, *args: Any, type: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type = type
        self.fields["value"].label = OF_A_VALUE[Type(type)]
        unused = () if type == Type.ADDRESS else OF_AN_ADDRESS
        for name in (*unused, *(("network",) if type != Type.HANDLE else ())):
            del self.fields[name]
        if type == Type.PHONE:
            self.fields["value"].widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "off"})

    @classmethod
    def of(cls, point: ContactPoint, **kwargs: Any) -> ContactPointForm:
        """With what is known already."""
        initial = {name: getattr(point, name, None) for name in NAMES}
        return cls(initial={**initial, "opted_out": point.opted_out_at is not None}, type=point.type, **kwargs)
