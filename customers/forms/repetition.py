from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.models.calendar import WEEKDAYS
from customers.models import Task, recurrence

NEVER = "never"


class RepetitionForm(forms.Form):
    """How a task comes again, counted from the day it is due."""

    class Kind:
        CHOICES = [
            (NEVER, _("not again")),
            ("daily", _("every day")),
            ("weekly", _("every week, on these weekdays")),
            ("monthly", _("every month, on the same day")),
            ("monthly_weekday", _("every month, on the same weekday (the second Tuesday, say)")),
            ("yearly", _("every year")),
        ]

    kind = forms.ChoiceField(label=_("It comes"), choices=Kind.CHOICES)
    every = forms.IntegerField(
        label=_("Only every so many"),
        min_value=1,
        max_value=recurrence.LONGEST,
        initial=1,
        help_text=_("2 is every second day, week, month or year."),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays"), choices=WEEKDAYS, coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    count = forms.IntegerField(label=_("or so many times"), required=False, min_value=2, max_value=999)

    def __init__(self, *args: Any, task: Task, day: date, **kwargs: Any) -> None:
        self.day = day
        series = task.series
        initial = from_rule(series.rule) if series is not None and not series.has_ended else {"kind": "weekly"}
        initial.setdefault("weekdays", [day.weekday()])
        super().__init__(*args, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("until") and values.get("count"):
            raise ValidationError({"count": _("Choose one end: a day, or so many times.")})
        if values.get("until") and values["until"] < self.day:
            raise ValidationError({"until": _("It ends before it begins.")})
        return values

    def rule(self) -> str | None:
        """The rule that was chosen; None where it is to come no more."""
        values = self.cleaned_data
        if values["kind"] == NEVER:
            return None
        every = values["every"]
        rule = {
            "daily": lambda: recurrence.daily(every),
            "weekly": lambda: recurrence.weekly(values["weekdays"] or [self.day.weekday()], every),
            "monthly": lambda: recurrence.monthly_by_day(self.day.day, every),
            "monthly_weekday": lambda: recurrence.monthly_by_weekday(self.day, every),
            "yearly": lambda: recurrence.yearly(self.day, every),
        }[values["kind"]]()
        return recurrence.ending(rule, until=values.get("until"), count=values.get("count"))


def from_rule(rule: str) -> dict[str, Any]:
    """What the form shows of a rule it wrote."""
    parts = recurrence.parse(rule)
    kind = parts["FREQ"].lower()
    found: dict[str, Any] = {"kind": kind, "every": int(parts.get("INTERVAL", "1"))}
    if kind == "weekly" and "BYDAY" in parts:
        found["weekdays"] = [recurrence.WEEKDAYS.index(code) for code in parts["BYDAY"].split(",")]
    if kind == "monthly" and "BYDAY" in parts:
        found["kind"] = "monthly_weekday"
    if "COUNT" in parts:
        found["count"] = int(parts["COUNT"])
    if "UNTIL" in parts:
        found["until"] = date(int(parts["UNTIL"][:4]), int(parts["UNTIL"][4:6]), int(parts["UNTIL"][6:8]))
    return found
