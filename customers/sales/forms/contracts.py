from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.models import User
from crm.web.forms import RecordForm
from crm.web.lists import BulkForm
from customers.forms.activities import AS_BUTTONS
from customers.forms.fields import CustomerField, people_to_assign
from customers.sales.forms.fields import CurrencyField
from customers.sales.models import ChurnReason, Contract, ContractMovement, Opportunity, Product

Type = ContractMovement.Type


class DayField(forms.DateField):
    """A day, in the browser's own picker."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ValueField(forms.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Value per month"))
        super().__init__(min_value=0, max_digits=18, decimal_places=2, **kwargs)


class ContractEditForm(RecordForm):
    """What is no movement: how it is called, and how it renews."""

    class Meta:
        model = Contract
        fields = [
            "name", "product", "external_id", "notice_days", "renews_automatically", "renewal_months", "opportunity",
            "notes",
        ]  # fmt: skip
        widgets = {"notes": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = Product.objects.visible_to(user)
        shown: Any = self.fields["product"]
        shown.queryset = offered.on_sale() | offered.filter(pk=self.instance.product_id or 0)
        customer = self.instance.customer if self.instance.customer_id else self.initial.get("customer")
        seen = Opportunity.objects.visible_to(user).filter(customer=customer)
        if customer is None or not seen.exists():
            del self.fields["opportunity"]
        else:
            self.fields["opportunity"].queryset = seen  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        """The action validates the record."""


class NewContractForm(ContractEditForm):
    """A contract with its first term, and whose it is."""

    customer = CustomerField(label=_("Customer"))
    start = DayField(label=_("First day"))
    end = DayField(label=_("Last day"), required=False, help_text=_("Leave empty if it runs until somebody ends it."))
    monthly_value = ValueField()
    currency = CurrencyField()
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"), required=False)

    class Meta(ContractEditForm.Meta):
        fields = [
            "name", "customer", "product", "monthly_value", "currency", "start", "end", "notice_days",
            "renews_automatically", "renewal_months", "external_id", "opportunity", "owner", "notes",
        ]  # fmt: skip

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["customer"].offer_to(user)  # type: ignore[attr-defined]
        self.initial.setdefault("currency", settings.CURRENCY)
        if user.access.may(Contract.kind, Verb.ASSIGN):
            self.fields["owner"].queryset = people_to_assign(user, Contract.kind)  # type: ignore[attr-defined]
            self.initial.setdefault("owner", user.pk)
        else:
            del self.fields["owner"]


class MovementForm(forms.Form):
    """What a movement asks for. `version` is the contract the person had before them."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, contract: Contract, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contract, self.user = contract, user
        self.initial.setdefault("version", contract.version)


class ValueForm(MovementForm):
    value = ValueField(label=_("New value per month"))
    counts_from = DayField(label=_("From"), required=False, help_text=_("Today when left empty."))
    reason = forms.CharField(label=_("Why"), required=False, max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("value", self.contract.monthly_value)


class RenewalForm(MovementForm):
    until = DayField(label=_("New last day"), required=False)
    value = ValueField(label=_("Value per month from then on"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("value", self.contract.monthly_value)
        self.fields["until"].help_text = _("%(months)d months later when left empty.") % {
            "months": self.contract.renewal_months
        }


class EndForm(MovementForm):
    churn_reason = forms.ModelChoiceField(
        ChurnReason.objects.none(),
        label=_("Why does it end?"),
        widget=forms.RadioSelect(attrs=AS_BUTTONS),
        empty_label=None,
    )
    last_day = DayField(label=_("Last day"), required=False)
    note = forms.CharField(label=_("What was said"), required=False, max_length=2000, widget=forms.Textarea)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons = ChurnReason.objects.visible_to(self.user).active().filter(for_lapsed=False)
        self.fields["churn_reason"].queryset = reasons  # type: ignore[attr-defined]
        self.fields["note"].widget.attrs["rows"] = 3
        self.initial.setdefault("last_day", self.contract.end)


class ReactivationForm(MovementForm):
    value = ValueField()
    counts_from = DayField(label=_("From"), required=False, help_text=_("Today when left empty."))
    until = DayField(label=_("Last day"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("value", self.contract.monthly_value)


class CorrectionForm(MovementForm):
    """What is true instead of the last movement, or that it did not happen."""

    movement = forms.ModelChoiceField(ContractMovement.objects.none(), widget=forms.HiddenInput)
    did_not_happen = forms.BooleanField(label=_("It did not happen: take it back"), required=False)
    value = ValueField(label=_("Value per month after it"), required=False)
    counts_from = DayField(label=_("Counts from"), required=False)
    until = DayField(label=_("End of the term"), required=False)
    reason = forms.CharField(label=_("What was wrong?"), max_length=500)

    def __init__(self, *args: Any, movement: ContractMovement, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = ContractMovement.objects.filter(contract=self.contract)
        self.fields["movement"].queryset = own  # type: ignore[attr-defined]
        self.initial |= {
            "movement": movement.pk,
            "value": movement.after,
            "counts_from": movement.counts_from,
            "until": movement.until,
        }
        for name in self._pointless(Type(movement.type)):
            del self.fields[name]

    def _pointless(self, type_: ContractMovement.Type) -> list[str]:
        """A first movement can only be replaced; a renewal begins where the term ends, and has no value of its own."""
        names = []
        if type_ == Type.NEW:
            names.append("did_not_happen")
        if type_ in (Type.RENEWAL, Type.CHURN):
            names.append("value")
        if type_ == Type.RENEWAL:
            names.append("counts_from")
        if type_ not in ContractMovement.BEGINS:
            names.append("until")
        return names

    def said(self) -> dict[str, Any]:
        """What `contract_corrections.correct` asks for."""
        cleaned = self.cleaned_data
        names = ("value", "counts_from", "until")
        instead = None if cleaned.get("did_not_happen") else {name: cleaned[name] for name in names if name in cleaned}
        return {"reason": cleaned["reason"], "movement": cleaned["movement"], "replacement": instead}


class HandOverContractsForm(BulkForm):
    owner = forms.ModelChoiceField(User.objects.none(), label=_("New owner"), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people_to_assign(self.user, Contract.kind)  # type: ignore[attr-defined]
