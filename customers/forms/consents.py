from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.web.forms import RecordForm
from customers.forms.fields import MomentField
from customers.models import Consent, Purpose


class ConsentForm(forms.Form):
    """What somebody said about being written to."""

    purpose = forms.ModelChoiceField(Purpose.objects.none(), label=_("Purpose"))
    state = forms.ChoiceField(label=_("Consent"), choices=Consent.State.choices, initial=Consent.State.GIVEN)
    basis = forms.ChoiceField(label=_("Lawful basis"), choices=Consent.Basis.choices, initial=Consent.Basis.CONSENT)
    said_at = MomentField(label=_("When"))
    source = forms.CharField(
        label=_("Source"), max_length=200, required=False, help_text=_("Such as a form, a call, a signed letter.")
    )

    add_action_errors = RecordForm.add_action_errors

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        purposes: Any = self.fields["purpose"]
        purposes.queryset = Purpose.objects.active()
