from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.web.forms import RecordForm
from crm.web.lists import BulkForm
from customers.forms.fields import CustomerField, people_to_assign
from customers.models import ChurnReason, Customer, source
from customers.models.geo import WIDEST, exact


class CoordinateField(forms.DecimalField):
    """In degrees, with as many decimals as a map may give: a tenth of a metre is kept."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=-WIDEST, max_value=WIDEST, step_size=None, **kwargs)
        self.widget.attrs["step"] = "any"

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        return found if found is None or abs(found) > WIDEST else exact(found)


class CustomerForm(RecordForm):
    """What is known of a customer. Whose it is and its lifecycle have verbs of their own."""

    takes_custom_fields = True

    website = forms.URLField(label=_("Website"), required=False, max_length=200, assume_scheme="https")
    parent = CustomerField(label=_("Subsidiary of"), required=False)
    referred_by = CustomerField(label=_("Referred by"), required=False)
    latitude = CoordinateField(label=_("Latitude"), required=False, help_text=_("Empty: by the city."))
    longitude = CoordinateField(label=_("Longitude"), required=False)

    class Meta:
        model = Customer
        fields = [
            "name",
            "form",
            "tier",
            "channel",
            "campaign",
            "first_contact_on",
            "referred_by",
            "industry",
            "phone",
            "email",
            "website",
            "city",
            "country",
            "latitude",
            "longitude",
            "number",
            "founded",
            "employees",
            "annual_revenue",
            "parent",
            "do_not_contact",
            "do_not_contact_reason",
            "notes",
        ]
        widgets = {
            "first_contact_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "notes": forms.Textarea(attrs={"rows": 3}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("parent", "referred_by"):
            field: Any = self.fields[name]
            field.offer_to(user)
            # Somebody else's customer that cannot be seen stays as it is.
            pointed_at = getattr(self.instance, f"{name}_id")
            if pointed_at and not field.queryset.filter(pk=pointed_at).exists():
                del self.fields[name]
        for name in source.FIELDS:
            if self.instance.pk and getattr(self.instance, name) not in (None, ""):
                self.fields[name].disabled = True


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
    """Who else may work on the customer, or read it; somebody who does already gets what is chosen now."""

    user = forms.ModelChoiceField(User.objects.none(), label=_("Person"))
    may_edit = forms.TypedChoiceField(
        label=_("What they may do"),
        choices=[("1", _("read and edit")), ("0", _("only read"))],
        coerce=lambda chosen: chosen == "1",
        widget=forms.RadioSelect,
        initial="1",
        required=False,
        empty_value=True,
    )

    def __init__(self, *args: Any, customer: Customer, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["user"]
        people.queryset = User.objects.visible_to(by).active().exclude(pk=customer.owner_id)


class LifecycleForm(forms.Form):
    """Where the customer stands now; one that left left for a reason."""

    lifecycle = forms.ChoiceField(label=_("Lifecycle"), choices=Customer.Lifecycle.choices)
    churn_reason = forms.ModelChoiceField(
        ChurnReason.objects.none(), label=_("Why it left"), required=False, empty_label=_("Choose a reason")
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons: Any = self.fields["churn_reason"]
        reasons.queryset = ChurnReason.objects.visible_to(user).active().filter(for_lapsed=False)
