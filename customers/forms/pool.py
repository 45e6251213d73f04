from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.web.lists import BulkForm


class ReleaseForm(BulkForm):
    """Why the customer goes to the pool, and to which."""

    reason = forms.CharField(label=_("Why"), max_length=200, help_text=_("Whoever claims it next reads this."))
    to_company = forms.BooleanField(
        label=_("For the whole company"), required=False, help_text=_("Otherwise its team may claim it.")
    )
