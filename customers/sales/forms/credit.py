from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.forms.formsets import BaseFormSet
from django.utils.translation import gettext_lazy as _

from crm.models import User
from customers.sales.actions.credit import Share
from customers.sales.forms.contracts import DayField
from customers.sales.forms.fields import PercentField
from customers.sales.models import Opportunity

ROWS = 3  # empty lines offered beside those there are


class SplitForm(forms.Form):
    """From when a split counts, and why it changes."""

    valid_from = DayField(label=_("From"))
    valid_until = DayField(label=_("Until"), required=False, help_text=_("Empty: until another split."))
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, opportunity: Opportunity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if opportunity.closed_at:
            self.fields["reason"].required = True


class ShareForm(forms.Form):
    person = forms.ModelChoiceField(User.objects.none(), label=_("Person"), required=False, empty_label=_("nobody"))
    share = PercentField(label=_("Share in percent"), decimals=2, required=False)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("person") and not cleaned.get("share") and "share" not in self.errors:
            self.add_error("share", _("Say how much."))
        if cleaned.get("share") and not cleaned.get("person") and "person" not in self.errors:
            self.add_error("person", _("Say who."))
        return cleaned


class ShareFormSet(BaseFormSet):
    """The shares of one split; a line without a person is one less."""

    def shares(self) -> list[Share]:
        return [Share(row["person"], row["share"]) for row in self.cleaned_data if row.get("person")]


Shares = forms.formset_factory(ShareForm, ShareFormSet, extra=ROWS, max_num=30)


def share_forms(user: Any, shares: list[Share], data: Any = None) -> Any:
    initial = [{"person": one.person, "share": one.share} for one in shares]
    known = [one.person.pk for one in shares]  # who has a share is named, whoever asks
    seen = User.objects.visible_to(user).active().order_by().values("pk")
    people = User.objects.filter(Q(pk__in=seen) | Q(pk__in=known)).order_by("name", "pk")
    return Shares(data, prefix="shares", initial=initial, form_kwargs={"people": people})
