from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crm.web.forms import RecordForm
from customers.forms.contacts import DAY
from customers.models import ErasureRequest


class ErasureForm(forms.Form):
    """Who asked, when, and how it was made sure that it was them: chosen, so that no sentence names anybody."""

    asked_by = forms.ChoiceField(label=_("Who asked"), choices=ErasureRequest.AskedBy.choices)
    asked_on = forms.DateField(label=_("Asked on"), widget=DAY)
    identity = forms.ChoiceField(label=_("How it was checked who asked"), choices=ErasureRequest.Identity.choices)

    add_action_errors = RecordForm.add_action_errors

    def clean_asked_on(self) -> Any:
        day = self.cleaned_data["asked_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_now("This day has not come yet."))
        return day


class RefusalForm(forms.Form):
    """Why it is not done."""

    reason = forms.ChoiceField(label=_("Why it is refused"), choices=ErasureRequest.Reason.choices)

    add_action_errors = RecordForm.add_action_errors
