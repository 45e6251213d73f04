from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import Team, User


def quarter_after(day: date, quarters: int = 0) -> date:
    """The first day of the quarter that is so many after the one of `day`."""
    months = day.year * 12 + (day.month - 1) // 3 * 3 + 3 * quarters
    return date(months // 12, months % 12 + 1, 1)


def month_after(day: date, months: int = 0) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


class BoardFilter(forms.Form):
    """What narrows the board. What cannot be understood narrows nothing and says so."""

    CLOSES = [
        ("", _("any time")),
        ("overdue", _("overdue")),
        ("week", _("in the next 7 days")),
        ("month", _("this month")),
        ("quarter", _("this quarter")),
        ("next_quarter", _("next quarter")),
        ("none", _("no date")),
    ]

    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"), required=False, empty_label=_("everybody"))
    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"), required=False, empty_label=_("all teams"))
    closes = forms.ChoiceField(label=_("Closes"), choices=CLOSES, required=False)

    def __init__(self, *args: Any, user: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["owner"].queryset = User.objects.visible_to(user).active().only("name")  # type: ignore[attr-defined]
        self.fields["team"].queryset = Team.objects.visible_to(user).in_tree_order()  # type: ignore[attr-defined]

    @property
    def narrows(self) -> bool:
        return self.is_valid() and any(self.cleaned_data.values())

    def narrow(self, opportunities: Any) -> Any:
        if not self.is_valid():
            return opportunities
        owner, team, closes = (self.cleaned_data[name] for name in ("owner", "team", "closes"))
        if owner:
            opportunities = opportunities.filter(owner=owner)
        if team:
            below = Team.objects.below([team]).order_by().values_list("pk", flat=True)
            opportunities = opportunities.filter(team__in=list(below))
        return opportunities.filter(self._closing(closes)) if closes else opportunities

    def _closing(self, closes: str) -> Q:
        if closes == "none":
            return Q(expected_close__isnull=True)
        if closes == "overdue":
            return Q(expected_close__lt=self.today)
        starts, ends = {
            "week": (self.today, self.today + timedelta(days=7)),
            "month": (month_after(self.today), month_after(self.today, 1)),
            "quarter": (quarter_after(self.today), quarter_after(self.today, 1)),
            "next_quarter": (quarter_after(self.today, 1), quarter_after(self.today, 2)),
        }[closes]
        return Q(expected_close__gte=starts, expected_close__lt=ends)
