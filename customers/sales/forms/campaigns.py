from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.search import finding
from crm.web.forms import RecordForm
from crm.web.lists import BulkForm
from customers.forms.fields import people_to_assign
from customers.models import Contact
from customers.sales.forms.contracts import DayField
from customers.sales.forms.fields import CurrencyField
from customers.sales.models import Campaign, Cost, Lead, MemberState


class CampaignForm(RecordForm):
    starts = DayField(label=_("First day"), required=False)
    ends = DayField(label=_("Last day"), required=False)
    budget = forms.DecimalField(label=_("Budget"), min_value=0, max_digits=18, decimal_places=2, required=False)
    currency = CurrencyField()

    class Meta:
        model = Campaign
        fields = ["name", "code", "channel", "state", "starts", "ends", "budget", "currency", "notes"]
        widgets = {"notes": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.initial.setdefault("currency", settings.CURRENCY)

    def _post_clean(self) -> None:
        """The action validates the record."""


class HandOverCampaignsForm(BulkForm):
    owner = forms.ModelChoiceField(User.objects.none(), label=_("New owner"), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people_to_assign(self.user, Campaign.kind)  # type: ignore[attr-defined]


class AddToCampaignForm(BulkForm):
    """Which campaign the chosen people are added to: one the person may change."""

    campaign = forms.ModelChoiceField(Campaign.objects.none(), label=_("Campaign"), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = Campaign.objects.editable_by(self.user).exclude(state__in=("ended", "cancelled"))
        self.fields["campaign"].queryset = offered.order_by("name", "pk")  # type: ignore[attr-defined]


class MemberForm(forms.Form):
    """One person, by name, mail or phone."""

    person = forms.CharField(
        label=_("Contact or lead"),
        max_length=200,
        help_text=_("Name, email or phone, as far as it tells who is meant."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_person(self) -> Contact | Lead:
        hits = finding.find(self.user, self.cleaned_data["person"], only=[Contact.kind, Lead.kind], limit=3)
        if len(hits) > 1:
            raise forms.ValidationError(_("Several people are called this. Say more, or choose them in their list."))
        found: Any = None
        for hit in hits:
            model: Any = Contact if hit.kind == Contact.kind else Lead
            found = model.objects.visible_to(self.user).filter(pk=hit.object_id).first()
        if found is None:
            raise forms.ValidationError(_("Nobody you may see is called this."))
        if getattr(found, "do_not_contact", False):
            raise forms.ValidationError(_("This person asked not to be contacted."))
        return found


class MemberStateForm(forms.Form):
    """How the marked members stand."""

    members = forms.ModelMultipleChoiceField(None, label=_("Members"))
    state = forms.ChoiceField(label=_("They are"), choices=MemberState.choices, initial=MemberState.RESPONDED)
    day = DayField(label=_("Since"), required=False)

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["members"].queryset = members  # type: ignore[attr-defined]


class CostForm(RecordForm):
    month = DayField(label=_("Month"), help_text=_("Any day of it."))
    amount = forms.DecimalField(label=_("Amount"), min_value=0, max_digits=18, decimal_places=2)
    currency = CurrencyField()

    class Meta:
        model = Cost
        fields = ["month", "category", "amount", "currency", "channel", "campaign", "note"]

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown: Any = self.fields["campaign"]
        shown.queryset = Campaign.objects.visible_to(user).order_by("name", "pk")
        self.fields["channel"].help_text = _("Of a campaign it is the campaign's. Leave empty what is for all of them.")
        self.initial.setdefault("currency", settings.CURRENCY)

    def _post_clean(self) -> None:
        """The action validates the record."""


class TakeBackForm(forms.Form):
    reason = forms.CharField(label=_("What was wrong?"), max_length=200)
    amount = forms.DecimalField(
        label=_("The right amount"), min_value=0, max_digits=18, decimal_places=2, required=False,
        help_text=_("Leave empty if there was no such cost."),
    )  # fmt: skip
