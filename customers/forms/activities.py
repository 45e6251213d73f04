from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import User
from crm.web.forms import RecordForm
from customers.actions import about as abouts
from customers.actions import next_steps
from customers.actions.activities import NextStep
from customers.forms import log_parts
from customers.forms.fields import QUICK_CHOICES, CustomerField, MomentField, end_of_work, people_of, quick_day
from customers.forms.reminding import refuse_missing_time, remind_field, wish_of
from customers.models import Activity, Contact

AS_BUTTONS = {"class": "form-selectgroup-input"}


class NextStepForm(forms.Form):
    """What comes next, and when; nothing where no title is written."""

    next_title = forms.CharField(label=_("Next step"), max_length=200, required=False)
    next_due = forms.ChoiceField(
        label=_("Due"),
        choices=QUICK_CHOICES,
        initial="tomorrow",
        required=False,
        widget=forms.RadioSelect(attrs=AS_BUTTONS),
    )
    next_day = forms.DateField(
        label=_("or on this day"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    next_remind = remind_field()
    next_remind_at = MomentField(label=_("Remind me at"), required=False)

    overriding = forms.CharField(
        label=_("Why nothing comes next"), max_length=200, required=False, help_text=_("It is kept in the history.")
    )

    def __init__(self, *args: Any, now: datetime, user: User, about: Any = None, **kwargs: Any) -> None:
        self.now = now
        super().__init__(*args, **kwargs)
        if next_steps.asks(about):
            self.fields["next_title"].help_text = _("Asked for here, unless something with a date is still to come.")
        if not next_steps.may_override(about, user):
            del self.fields["overriding"]

    def clean(self) -> Any:
        cleaned = super().clean()
        refuse_missing_time(self, "next_remind", "next_remind_at")
        return cleaned

    def what_comes_next(self) -> dict[str, Any]:
        """As the actions take it: the next step, or why there is none."""
        return {"next_step": self.next_step(), "overriding": self.cleaned_data.get("overriding", "")}

    def next_step(self) -> NextStep | None:
        values = self.cleaned_data
        if not values.get("next_title"):
            return None
        day = values["next_day"] or quick_day(values["next_due"] or "tomorrow", self.now)
        remind = wish_of(self, "next_remind", "next_remind_at")
        return NextStep(values["next_title"], end_of_work(day), remind=remind)


class LogForm(NextStepForm):
    """What was done, with whom, how it went, and what comes next: one form, one request."""

    customer = CustomerField(label=_("Customer"))
    contacts = forms.ModelMultipleChoiceField(
        Contact.objects.none(), label=_("People"), required=False, widget=forms.CheckboxSelectMultiple
    )
    type = forms.ChoiceField(
        label=_("Type"), choices=Activity.Type.choices, initial="call", widget=forms.RadioSelect(attrs=AS_BUTTONS)
    )
    direction = forms.ChoiceField(
        label=_("Direction"),
        choices=Activity.Direction.choices,
        initial="outbound",
        widget=forms.RadioSelect(attrs=AS_BUTTONS),
    )
    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=[("", pgettext_lazy("outcome", "open")), *Activity.Outcome.choices], required=False
    )
    at = MomentField(label=_("When"))
    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = forms.CharField(label=_("What was said"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    about = forms.ChoiceField(label=_("About"), required=False)
    about_kind = forms.CharField(required=False, widget=forms.HiddenInput)
    about_id = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, now: datetime, about: Any = None, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, now=now, user=user, about=about, **kwargs)
        self.fields["at"].initial = timezone.localtime(now)
        customer: Any = self.fields["customer"]
        customer.offer_to(user)
        # Whoever sees a record and not its customer notes what they did with the record.
        self.its_customer = about.customer if abouts.is_unseen(about, user) else None
        if self.its_customer is not None:
            del self.fields["customer"]
        else:
            people: Any = self.fields["contacts"]
            people.queryset = people_of(user, self["customer"].value())
        self._offer_what_it_may_be_about()

    def _offer_what_it_may_be_about(self) -> None:
        """Opened from a record it is about that one; otherwise one of the customer's can be chosen."""
        offered = [] if self["about_kind"].value() else log_parts.choices(self.user, self["customer"].value())
        if offered:
            field: Any = self.fields["about"]
            field.choices = [("", _("the customer as a whole")), *offered]
        else:
            del self.fields["about"]

    def what_happened(self) -> dict[str, Any]:
        """The activity as the action takes it."""
        values = self.cleaned_data
        names = ("contacts", "type", "direction", "outcome", "subject", "body")
        said = {name: values[name] for name in names}
        return said | {"customer": values.get("customer"), "happened_at": values["at"]}


class ActivityForm(RecordForm):
    """Correct what was noted."""

    at = MomentField(label=_("When"))
    minutes = forms.IntegerField(label=_("Duration in minutes"), required=False, min_value=0, max_value=60 * 24 * 7)

    class Meta:
        model = Activity
        fields = ["type", "direction", "outcome", "at", "subject", "body", "contacts", "colleagues"]
        widgets = {
            "body": forms.Textarea(attrs={"rows": 4}),
            "contacts": forms.CheckboxSelectMultiple,
            "colleagues": forms.SelectMultiple(attrs={"size": 5}),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["contacts"]
        chosen = self.instance.contacts.values_list("pk", flat=True)
        people.queryset = people_of(user, self.instance.customer_id, *chosen)
        colleagues: Any = self.fields["colleagues"]
        colleagues.queryset = User.objects.visible_to(user).active()
        if self.instance.duration is not None:
            self.fields["minutes"].initial = int(self.instance.duration.total_seconds() // 60)

    def changes(self) -> dict[str, Any]:
        changes = super().changes()
        minutes = self.cleaned_data.get("minutes")
        if "minutes" in self.changed_data:
            changes["duration"] = None if minutes is None else timedelta(minutes=minutes)
        # People whom the editor may not see were not offered, and stay.
        for name in ("contacts", "colleagues"):
            field: Any = self.fields[name]
            hidden = getattr(self.instance, name).exclude(pk__in=field.queryset.values("pk"))
            changes[name] = [*changes[name], *hidden]
        return changes
