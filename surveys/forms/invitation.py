from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import User
from service.forms.fields import contact_with, contacts_of
from surveys.models import Survey


class InvitationForm(forms.Form):
    """Whom to ask what: somebody at a customer, or any contact by email."""

    survey: Any = forms.ModelChoiceField(None, label=_("Survey"))
    contact: Any = forms.ModelChoiceField(None, label=_("Contact"))
    email = forms.EmailField(label=_("Contact's email"), help_text=_("Of a contact you know already."))

    def __init__(self, *args: Any, user: User, customer: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.customer = user, customer
        survey: Any = self.fields["survey"]
        survey.queryset = Survey.objects.visible_to(user).filter(is_active=True)
        if customer is not None:
            contact: Any = self.fields["contact"]
            contact.queryset = contacts_of(user, customer)
            del self.fields["email"]
        else:
            del self.fields["contact"]

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if contact_with(self.user, email) is None:
            raise forms.ValidationError(_("No contact with this email is known to you."))
        return email

    def whom(self) -> Any:
        if "contact" in self.cleaned_data:
            return self.cleaned_data["contact"]
        return contact_with(self.user, self.cleaned_data["email"])
