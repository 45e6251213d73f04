from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.access.permissions import Reach, Verb
from crm.models import Team, User
from crm.web.forms import RecordForm
from customers.forms.fields import MomentField
from customers.models import Task

VIEWS = [
    ("month", pgettext_lazy("calendar", "Month")),
    ("week", pgettext_lazy("calendar", "Week")),
    ("day", pgettext_lazy("calendar", "Day")),
    ("agenda", _("Agenda")),
]
FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)  # of the days an address may ask for
AS_SELECT = {"class": "form-select"}


class CalendarForm(forms.Form):
    """What the calendar shows. An address that says nothing shows this week of one's team."""

    view = forms.ChoiceField(choices=VIEWS, required=False, widget=forms.HiddenInput)
    day = forms.DateField(
        required=False, widget=forms.HiddenInput, validators=[MinValueValidator(FIRST), MaxValueValidator(LAST)]
    )
    team = forms.ModelChoiceField(
        Team.objects.none(),
        label=_("Team"),
        required=False,
        empty_label=_("every team"),
        widget=forms.Select(AS_SELECT),
    )
    owner = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Person"),
        required=False,
        empty_label=_("everybody"),
        widget=forms.Select(AS_SELECT),
    )
    done = forms.BooleanField(
        label=_("also what is done"), required=False, widget=forms.CheckboxInput({"class": "form-check-input"})
    )

    def __init__(self, *args: Any, user: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.today = user, today
        teams: Any = self.fields["team"]
        people: Any = self.fields["owner"]
        teams.queryset = Team.objects.visible_to(user)
        people.queryset = User.objects.visible_to(user).active().only("name")

    def asked(self) -> dict[str, Any]:
        """What was asked for; nonsense counts as not said."""
        if self.is_bound:
            self.full_clean()
            values = self.cleaned_data
        else:
            sees_others = self.user.access.reach(Task.kind, Verb.VIEW) > Reach.OWN
            values = {"team": self.user.team} if sees_others and self.user.team else {"owner": self.user}
        return {
            "view": values.get("view") or "week",
            "day": values.get("day") or self.today,
            "team": values.get("team"),
            "owner": values.get("owner"),
            "done": bool(values.get("done")),
        }


class TimeForm(RecordForm):
    """When something is to be done: what dragging does, without dragging."""

    starts_at = MomentField(label=_("Begins"), required=False)
    due_at = MomentField(label=_("Due, or ends"))

    class Meta:
        model = Task
        fields = ["starts_at", "due_at", "all_day"]
