"""What comes next with a new sale, asked where a pipeline it may go into asks for that."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.actions.activities import NextStep
from customers.forms.fields import end_of_work
from customers.sales.actions import next_steps

NAMES = ("next_title", "next_day", "overriding")


def ask(form: forms.Form, user: Any, pipelines: Any) -> None:
    asking = [str(pipeline) for pipeline in pipelines if pipeline.asks_next_step]
    if not asking:
        return
    day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    form.fields["next_title"] = forms.CharField(
        label=_("Next step"), max_length=200, required=False, help_text=_("Asked for here: what comes next, and when.")
    )
    form.fields["next_day"] = forms.DateField(label=_("On"), required=False, widget=day)
    if next_steps.may_override(user) and "overriding" not in form.fields:
        form.fields["overriding"] = forms.CharField(
            label=_("Why nothing comes next"), max_length=200, required=False, help_text=_("It is kept in the history.")
        )


def check(form: forms.Form) -> None:
    """A step without a day would not be one."""
    said = form.cleaned_data
    if bool(said.get("next_title")) != bool(said.get("next_day")) and "next_title" in form.fields:
        missing = "next_day" if said.get("next_title") else "next_title"
        if missing not in form.errors:
            form.add_error(missing, _("A next step has a name and a day."))


def said(form: forms.Form) -> dict[str, Any]:
    """As `opportunities.open` takes it."""
    title, day = form.cleaned_data.get("next_title"), form.cleaned_data.get("next_day")
    step = NextStep(title, end_of_work(day)) if title and day else None
    return {"next_step": step, "overriding": form.cleaned_data.get("overriding", "")}
