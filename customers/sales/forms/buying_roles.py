from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.search import finding
from customers.forms.fields import people_of
from customers.models import Contact
from customers.sales.models import Attitude, BuyingRole, Opportunity, OpportunityContact


class BuyingRoleForm(forms.Form):
    """As what somebody takes part, and how they stand to it. `was` is what the page showed."""

    role = forms.ChoiceField(label=_("Buying role"), choices=BuyingRole.choices)
    attitude = forms.ChoiceField(label=_("Attitude"), choices=Attitude.choices, initial=Attitude.NEUTRAL)
    is_main = forms.BooleanField(label=_("Main contact"), required=False)
    was = forms.CharField(widget=forms.HiddenInput, required=False)

    @classmethod
    def of(cls, row: OpportunityContact) -> BuyingRoleForm:
        is_main = row.opportunity.contact_id == row.contact_id
        was = f"{row.role} {row.attitude}" if row.pk else ""
        initial = {"attitude": row.attitude, "is_main": is_main, "was": was}
        return cls(initial=initial | ({"role": row.role} if row.role else {}))

    def said(self) -> dict[str, Any]:
        """What `buying_roles.note` takes."""
        said = self.cleaned_data
        role, _space, attitude = said["was"].partition(" ")
        return {
            "role": said["role"],
            "attitude": said["attitude"],
            "is_main": said["is_main"],
            "seen": (role, attitude) if attitude else None,
        }


class NewPersonForm(BuyingRoleForm):
    """One of the customer's people who is not there yet, or somebody else, by name."""

    field_order = ["contact", "somebody", "role", "attitude", "is_main"]
    contact = forms.ModelChoiceField(
        Contact.objects.none(), label=_("Contact"), required=False, empty_label=_("somebody else")
    )
    somebody = forms.CharField(
        label=_("Somebody else"),
        max_length=200,
        required=False,
        help_text=_("A contact who is not of this customer: name, email or phone, as far as it tells who is meant."),
    )

    def __init__(self, *args: Any, opportunity: Opportunity, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.opportunity = user, opportunity
        there = opportunity.people.values("contact")
        offered = people_of(user, opportunity.customer_id).exclude(pk__in=there)
        self.fields["contact"].queryset = offered  # type: ignore[attr-defined]
        if opportunity.contact_id and not self.is_bound and offered.filter(pk=opportunity.contact_id).exists():
            self.initial |= {"contact": opportunity.contact_id, "is_main": True}

    def clean_somebody(self) -> Contact | None:
        text = self.cleaned_data["somebody"].strip()
        if not text:
            return None
        hits = finding.find(self.user, text, only=[Contact.kind], limit=2)
        if len(hits) > 1:
            raise forms.ValidationError(_("Several people are called this. Say more."))
        found = Contact.objects.visible_to(self.user).filter(pk__in=[hit.object_id for hit in hits]).first()
        if found is None:
            raise forms.ValidationError(_("Nobody you may see is called this."))
        return found

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        person = cleaned.get("contact") or cleaned.get("somebody")
        if person is None and not self.errors:
            self.add_error("contact", _("Say who it is."))
        cleaned["person"] = person
        return cleaned
