from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import Team
from customers.sales.models.forecast_period import MONTH, QUARTER, Period


def offered_periods(today: date) -> list[Period]:
    """This month and the next two, this quarter and the next."""
    month, quarter = Period.of(MONTH, today), Period.of(QUARTER, today)
    return [month, month.after(), month.after(2), quarter, quarter.after()]


def asked_period(text: str, today: date) -> Period:
    """The one of a code, or this quarter."""
    return Period.named(text) or Period.of(QUARTER, today)


class NumbersForm(forms.Form):
    """Commit and best case, both with what is won already."""

    commit = forms.DecimalField(label=_("Commit"), min_value=0, max_digits=18, decimal_places=2)
    best_case = forms.DecimalField(label=_("Best case"), min_value=0, max_digits=18, decimal_places=2)

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        commit, best = found.get("commit"), found.get("best_case")
        if commit is not None and best is not None and best < commit:
            self.add_error("best_case", _("The best case is not less than what you commit to."))
        return found


class SubmissionForm(NumbersForm):
    """This week's forecast of a period: one's own, or a team's."""

    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    # What the form was opened for: when the week is over meanwhile, what stands in it is locked.
    week = forms.DateField(widget=forms.HiddenInput)


class AdjustmentForm(NumbersForm):
    """A manager's numbers, and why."""

    note = forms.CharField(label=_("Why"), widget=forms.Textarea(attrs={"rows": 2}))


class TeamChoice(forms.Form):
    """Of which team, with those below it; all the person may read where nothing is said."""

    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"), required=False, empty_label=_("all teams"))

    def __init__(self, asked: Any, *, teams: list[Team]) -> None:
        super().__init__(asked)
        field: Any = self.fields["team"]
        field.queryset = Team.objects.filter(pk__in=[team.pk for team in teams]).in_tree_order()

    def narrow(self, teams: list[Team]) -> list[Team]:
        chosen = self.cleaned_data.get("team") if self.is_valid() else None
        return [team for team in teams if chosen.pk in team.path] if chosen else teams
