from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import User
from crm.web.forms import RecordForm
from customers.forms.fields import CustomerField
from customers.models import Contact

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ContactForm(RecordForm):
    """A person, whoever they work for."""

    takes_custom_fields = True

    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("unknown")), *settings.LANGUAGES],
        help_text=_("Of mails and surveys."),
    )

    class Meta:
        model = Contact
        fields = ["name", "email", "phone", "language", "birthday", "do_not_contact", "do_not_contact_reason", "notes"]
        labels = {"name": pgettext_lazy("of a person", "Name")}
        widgets = {
            "notes": forms.Textarea(attrs={"rows": 3}),
            "birthday": DAY,
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class WorksAt(forms.Form):
    """At which customer somebody works, and as what."""

    customer = CustomerField(label=_("Customer"))
    role = forms.CharField(label=_("Role"), max_length=80, required=False, help_text=_("Such as purchasing, or owner."))
    started_on = forms.DateField(label=pgettext_lazy("works there", "Since"), required=False, widget=DAY)
    is_main = forms.BooleanField(label=_("Main contact of the customer"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        customer: Any = self.fields["customer"]
        customer.offer_to(user)


class LeavingForm(forms.Form):
    """The last day somebody works at a customer."""

    on = forms.DateField(label=_("Last day"), widget=DAY)


class NewContactForm(WorksAt, ContactForm):
    """A new person, at once with the customer they work at."""

    field_order = [
        "name",
        "customer",
        "role",
        "started_on",
        "is_main",
        "email",
        "phone",
        "language",
        "do_not_contact",
        "notes",
    ]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        ContactForm.__init__(self, *args, user=user, **kwargs)
        customer: Any = self.fields["customer"]
        customer.required = False
        customer.offer_to(user)

    def link(self) -> dict[str, Any]:
        """The first customer of the person, as the action takes it."""
        return {name: self.cleaned_data[name] for name in ("customer", "role", "started_on", "is_main")}
