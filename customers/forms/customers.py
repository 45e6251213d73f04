from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.web.forms import RecordForm
from crm.web.lists import BulkForm
from customers.forms.fields import CustomerField, people_to_assign
from customers.models import Customer


class CustomerForm(RecordForm):
    """What is known of a customer. Whose it is and its lifecycle have verbs of their own."""

    website = forms.URLField(label=_("Website"), required=False, max_length=200, assume_scheme="https")
    parent = CustomerField(label=_("Subsidiary of"), required=False)

    class Meta:
        model = Customer
        fields = [
            "name",
            "form",
            "tier",
            "channel",
            "industry",
            "phone",
            "email",
            "website",
            "city",
            "country",
            "number",
            "founded",
            "employees",
            "annual_revenue",
            "parent",
            "notes",
        ]
        widgets = {
            "notes": forms.Textarea(attrs={"rows": 3}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parent: Any = self.fields["parent"]
        parent.offer_to(user)
        # Somebody else's parent that cannot be seen stays as it is.
        if self.instance.parent_id and not parent.queryset.filter(pk=self.instance.parent_id).exists():
            del self.fields["parent"]


class HandOverForm(BulkForm):
    """To whom, and whether the open work goes along."""

    to = forms.ModelChoiceField(User.objects.none(), label=_("New owner"))
    with_open_work = forms.BooleanField(
        label=_("Hand over the open work too"),
        required=False,
        initial=True,
        help_text=_("Open tasks and opportunities of the last owner, and the people only this customer has."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["to"]
        people.queryset = people_to_assign(self.user, Customer.kind)


class CollaboratorForm(forms.Form):
    """Who else may work on the customer."""

    user = forms.ModelChoiceField(User.objects.none(), label=_("Person"))

    def __init__(self, *args: Any, customer: Customer, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["user"]
        known = customer.collaborators.values("user")
        people.queryset = User.objects.visible_to(by).active().exclude(pk__in=known).exclude(pk=customer.owner_id)


class LifecycleForm(forms.Form):
    lifecycle = forms.ChoiceField(label=_("Lifecycle"), choices=Customer.Lifecycle.choices)
