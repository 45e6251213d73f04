from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import User
from crm.web.forms import RecordForm
from crm.web.lists import BulkForm
from customers.actions import about as abouts
from customers.forms.activities import AS_BUTTONS, NextStepForm
from customers.forms.fields import QUICK_CHOICES, CustomerField, MomentField, people_to_assign, quick_day
from customers.forms.reminding import ReminderFields
from customers.models import Activity, Task


class TaskForm(ReminderFields, RecordForm):
    """What is to be done, by when, for whom."""

    starts_at = MomentField(label=_("Begins"), required=False, help_text=_("Of a meeting, call or visit with a time."))
    due_at = MomentField(label=_("Due, or ends"), required=False)
    customer = CustomerField(label=_("Customer"), required=False)

    class Meta:
        model = Task
        fields = ["title", "type", "starts_at", "due_at", "all_day", "priority", "customer", "notes"]
        widgets = {"notes": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        customer: Any = self.fields["customer"]
        customer.offer_to(user)
        if self.instance.pk and not self.is_bound:
            self.show_reminder(user, self.instance)
        # What it is for, and cannot be seen, stays as it is.
        if self.instance.customer_id and not customer.queryset.filter(pk=self.instance.customer_id).exists():
            del self.fields["customer"]


class NewTaskForm(TaskForm):
    """A new task, for oneself or for whom one may give tasks to."""

    owner = forms.ModelChoiceField(User.objects.none(), label=_("Who does it"), required=False)
    about_kind = forms.CharField(required=False, widget=forms.HiddenInput)
    about_id = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, about: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.its_customer = about.customer if abouts.is_unseen(about, user) else None
        if self.its_customer is not None:
            del self.fields["customer"]
        people = people_to_assign(user, Task.kind) | User.objects.filter(pk=user.pk)
        owner: Any = self.fields["owner"]
        owner.queryset, owner.initial, owner.empty_label = people, user.pk, None
        if not user.access.may(Task.kind, "assign"):
            del self.fields["owner"]

    def new_values(self) -> dict[str, Any]:
        """The task as the action takes it."""
        return self.changes() | {"owner": self.cleaned_data.get("owner"), "remind": self.reminder()}


class AssignForm(BulkForm):
    """Who is to do it."""

    to = forms.ModelChoiceField(User.objects.none(), label=_("Who does it"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["to"]
        people.queryset = people_to_assign(self.user, Task.kind)


class ResultForm(NextStepForm):
    """How a task went: with a customer it becomes an activity, and the next step a task."""

    type = forms.ChoiceField(
        label=_("Type"), choices=Activity.Type.choices, initial="call", widget=forms.RadioSelect(attrs=AS_BUTTONS)
    )
    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=[("", pgettext_lazy("outcome", "open")), *Activity.Outcome.choices], required=False
    )
    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = forms.CharField(label=_("What was said"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, is_noted: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_noted:
            for name in ("type", "outcome", "subject", "body"):
                del self.fields[name]

    def what_happened(self) -> dict[str, Any] | None:
        """The activity, where there is a customer to note it with."""
        names = [name for name in ("type", "outcome", "subject", "body") if name in self.fields]
        return {name: self.cleaned_data[name] for name in names} or None


class SnoozeForm(forms.Form):
    """Until when a row is off Today: one press for the usual days, or any day."""

    quick = forms.ChoiceField(label=_("Until"), choices=QUICK_CHOICES, required=False)
    day = forms.DateField(
        label=_("or until this day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def until(self, now: datetime) -> date | None:
        """The day that was chosen, a quick one first."""
        if self.cleaned_data.get("quick"):
            return quick_day(self.cleaned_data["quick"], now)
        return self.cleaned_data.get("day")
