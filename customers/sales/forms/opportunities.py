from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.models import User
from crm.web.forms import RecordForm
from crm.web.lists import BulkForm
from customers.forms.fields import CustomerField, people_of, people_to_assign
from customers.sales.actions import closed
from customers.sales.forms import next_step
from customers.sales.forms.fields import CurrencyField, PercentField, StageField
from customers.sales.models import (
    Competitor,
    ForecastCategory,
    LostReason,
    Opportunity,
    Pipeline,
    Product,
    closed_amounts,
)

LOCKED_HINT = _("It is closed: what was sold stays. Reopen it first, or ask a manager to correct it.")


def why_corrected() -> forms.CharField:
    return forms.CharField(
        label=_("Why is it corrected?"),
        max_length=200,
        required=False,
        help_text=_("It is closed: needed where what was sold changes."),
    )


class WhyForm(forms.Form):
    overriding = why_corrected()


class OpportunityForm(RecordForm):
    """What a person writes about a possible sale. A new one also says its stage, and whose it is."""

    takes_custom_fields = True

    customer = CustomerField(label=_("Customer"))
    stage = StageField(required=False)
    amount = forms.DecimalField(label=_("Amount"), min_value=0, max_digits=18, decimal_places=2, required=False)
    currency = CurrencyField()
    probability = PercentField(
        label=_("Probability in percent"),
        required=False,
        help_text=_("Leave empty to take the one of the stage."),
    )
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"), required=False)

    class Meta:
        model = Opportunity
        fields = [
            "name", "customer", "contact", "product", "stage", "amount", "currency", "probability", "expected_close",
            "forecast_category", "owner", "notes",
        ]  # fmt: skip
        widgets = {
            "expected_close": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "notes": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["customer"].offer_to(user)  # type: ignore[attr-defined]
        self.fields["product"].queryset = _offered_products(user, self.instance)  # type: ignore[attr-defined]
        category: Any = self.fields["forecast_category"]
        category.choices = [("", _("as its stage")), *ForecastCategory.choices]
        self._offer_contacts()
        if self.instance.pk:
            del self.fields["stage"], self.fields["owner"]
            self._leave_what_is_out_of_sight()
            self._lock()
            if not closed_amounts.may_be_written():
                self.fields["currency"].disabled = True  # another currency is another amount
        else:
            self._offer_new()

    def _leave_what_is_out_of_sight(self) -> None:
        """Whoever may edit it and not see its customer: customer and contact stay as they are."""
        for name in {"customer", "contact"} & {*self.fields}:
            pk, offered = getattr(self.instance, f"{name}_id"), self.fields[name].queryset  # type: ignore[attr-defined]
            if pk and not offered.filter(pk=pk).exists():
                del self.fields[name]

    def _lock(self) -> None:
        """What was sold stays as it was; whoever may correct it says why."""
        if not closed.is_locked(self.instance):
            return
        if closed.may_correct(self.user):
            self.fields["overriding"] = why_corrected()
            return
        for name in {*closed.LOCKED} & {*self.fields}:
            self.fields[name].disabled = True
        if "amount" in self.fields:
            self.fields["amount"].help_text = LOCKED_HINT

    def _offer_contacts(self) -> None:
        """People of the customer, once it is known which."""
        customer = self.instance.customer or self.initial.get("customer")
        if customer is None:
            del self.fields["contact"]
            return
        people = people_of(self.user, customer, self.instance.contact_id)
        self.fields["contact"].queryset = people  # type: ignore[attr-defined]

    def _offer_new(self) -> None:
        pipelines = Pipeline.objects.visible_to(self.user).active()
        self.fields["stage"].offer(pipelines)  # type: ignore[attr-defined]
        next_step.ask(self, self.user, pipelines)
        self.initial.setdefault("currency", settings.CURRENCY)
        if self.user.access.may("opportunity", Verb.ASSIGN):
            self.fields["owner"].queryset = people_to_assign(self.user, "opportunity")  # type: ignore[attr-defined]
            self.initial.setdefault("owner", self.user.pk)
        else:
            del self.fields["owner"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        contact, customer = cleaned.get("contact"), cleaned.get("customer")
        if contact and customer and not contact.customer_links.filter(customer=customer).exists():
            self.add_error("contact", _("This person does not belong to the customer."))
        next_step.check(self)
        return cleaned

    def _post_clean(self) -> None:
        """The action validates the record: only there is it known which stage and owner it gets."""


class LossForm(forms.Form):
    """Why it was lost: one of the reasons, so that they can be counted."""

    lost_reason = forms.ModelChoiceField(
        LostReason.objects.none(), label=_("Why was it lost?"), widget=forms.RadioSelect, empty_label=None
    )
    lost_to = forms.ModelChoiceField(
        Competitor.objects.none(), label=_("Lost to"), required=False, empty_label=_("nobody, or not known")
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons = LostReason.objects.visible_to(user).active()
        self.fields["lost_reason"].queryset = reasons  # type: ignore[attr-defined]
        others = Competitor.objects.visible_to(user).met().order_by("name", "pk")
        if not others.exists():
            del self.fields["lost_to"]
            return
        self.fields["lost_to"].queryset = others  # type: ignore[attr-defined]


class WinForm(forms.Form):
    """What it was sold for."""

    amount = forms.DecimalField(label=_("Sold for"), min_value=0, max_digits=18, decimal_places=2)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Whoever may not write amounts wins at the one that stands there."""
        super().__init__(*args, **kwargs)
        if not closed_amounts.may_be_written():
            del self.fields["amount"]


class HandOverForm(forms.Form):
    """Who works on it from now on."""

    owner = forms.ModelChoiceField(User.objects.none(), label=_("New owner"), empty_label=None)

    def __init__(self, *args: Any, user: Any, opportunity: Opportunity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people_to_assign(user, "opportunity")  # type: ignore[attr-defined]
        if closed.is_locked(opportunity) and closed.may_correct(user):
            self.fields["overriding"] = why_corrected()


class HandOverManyForm(BulkForm):
    owner = forms.ModelChoiceField(User.objects.none(), label=_("New owner"), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people_to_assign(self.user, "opportunity")  # type: ignore[attr-defined]
        if closed.may_correct(self.user):
            self.fields["overriding"] = why_corrected()


def _offered_products(user: Any, opportunity: Opportunity) -> Any:
    """What is on sale, and what the opportunity was about before."""
    products = Product.objects.visible_to(user)
    return products.on_sale() | products.filter(pk=opportunity.product_id or 0)
