from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.models import Team, User
from customers.sales.forms.board import quarter_after
from customers.sales.models import Pipeline
from customers.sales.models.pipeline_history import Selection

EARLIEST, LATEST = date(1970, 1, 1), date(2199, 12, 31)
CHOICES = ("pipeline", "owner", "team")


def day(label: Any, *, required: bool = False) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    limits = [MinValueValidator(EARLIEST), MaxValueValidator(LATEST)]
    return forms.DateField(label=label, required=required, widget=widget, validators=limits)


class WaterfallForm(forms.Form):
    """Between which days, and of what. What is not said is this quarter until today, in the first pipeline."""

    pipeline = forms.ModelChoiceField(Pipeline.objects.none(), label=_("Pipeline"), empty_label=None)
    first = day(_("First day"), required=True)
    last = day(_("Last day"), required=True)
    owner = forms.ModelChoiceField(
        User.objects.none(), label=_("Owner at the time"), required=False, empty_label=_("everybody")
    )
    team = forms.ModelChoiceField(
        Team.objects.none(), label=_("Team at the time"), required=False, empty_label=_("all teams")
    )
    closes_from = day(_("Expected to close from"))
    closes_until = day(_("Expected to close until"))

    def __init__(self, asked: Any, *, user: Any, today: date) -> None:
        pipelines = Pipeline.objects.visible_to(user).order_by("-is_active", "position", "name")
        said = {name: asked[name] for name in self.base_fields if asked.get(name)}
        self.pipelines = list(pipelines)
        usual = {
            "first": quarter_after(today),
            "last": today,
            "day": today,
            "pipeline": self.pipelines[0].pk if self.pipelines else "",
        }
        super().__init__({**usual, **said})
        self.user = user
        # Who has left still owned what they owned.
        offered = (pipelines, User.objects.visible_to(user).only("name"), Team.objects.visible_to(user).in_tree_order())
        unknown = (_("There is no such pipeline."), _("There is no such person."), _("There is no such team."))
        for name, queryset, sentence in zip(CHOICES, offered, unknown, strict=True):
            field: Any = self.fields[name]
            field.queryset = queryset
            field.error_messages["invalid_choice"] = sentence
        self.fields["pipeline"].choices = [(one.pk, one.name) for one in self.pipelines]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        for start, end in (("first", "last"), ("closes_from", "closes_until")):
            if found.get(start) and found.get(end) and found[end] < found[start]:
                self.add_error(end, _("This day is before the first one."))
        return found

    def selection(self, verb: Verb = Verb.VIEW) -> Selection:
        chosen = {name: self.cleaned_data.get(name) for name in (*CHOICES, "closes_from", "closes_until")}
        return Selection(reader=self.user, verb=verb, **chosen)

    @property
    def query(self) -> dict[str, str]:
        """What was asked, to be carried along by links."""
        return {name: str(value) for name, value in self.data.items() if value}


class CohortForm(WaterfallForm):
    """The days on which what is followed was opened."""

    closes_from = None
    closes_until = None


class AsOfForm(WaterfallForm):
    """The day whose end is asked for; today where none is said."""

    first = None
    last = None
    day = day(_("Day"), required=True)
