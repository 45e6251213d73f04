from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.access.permissions import Verb
from crm.models import User
from crm.web.forms import RecordForm
from crm.web.lists import BulkForm
from customers.forms.fields import people_to_assign
from customers.models import Activity
from customers.sales.models import DiscardReason, Lead, Product

WAYS = [choice for choice in Activity.Type.choices if choice[0] != Activity.Type.NOTE]


class LeadEditForm(RecordForm):
    """What is known of somebody who may become a customer. A new one also says whose it is."""

    takes_custom_fields = True

    owner = forms.ModelChoiceField(
        User.objects.none(), label=_("Owner"), required=False, empty_label=_("by the rules, or nobody yet")
    )

    class Meta:
        model = Lead
        fields = [
            "name", "organisation", "phone", "email", "channel", "campaign", "product", "employees", "country",
            "province", "city", "language", "owner", "note",
        ]  # fmt: skip
        labels = {"name": pgettext_lazy("of a person", "Name")}
        widgets = {
            "note": forms.Textarea(attrs={"rows": 4}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = Product.objects.visible_to(user).filter(Q(is_active=True) | Q(pk=self.instance.product_id))
        self.fields["product"].queryset = offered.order_by("name")  # type: ignore[attr-defined]
        if not user.access.may(Product.kind, Verb.VIEW):
            del self.fields["product"]
        if self.instance.pk or not user.access.may(Lead.kind, Verb.ASSIGN):
            del self.fields["owner"]
        else:
            self.fields["owner"].queryset = people_to_assign(user, Lead.kind)  # type: ignore[attr-defined]
            self.initial.setdefault("owner", user.pk)


class ContactedForm(forms.Form):
    """How one got in touch, and what came of it."""

    type = forms.ChoiceField(label=_("How"), choices=WAYS, widget=forms.RadioSelect, initial=Activity.Type.CALL)
    note = forms.CharField(
        label=_("What was said"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


class DiscardForm(forms.Form):
    """Why it will not become a customer: one of the reasons, so that they can be counted."""

    reason = forms.ChoiceField(label=_("Why is it discarded?"), choices=DiscardReason.offered, widget=forms.RadioSelect)


class HandOverLeadsForm(BulkForm):
    """Who works on it from now on."""

    owner = forms.ModelChoiceField(User.objects.none(), label=_("New owner"), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people_to_assign(self.user, Lead.kind)  # type: ignore[attr-defined]
