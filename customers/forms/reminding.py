"""When to be reminded of a task: before it is due, or at a time of one's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from crm.actions.reminders import Wish
from crm.models import Reminder
from customers.forms.fields import MomentField

OWN = "own"
CHOICES = [
    ("", _("no reminder")),
    ("0", _("when it is due")),
    ("10", _("10 minutes before")),
    ("60", _("1 hour before")),
    ("1440", _("1 day before")),
    (OWN, _("at another time")),
]


def remind_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Remind me"), choices=CHOICES, required=False, widget=forms.Select(attrs={"data-remind": ""})
    )


def wish_of(form: forms.Form, name: str, moment: str) -> Wish:
    """What was chosen in these two fields."""
    chosen = form.cleaned_data.get(name, "")
    if chosen == OWN:
        return Wish(when=form.cleaned_data.get(moment))
    return Wish(before=timedelta(minutes=int(chosen))) if chosen else Wish()


def refuse_missing_time(form: forms.Form, name: str, moment: str) -> None:
    if form.cleaned_data.get(name) == OWN and not form.cleaned_data.get(moment) and moment not in form.errors:
        form.add_error(moment, ValidationError(_("Choose a day and a time.")))


class ReminderFields(forms.Form):
    """Of a form for a task."""

    remind = remind_field()
    remind_at = MomentField(label=_("Remind me at"), required=False)

    def show_reminder(self, user: Any, task: Any) -> None:
        mine = Reminder.objects.visible_to(user).about(task).filter(sent_at=None).first()
        if mine is None:
            return
        minutes = str(int(mine.before.total_seconds() // 60)) if mine.before is not None else OWN
        is_known = minutes in dict(CHOICES)
        self.initial["remind"] = minutes if is_known else OWN
        self.initial["remind_at"] = None if is_known and minutes != OWN else localtime(mine.at)

    def clean(self) -> Any:
        cleaned = super().clean()
        refuse_missing_time(self, "remind", "remind_at")
        return cleaned

    def reminder(self) -> Wish | None:
        """None where nothing was changed about it."""
        changed = {"remind", "remind_at"} & set(self.changed_data)
        return wish_of(self, "remind", "remind_at") if changed else None
