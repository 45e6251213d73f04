from __future__ import annotations

from typing import Any

from django import forms

from crm.web.forms import RecordForm
from customers.sales.models import Opportunity


class CloseDateForm(RecordForm):
    """Only the day on which a sale is expected to close."""

    class Meta:
        model = Opportunity
        fields = ["expected_close"]
        widgets = {"expected_close": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["expected_close"].required = True
