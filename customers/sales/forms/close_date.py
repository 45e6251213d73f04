from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.web.forms import RecordForm
from customers.sales.models import Opportunity


class CloseDateForm(RecordForm):
    """Only the day on which a sale is expected to close: one that is still to come, where the old one has gone by."""

    class Meta:
        model = Opportunity
        fields = ["expected_close"]
        widgets = {"expected_close": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["expected_close"].required = True

    def clean_expected_close(self) -> date:
        day: date = self.cleaned_data["expected_close"]
        if day < self.today:
            raise ValidationError(_("This day has gone by already."))
        return day
