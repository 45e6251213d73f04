from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Reach, Verb
from crm.models import Team, User
from customers.models import Segment
from evaluation import kpis
from evaluation.forms.goals import measurable_segments
from evaluation.formulas import periods
from evaluation.models import Cycle, CycleTemplate


def kpi_choices() -> list[tuple[Any, Any]]:
    """The KPIs a scorecard can hold, by group: those that can be measured for a person or a team."""
    usable = [kpi for kpi in kpis.all_kpis() if {"person", "team"} & set(kpi.dimensions)]
    return [
        (label, [(kpi.code, kpi.name) for kpi in usable if kpi.group == group])
        for group, label in kpis.GROUPS.items()
        if any(kpi.group == group for kpi in usable)
    ]


def reviewable(user: Any) -> tuple[Any, Any]:
    """The people and teams this person may plan reviews for."""
    people, teams = User.objects.visible_to(user).active(), Team.objects.visible_to(user)
    reach = user.access.reach("review", Verb.CREATE)
    if reach == Reach.ALL:
        return people, teams.in_tree_order()
    if reach == Reach.SUBTREE:
        ids = list(user.access.subtree_ids)
        return people.in_teams(ids), teams.filter(pk__in=ids).in_tree_order()
    return people.none(), teams.none()


class CycleForm(forms.Form):
    """A round of reviews. Without KPIs of its own it takes those of a template."""

    name = forms.CharField(label=_("Name"), max_length=120)
    period = forms.CharField(
        label=_("Period"), max_length=12,
        help_text=_("A month 2026-05, a quarter 2026-Q2 or a half-year 2026-H1."),
    )  # fmt: skip
    template = forms.ModelChoiceField(CycleTemplate.objects.none(), label=_("KPIs of the template"), required=False)
    kpi_codes = forms.MultipleChoiceField(
        label=_("KPIs"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("At least one about the customers' experience. Two or three of each kind are enough."),
    )  # fmt: skip
    teams = forms.ModelMultipleChoiceField(
        Team.objects.none(), label=_("Teams"), required=False, widget=forms.CheckboxSelectMultiple
    )
    people = forms.ModelMultipleChoiceField(
        User.objects.none(), label=_("People"), required=False, widget=forms.CheckboxSelectMultiple
    )
    segment = forms.ModelChoiceField(
        Segment.objects.none(), label=_("Segment"), required=False, empty_label=_("all customers"),
        help_text=_("Then only records of its customers count, of those its owner sees as the numbers are frozen."),
    )  # fmt: skip
    grace_days = forms.IntegerField(
        label=_("Days of grace"), min_value=0, max_value=60, initial=5,
        help_text=_("How long records may be added after the period before the numbers are frozen."),
    )  # fmt: skip
    calibrates = forms.BooleanField(label=_("Compare the reviews with each other before the meetings"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, user: Any, cycle: Cycle | None = None, **kwargs: Any) -> None:
        if cycle is not None:
            kwargs.setdefault("initial", _stored(cycle))
        super().__init__(*args, **kwargs)
        people, teams = reviewable(user)
        self.fields["people"].queryset, self.fields["teams"].queryset = people, teams  # type: ignore[attr-defined]
        self.fields["template"].queryset = CycleTemplate.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["kpi_codes"].choices = kpi_choices()  # type: ignore[attr-defined]
        offered = {segment.pk for segment in measurable_segments(user)} | {cycle.segment_id if cycle else None}
        rows = Segment._base_manager.filter(pk__in=offered).order_by("name", "pk")  # and the one that stays as it is
        self.fields["segment"].queryset = rows  # type: ignore[attr-defined]
        if cycle is not None:
            del self.fields["period"], self.fields["template"]

    def clean_period(self) -> periods.Period:
        try:
            period = periods.parse(self.cleaned_data["period"])
        except periods.PeriodError:
            period = None
        if period is None or period.kind not in Cycle.PeriodKind.values:
            raise ValidationError(_("Write a month, a quarter or a half-year: 2026-05, 2026-Q2 or 2026-H1."))
        return period

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        template = cleaned.get("template")
        if template and not cleaned.get("kpi_codes"):
            cleaned["kpi_codes"] = template.kpi_codes
            cleaned["calibrates"] = cleaned.get("calibrates") or template.calibrates
        if not (cleaned.get("kpi_codes") or self.errors):
            self.add_error("kpi_codes", _("Choose the KPIs, or a template that has them."))
        if not (cleaned.get("people") or cleaned.get("teams") or self.errors):
            self.add_error(None, _("Choose whom the reviews are about: people, teams or both."))
        return cleaned

    def planned(self) -> dict[str, Any]:
        names = ("name", "kpi_codes", "grace_days", "calibrates", "segment")
        return {name: self.cleaned_data[name] for name in names}


def _stored(cycle: Cycle) -> dict[str, Any]:
    reviews = list(cycle.reviews.alive())
    return {
        "name": cycle.name, "kpi_codes": cycle.kpi_codes, "grace_days": cycle.grace_days,
        "calibrates": cycle.calibrates, "segment": cycle.segment_id, "version": cycle.version,
        "people": [review.person_id for review in reviews if review.person_id],
        "teams": [review.subject_team_id for review in reviews if review.subject_team_id],
    }  # fmt: skip
