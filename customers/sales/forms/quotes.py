from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.access.permissions import Verb
from crm.models import User
from crm.web.forms import RecordForm
from crm.web.lists import BulkForm
from customers.forms.activities import AS_BUTTONS
from customers.forms.fields import CustomerField, people_of, people_to_assign
from customers.sales.forms.contracts import DayField
from customers.sales.forms.fields import CurrencyField
from customers.sales.models import Opportunity, Quote


class QuoteForm(RecordForm):
    """What a quote says beside its lines. A new one also says whose it is."""

    customer = CustomerField(label=_("Customer"))
    valid_until = DayField(label=_("Valid until"))
    currency = CurrencyField()
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"), required=False)

    class Meta:
        model = Quote
        fields = [
            "title", "customer", "contact", "opportunity", "valid_until", "currency", "owner", "notes", "terms",
        ]  # fmt: skip
        widgets = {"notes": forms.Textarea(attrs={"rows": 3}), "terms": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer"].offer_to(user)  # type: ignore[attr-defined]
        customer = self.instance.customer if self.instance.customer_id else self.initial.get("customer")
        self._offer_of(customer, user)
        if not self.instance.pk:
            self.initial.setdefault("currency", settings.CURRENCY)
        if not self.instance.pk and user.access.may(Quote.kind, Verb.ASSIGN):
            self.fields["owner"].queryset = people_to_assign(user, Quote.kind)  # type: ignore[attr-defined]
            self.initial.setdefault("owner", user.pk)
        else:
            del self.fields["owner"]

    def _offer_of(self, customer: Any, user: Any) -> None:
        """People and opportunities of the customer, once it is known which."""
        if customer is None:
            del self.fields["contact"], self.fields["opportunity"]
            return
        people = people_of(user, customer, self.instance.contact_id)
        sales = Opportunity.objects.visible_to(user).filter(customer=customer)
        self.fields["contact"].queryset = people  # type: ignore[attr-defined]
        self.fields["opportunity"].queryset = sales  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        """The action validates the record: number and sums are made there."""


class SendingForm(forms.Form):
    """In which language the customer reads it. `version` is the quote the person had before them."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class NotedAnswerForm(forms.Form):
    """What the customer told us, who told it, and why where it was a no."""

    answer = forms.ChoiceField(
        label=_("Answer"),
        choices=[
            (Quote.State.ACCEPTED.value, pgettext_lazy("quote", "accepted")),
            (Quote.State.DECLINED.value, pgettext_lazy("quote", "declined")),
        ],
        widget=forms.RadioSelect(attrs=AS_BUTTONS),
    )
    name = forms.CharField(label=_("Who answered"), max_length=120)
    reason = forms.CharField(
        label=_("Why it was declined"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class PublicAnswerForm(forms.Form):
    """What the customer says on the public page."""

    answer = forms.ChoiceField(label=_("Your answer"), choices=[(state.value, state.label) for state in Quote.ANSWERS])
    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    reason = forms.CharField(
        label=_("Why not? (you may leave this empty)"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class HandOverQuotesForm(BulkForm):
    owner = forms.ModelChoiceField(User.objects.none(), label=_("New owner"), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people_to_assign(self.user, Quote.kind)  # type: ignore[attr-defined]
