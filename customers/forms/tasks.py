from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.web.forms import RecordForm
from crm.web.lists import BulkForm
from customers.forms.fields import CustomerField, MomentField, people_to_assign
from customers.models import Task


class TaskForm(RecordForm):
    """What is to be done, by when, for whom."""

    due_at = MomentField(label=_("Due"), required=False)
    customer = CustomerField(label=_("Customer"), required=False)

    class Meta:
        model = Task
        fields = ["title", "due_at", "priority", "customer", "notes"]
        widgets = {"notes": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        customer: Any = self.fields["customer"]
        customer.offer_to(user)
        # What it is for, and cannot be seen, stays as it is.
        if self.instance.customer_id and not customer.queryset.filter(pk=self.instance.customer_id).exists():
            del self.fields["customer"]


class NewTaskForm(TaskForm):
    """A new task, for oneself or for whom one may give tasks to."""

    owner = forms.ModelChoiceField(User.objects.none(), label=_("Who does it"), required=False)
    about_kind = forms.CharField(required=False, widget=forms.HiddenInput)
    about_id = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        people = people_to_assign(user, Task.kind) | User.objects.filter(pk=user.pk)
        owner: Any = self.fields["owner"]
        owner.queryset, owner.initial, owner.empty_label = people, user.pk, None
        if not user.access.may(Task.kind, "assign"):
            del self.fields["owner"]

    def new_values(self) -> dict[str, Any]:
        """The task as the action takes it."""
        return self.changes() | {"owner": self.cleaned_data.get("owner")}


class AssignForm(BulkForm):
    """Who is to do it."""

    to = forms.ModelChoiceField(User.objects.none(), label=_("Who does it"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["to"]
        people.queryset = people_to_assign(self.user, Task.kind)
