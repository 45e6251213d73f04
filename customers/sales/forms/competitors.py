from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.web.forms import RecordForm
from customers.sales.models import Competitor, CompetitorState, Opportunity, OpportunityCompetitor


class CompetitorForm(RecordForm):
    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")

    class Meta:
        model = Competitor
        fields = ["name", "website", "notes", "is_active"]
        widgets = {"notes": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, user: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def _post_clean(self) -> None:
        """The action validates the record."""


class StandingForm(forms.Form):
    """How a competitor stands at an opportunity. `was` is what the page showed, to see what changed since."""

    state = forms.ChoiceField(label=_("State"), choices=CompetitorState.choices)
    note = forms.CharField(label=_("Note"), max_length=300, required=False)
    was = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)

    def __init__(self, *args: Any, opportunity: Opportunity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not opportunity.stage.is_lost:
            states = [choice for choice in CompetitorState.choices if choice[0] != CompetitorState.LOST]
            self.fields["state"].choices = states  # type: ignore[attr-defined]

    @classmethod
    def of(cls, row: OpportunityCompetitor) -> StandingForm:
        initial = {"state": row.stands, "note": row.note, "was": f"{row.state} {row.note}"}
        return cls(opportunity=row.opportunity, initial=initial)

    def said(self) -> dict[str, Any]:
        """What `competitors.note` takes."""
        said = self.cleaned_data
        state, _space, note = said["was"].partition(" ")
        return {"state": said["state"], "note": said["note"], "seen": (state, note) if state else None}


class MetForm(StandingForm):
    """A competitor who is not there yet."""

    field_order = ["competitor", "state", "note"]
    competitor = forms.ModelChoiceField(Competitor.objects.none(), label=_("Competitor"), empty_label=None)

    def __init__(self, *args: Any, opportunity: Opportunity, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, opportunity=opportunity, **kwargs)
        there = opportunity.competitors.values("competitor")
        offered = Competitor.objects.visible_to(user).met().exclude(pk__in=there).order_by("name", "pk")
        self.fields["competitor"].queryset = offered  # type: ignore[attr-defined]
