from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.access.permissions import Reach, Verb
from crm.joining import bracketed
from crm.models import Team, User
from crm.web.forms import RecordForm
from customers.forms.fields import people_to_assign
from customers.models import Customer
from evaluation import kpis
from evaluation.engine import scopes, wording
from evaluation.engine.scopes import COMPANY, Scope
from evaluation.kpis import Unit
from evaluation.models import ActionPlan, Review

STEP_LINES = 12
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
# What one unit typed in is in the unit the KPI is stored in.
SCALES = {Unit.RATIO: 0.01, Unit.SECONDS: 3600.0}
UNITS = {
    Unit.RATIO: _("percentage points"),
    Unit.SECONDS: _("hours"),
    Unit.MONEY: _("in the organisation's currency"),
    Unit.COUNT: pgettext_lazy("unit", "number"),
    Unit.POINTS: _("points"),
    Unit.MONTHS: _("months"),
    Unit.TIMES: _("times"),
}


def kpi_choices() -> list[tuple[Any, Any]]:
    """With the unit that the expected effect is typed in."""
    return [
        (label, [(kpi.code, bracketed(kpi.name, UNITS[kpi.unit])) for kpi in kpis.all_kpis() if kpi.group == group])
        for group, label in kpis.GROUPS.items()
    ]


class ScopeField(forms.ChoiceField):
    """The company, a team or a person that the reader may see numbers of; a customer, where one comes from its page."""

    def offer_to(self, user: Any, customer: Customer | None = None) -> None:
        teams = [scopes.of_team(team) for team in Team.objects.visible_to(user).in_tree_order()]
        people = [scopes.of_person(person) for person in User.objects.visible_to(user).active()]
        self.known = {f"{one.kind}:{one.stored_key}": one for one in (COMPANY, *teams, *people) if _reached(user, one)}
        if customer is not None:
            about = Scope("customer", customer.pk, customer.name)
            self.known[f"customer:{customer.pk}"] = about
        groups = {"customer": _("Customer"), "company": _("Company"), "team": _("Teams"), "person": _("People")}
        self.choices = [  # type: ignore[assignment]
            (label, [(code, wording.scope_name(one)) for code, one in self.known.items() if one.kind == kind])
            for kind, label in groups.items()
            if any(one.kind == kind for one in self.known.values())
        ]

    def clean(self, value: Any) -> Any:
        return self.known.get(super().clean(value))


class ScopesField(ScopeField, forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> Any:
        return [self.known[code] for code in forms.MultipleChoiceField.clean(self, value)]


def _reached(user: Any, scope: Scope) -> bool:
    """As `scopes.reachable`, without a query for each."""
    reach = user.access.reach("measurement", Verb.VIEW)
    if reach == Reach.ALL or (scope.kind == "person" and scope.key == user.pk):
        return True
    return scopes.reachable(user, scope)


class PlanForm(forms.Form):
    """A plan with its steps, in one dialog. From a line of a review most of it is known already."""

    name = forms.CharField(label=_("Name"), max_length=160)
    reason = forms.CharField(label=_("Why"), widget=forms.Textarea(attrs={"rows": 3}))
    kpi_code = forms.ChoiceField(label=_("KPI it should move"))
    expected = forms.DecimalField(
        label=_("Expected effect"),
        help_text=_("With its sign, in the unit beside the KPI: 5 is five more, -2 two less."),
    )
    scope = ScopeField(label=_("Where it is done"))
    comparison = ScopesField(
        label=_("Compared with"), required=False,
        help_text=_("Those that nothing is done with: two or more make the effect much easier to see."),
    )  # fmt: skip
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"))
    period_kind = forms.ChoiceField(label=_("Measured every"), choices=ActionPlan.PeriodKind.choices, initial="month")
    due_on = forms.DateField(label=_("Steps due"), widget=DAY)
    effect_due_on = forms.DateField(label=_("Effect due"), widget=DAY)
    trigger_start = forms.DateField(
        label=_("The bad time that gave rise to it: from"), widget=DAY, required=False,
        help_text=_("It is left out of the comparison: after a bad time numbers recover by themselves."),
    )  # fmt: skip
    trigger_end = forms.DateField(label=_("to"), widget=DAY, required=False)
    steps = forms.CharField(
        label=_("Steps"), widget=forms.Textarea(attrs={"rows": 4}), help_text=_("One in each line. They become tasks.")
    )

    def __init__(
        self, *args: Any, user: Any, review: Review | None = None, customer: Customer | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.review = review
        self.fields["kpi_code"].choices = kpi_choices()  # type: ignore[attr-defined]
        self.fields["scope"].offer_to(user, customer)  # type: ignore[attr-defined]
        self.fields["comparison"].offer_to(user)  # type: ignore[attr-defined]
        people = people_to_assign(user, "action_plan") | User.objects.visible_to(user).filter(pk=user.pk)
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]
        if review is not None:
            del self.fields["trigger_start"], self.fields["trigger_end"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("trigger_start"), cleaned.get("trigger_end")
        if bool(start) != bool(end) or (start and end and end < start):
            self.add_error("trigger_end", _("Give both days of the bad time, in order, or neither."))
        lines = [line.strip() for line in cleaned.get("steps", "").splitlines() if line.strip()]
        if len(lines) > STEP_LINES:
            self.add_error("steps", _("That is more than twelve steps: make two plans of it."))
        cleaned["steps"] = [{"title": line[:200]} for line in lines]
        return cleaned

    def planned(self) -> dict[str, Any]:
        """What `plans.draft` takes."""
        said = dict(self.cleaned_data)
        kpi = kpis.get(said["kpi_code"])
        said["expected_effect"] = float(said.pop("expected")) * SCALES.get(kpi.unit, 1.0)
        if self.review is None and not said.get("trigger_start"):
            said["trigger_start"] = said["trigger_end"] = None
        return said


class PlanEditForm(RecordForm):
    """What may still change before it starts."""

    class Meta:
        model = ActionPlan
        fields = ["name", "reason", "period_kind", "due_on", "effect_due_on"]
        help_texts = {"due_on": _("Steps that are due on the same day are moved with it.")}
        widgets = {"due_on": DAY, "effect_due_on": DAY, "reason": forms.Textarea(attrs={"rows": 3})}


class StepForm(forms.Form):
    title = forms.CharField(label=_("Step"), max_length=200)
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"), required=False)
    due_on = forms.DateField(label=_("Due"), widget=DAY, required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = people_to_assign(user, "action_plan") | User.objects.visible_to(user).filter(pk=user.pk)
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]


class ConclusionForm(forms.Form):
    conclusion = forms.CharField(label=_("What we learned"), widget=forms.Textarea(attrs={"rows": 4}))
