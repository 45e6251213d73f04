from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.access.permissions import Reach, Verb
from crm.joining import bracketed
from crm.models import SavedView, Team
from crm.models.sharing import Audience, audiences_open_to, teams_above
from crm.web.forms import RecordForm
from customers.models import Segment
from evaluation import kpis
from evaluation.engine import scopes
from evaluation.models import Dashboard, Goal
from evaluation.models.tile import LONGEST_TEXT, LONGEST_TITLE, Tile, TileKind, When, Width

MOST_CHOICES = 200


class DashboardForm(RecordForm):
    """What it is called and who sees it."""

    class Meta:
        model = Dashboard
        fields = ("name", "audience")
        widgets = {"audience": forms.RadioSelect}
        labels = {"name": gettext_lazy("Name"), "audience": gettext_lazy("Who sees it")}
        help_texts = {"audience": gettext_lazy("Everybody finds in its tiles only what they may see themselves.")}

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        choices, held = audiences_open_to(user, Dashboard.kind), self.instance.audience
        if held not in dict(choices):
            choices = [(held, Audience(held).label), *choices]
        self.fields["audience"].choices = choices  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        owner = self.instance.owner if self.instance.pk else self.user
        twins = Dashboard.objects.visible_to(self.user).filter(owner=owner, name=name)
        if twins.exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is a dashboard of this name already."))
        return name


class TileForm(forms.Form):
    """Only the fields that the kind of tile has; what it may hold is checked again where it is kept."""

    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=LONGEST_TITLE, required=False,
        help_text=gettext_lazy("Left empty, it is called by what it shows."),
    )  # fmt: skip
    kpi = forms.ChoiceField(label=gettext_lazy("KPI"))
    by = forms.ChoiceField(label=gettext_lazy("Broken down by"))
    goal = forms.ChoiceField(label=gettext_lazy("Goal"))
    list = forms.ChoiceField(
        label=gettext_lazy("List or saved view"),
        help_text=gettext_lazy("Whoever a saved view is not shared with is told so in its place."),
    )
    period = forms.ChoiceField(label=gettext_lazy("Period"), choices=When.choices)
    periods = forms.TypedChoiceField(
        label=gettext_lazy("How many periods"), choices=[(6, 6), (12, 12), (24, 24)], coerce=int, initial=12
    )
    scope = forms.ChoiceField(label=gettext_lazy("Numbers of"))
    segment = forms.ChoiceField(label=gettext_lazy("Segment"), required=False)
    rows = forms.TypedChoiceField(label=gettext_lazy("Rows"), choices=[(5, 5), (10, 10)], coerce=int)
    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 6})
    )
    width = forms.ChoiceField(label=gettext_lazy("Width"), choices=Width.choices, widget=forms.RadioSelect)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, kind: TileKind, user: Any, lists: dict[str, str], tile: Tile | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        held = tile.settings if tile else {}
        if tile is not None:
            kwargs.setdefault("initial", {**held, "title": tile.title, "width": tile.width, "version": tile.version})
        super().__init__(*args, **kwargs)
        self.kind = kind
        for name in [name for name in self.fields if name not in ("title", "width", "version", *kind.parts)]:
            del self.fields[name]
        self.fields["width"].initial = kind.width
        offered: dict[str, Callable[[], Any]] = {
            "kpi": kpi_choices,
            "by": dimension_choices,
            "goal": lambda: goal_choices(user),
            "list": lambda: list_choices(user, lists),
            "scope": lambda: scope_choices(user),
            "segment": lambda: segment_choices(user),
        }
        for name, choices in offered.items():
            if name in self.fields:
                self.fields[name].choices = _with_held(choices(), held.get(name))  # type: ignore[attr-defined]

    def settings(self) -> dict[str, Any]:
        return {part: self.cleaned_data[part] for part in self.kind.parts}

    def beside(self, theirs: Tile) -> list[tuple[Any, str, str]]:
        """What was typed here beside what somebody else wrote meanwhile, field by field where it differs."""
        stored = {**theirs.settings, "title": theirs.title, "width": theirs.width}
        pairs = [(name, self.cleaned_data.get(name), stored.get(name)) for name in self.fields if name != "version"]
        return [(self.fields[name].label, self._told(name, mine), self._told(name, held)) for name, mine, held in pairs
                if mine != held]  # fmt: skip

    def _told(self, name: str, value: Any) -> str:
        known = {
            str(code): str(label)
            for choice in getattr(self.fields[name], "choices", ())
            for code, label in (choice[1] if isinstance(choice[1], list) else [choice])
        }
        return known.get(str(value), str(value or ""))


def _with_held(choices: list[Any], held: Any) -> list[Any]:
    """What the tile holds although it is not offered (any more, or to whoever edits) stays until it is chosen anew."""
    known = {code for one in choices for code in _codes(one)}
    return choices if not held or held in known else [(held, _("as it is (not yours to see, or gone)")), *choices]


def _codes(choice: Any) -> list[Any]:
    code, label = choice
    return [inner for inner, _label in label] if isinstance(label, list) else [code]


def kpi_choices() -> list[Any]:
    return [
        (label, [(kpi.code, kpi.name) for kpi in kpis.all_kpis() if kpi.group == group])
        for group, label in kpis.GROUPS.items()
    ]


def dimension_choices() -> list[Any]:
    return [(code, label) for code, label in scopes.KINDS.items() if code != scopes.COMPANY_KIND]


def scope_choices(user: Any) -> list[Any]:
    """Scopes that are somebody else's for each viewer first, then the company and the teams within reach."""
    reach = user.access.reach("measurement", Verb.VIEW)
    relative = [
        ("widest", _("All that the viewer may see")),
        ("my_team", _("The viewer's team")),
        ("me", _("The viewer")),
    ]
    teams = Team.objects.order_by("path_names")
    if reach != Reach.ALL:
        ids = user.access.subtree_ids if reach == Reach.SUBTREE else [user.team_id] if reach == Reach.TEAM else []
        teams = teams.filter(pk__in=ids)
    fixed = [("company", _("Company"))] if reach == Reach.ALL else []
    fixed += [(f"team:{team.pk}", team.name) for team in teams]
    return [(_("Whoever looks"), relative), *([(_("Always the same"), fixed)] if fixed else [])]


def segment_choices(user: Any) -> list[Any]:
    rows = Segment.objects.visible_to(user).order_by("name", "pk")[:MOST_CHOICES]
    return [("", _("all customers")), *((str(row.pk), row.name) for row in rows)]


def goal_choices(user: Any) -> list[Any]:
    rows = Goal.objects.visible_to(user).active().order_by("scope_name", "kpi_code", "pk")[:MOST_CHOICES]
    known = {kpi.code for kpi in kpis.all_kpis()}
    return [(str(row.pk), bracketed(row, row.get_period_kind_display())) for row in rows if row.kpi_code in known]


def list_choices(user: Any, lists: dict[str, str]) -> list[Any]:
    """Each list as it opens, and below it the saved views this person has of it."""
    views: dict[str, list[Any]] = {}
    for view in (
        SavedView.objects.visible_to(user)
        .meant_for(user.pk, teams_above(user))
        .filter(list_code__in=lists)[:MOST_CHOICES]
    ):
        views.setdefault(view.list_code, []).append((f"{view.list_code}:{view.pk}", view.name))
    return [(title, [(name, title), *views.get(name, [])]) for name, title in lists.items()]
