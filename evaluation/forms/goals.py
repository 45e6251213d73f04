"""Forms about goals. Figures are typed as people say them: shares in percent, times in hours."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Reach, Verb
from crm.models import Team, User
from customers.models import Segment
from evaluation import kpis
from evaluation.engine import COMPANY, Scope, scopes
from evaluation.formulas import periods
from evaluation.kpis import GROUPS, Kpi, Unit
from evaluation.models import Commitment, Goal, GoalTerms, TargetKind
from evaluation.models.goal import RELATIVE

SECONDS_PER_HOUR = 3600
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
IN_CALENDAR = [MaxValueValidator(periods.LATEST)]
MOST_SEGMENTS = 200
FIGURES = ("target", "target_high", "stretch", "baseline")


def stored(kpi: Kpi, value: float | None, *, relative: bool = False) -> float | None:
    """85 percent is kept as 0.85, two hours as 7200 seconds."""
    if value is None:
        return None
    if relative or kpi.unit == Unit.RATIO:
        return value / 100
    return value * SECONDS_PER_HOUR if kpi.unit == Unit.SECONDS else value


def typed(kpi: Kpi, value: float | None, *, relative: bool = False) -> float | None:
    """The other way round, without the noise of binary fractions."""
    if value is None:
        return None
    if relative or kpi.unit == Unit.RATIO:
        return round(value * 100, 6)
    return round(value / SECONDS_PER_HOUR, 6) if kpi.unit == Unit.SECONDS else value


def kpi_choices() -> list[tuple[Any, list[tuple[str, Any]]]]:
    return [
        (label, [(kpi.code, kpi.name) for kpi in kpis.all_kpis() if kpi.group == group])
        for group, label in GROUPS.items()
    ]


def scope_choices(user: User) -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Whom the person may set goals for, by the reach of their role."""
    reach = user.access.reach(Goal.kind, Verb.CREATE)
    teams, people = Team.objects.order_by("path_names"), User.objects.active().order_by("name", "pk")
    if reach == Reach.SUBTREE:
        ids = user.access.subtree_ids
        teams, people = teams.filter(pk__in=ids), people.filter(team_id__in=ids)
    elif reach == Reach.TEAM:
        teams, people = teams.filter(pk=user.team_id), people.filter(team_id=user.team_id)
    elif reach < Reach.TEAM:
        teams, people = teams.none(), people.filter(pk=user.pk)
    company = [(COMPANY.kind, _("Company"))] if reach == Reach.ALL else []
    groups = [
        (_("Company"), company),
        (_("Teams"), [(f"team:{team.pk}", team.name) for team in teams]),
        (_("People"), [(f"person:{person.pk}", person.name) for person in people]),
        (_("Segments"), [(f"segment:{segment.pk}", segment.name) for segment in measurable_segments(user)]),
    ]
    return [(label, members) for label, members in groups if members]


def measurable_segments(user: User) -> list[Segment]:
    """Those whose numbers the person may see."""
    seen = Segment.objects.visible_to(user).select_related("owner__team").order_by("name", "pk")[:MOST_SEGMENTS]
    return [segment for segment in seen if scopes.is_whose_reachable(user, segment)]


class TermsForm(forms.Form):
    """What a new goal and a revision have in common."""

    target_kind = forms.ChoiceField(label=_("Target"), choices=TargetKind.choices)
    target = forms.FloatField(
        label=_("Level"), help_text=_("Shares and changes in percent, times in hours; lower by a minus sign.")
    )
    target_high = forms.FloatField(label=_("Upper level of a band"), required=False)
    stretch = forms.FloatField(label=_("Stretch level"), required=False)
    baseline = forms.FloatField(
        label=_("Baseline"), required=False, help_text=_("Empty: the value of the last complete period.")
    )
    starts_on = forms.DateField(label=_("Applies from"), required=False, widget=DAY, validators=IN_CALENDAR)
    ends_on = forms.DateField(label=_("Until"), required=False, widget=DAY, validators=IN_CALENDAR)
    weight = forms.IntegerField(label=_("Weight"), min_value=1, max_value=100, initial=1)
    commitment = forms.ChoiceField(label=_("Kind"), choices=Commitment.choices)
    guard_code = forms.ChoiceField(label=_("Guard KPI"), required=False, help_text=_("What must not suffer for it."))
    owner = forms.ModelChoiceField(
        User.objects.none(), label=_("Who answers for it"), required=False,
        help_text=_("Empty: the person, or the manager of the team."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["owner"].queryset = User.objects.visible_to(user).active()  # type: ignore[attr-defined]
        guards = [("", _("none")), *((kpi.code, kpi.name) for kpi in kpis.all_kpis())]
        self.fields["guard_code"].choices = guards  # type: ignore[attr-defined]

    def figures(self, kpi: Kpi) -> dict[str, float | None]:
        """The levels as they are kept."""
        data = self.cleaned_data
        relative = data["target_kind"] in RELATIVE
        found = {name: stored(kpi, data[name], relative=relative) for name in ("target", "target_high", "stretch")}
        return {**found, "baseline": stored(kpi, data["baseline"])}

    def terms(self, kpi: Kpi) -> dict[str, Any]:
        names = ("target_kind", "starts_on", "ends_on", "weight", "commitment", "guard_code")
        return {**{name: self.cleaned_data[name] for name in names}, **self.figures(kpi)}

    def add_action_errors(self, error: Any) -> None:
        """Show what an action refused beside the fields it named."""
        if hasattr(error, "error_dict"):
            for name, errors in error.error_dict.items():
                self.add_error(name if name in self.fields else None, errors)
        else:
            self.add_error(None, error)


class GoalForm(TermsForm):
    kpi_code = forms.ChoiceField(label=_("KPI"))
    scope = forms.ChoiceField(label=_("For"))
    period_kind = forms.ChoiceField(label=_("Measured every"), choices=GoalTerms.PeriodKind.choices)
    override_reason = forms.CharField(
        label=_("Why one more than three"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Only where three goals of this scope and process stage are active already."),
    )  # fmt: skip
    field_order = ("kpi_code", "scope", "period_kind")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kpi_code"].choices = kpi_choices()  # type: ignore[attr-defined]
        self.fields["scope"].choices = scope_choices(self.user)  # type: ignore[attr-defined]

    def clean_scope(self) -> Scope:
        kind, _colon, key = self.cleaned_data["scope"].partition(":")
        return scopes.load(kind, key)

    def new_values(self) -> dict[str, Any]:
        """What `actions.goals.set_goal` takes."""
        data = self.cleaned_data
        kept = ("kpi_code", "scope", "period_kind", "override_reason", "owner", "reason")
        return {**{name: data[name] for name in kept}, **self.terms(kpis.get(data["kpi_code"]))}


class RevisionForm(TermsForm):
    """Other terms for a goal; its KPI, scope and period stay."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, goal: Goal, **kwargs: Any) -> None:
        kwargs.setdefault("initial", self.initial_of(goal))
        super().__init__(*args, **kwargs)
        self.goal = goal
        self.fields["reason"].required = True
        self.fields["owner"].queryset |= User.objects.filter(pk=goal.owner_id)  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(goal: Goal) -> dict[str, Any]:
        names = ("target_kind", "starts_on", "ends_on", "weight", "commitment", "guard_code", "owner", "version")
        relative = goal.target_kind in RELATIVE
        figures = {name: typed(goal.kpi, getattr(goal, name), relative=relative) for name in FIGURES}
        figures["baseline"] = typed(goal.kpi, goal.baseline)
        return {**{name: getattr(goal, name) for name in names}, **figures}

    def changes(self) -> dict[str, Any]:
        """Only what was changed: a figure nobody touched keeps its digits."""
        terms = {**self.terms(self.goal.kpi), "owner": self.cleaned_data["owner"] or self.goal.owner}
        return {name: value for name, value in terms.items() if name in self.changed_data}


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))
