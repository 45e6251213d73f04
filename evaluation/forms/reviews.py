from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class DisputeForm(forms.Form):
    claim = forms.CharField(label=_("Wrong because"), widget=forms.Textarea(attrs={"rows": 3}))
    evidence = forms.CharField(
        label=_("Evidence"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Which records, what they should say, and how one can see it."),
    )


class SettlementForm(forms.Form):
    """Accepting measures the line again; declining leaves it. Both need a reason."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[("accept", _("Accept: measure the line again")), ("decline", _("Decline: the number stands"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))


class MeetingForm(forms.Form):
    on = forms.DateField(
        label=_("Day of the meeting"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class SkipForm(forms.Form):
    reason = forms.CharField(label=_("Why without the self-review"), widget=forms.Textarea(attrs={"rows": 3}))


class SignatureForm(forms.Form):
    """What is signed is named by its digest, so that nobody signs what they have not read."""

    digest = forms.CharField(widget=forms.HiddenInput)
    objection = forms.CharField(
        label=_("Objection"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Leave empty to sign without one. It stays in the report."),
    )
    read = forms.BooleanField(label=_("I have read the scorecard and the comments."))

    def __init__(self, *args: Any, may_object: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_object:
            del self.fields["objection"]


class UnsignedForm(forms.Form):
    reason = forms.CharField(label=_("Why without the signature"), widget=forms.Textarea(attrs={"rows": 3}))


def add_errors(form: forms.Form, error: Exception) -> None:
    """Show what an action refused, beside the field it named."""
    if isinstance(error, ValidationError) and hasattr(error, "error_dict"):
        for name, errors in error.error_dict.items():
            form.add_error(name if name in form.fields else None, errors)
    else:
        form.add_error(None, error if isinstance(error, ValidationError) else str(error))
