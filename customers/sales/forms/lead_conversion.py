from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.joining import bracketed, listed
from customers.forms.fields import CustomerField
from customers.models import Customer
from customers.sales.actions.lead_conversion import OVERRIDE
from customers.sales.forms import next_step
from customers.sales.forms.fields import CurrencyField, StageField
from customers.sales.forms.lead_answers import LeadAnswersForm
from customers.sales.models import Lead, Opportunity, Pipeline, closed_amounts
from customers.sales.models.lead_matches import Match
from customers.sales.models.lead_question import Item, LeadQuestion, missing

NEW, ANOTHER = "new", "another"


class ConversionForm(LeadAnswersForm):
    """Who the lead is: a new customer, one that is like it, or another one; whether a sale begins; and what has to be
    known before: the required questions nobody has answered."""

    into = forms.ChoiceField(label=_("Who is it?"), widget=forms.RadioSelect)
    customer = CustomerField(label=_("Which customer"), required=False)
    with_opportunity = forms.BooleanField(label=_("Open an opportunity too"), required=False)
    opportunity_name = forms.CharField(label=_("Name of the opportunity"), max_length=200, required=False)
    stage = StageField(required=False)
    amount = forms.DecimalField(label=_("Amount"), min_value=0, max_digits=18, decimal_places=2, required=False)
    currency = CurrencyField()

    def __init__(self, *args: Any, user: Any, lead: Lead, matches: list[Match], **kwargs: Any) -> None:
        super().__init__(*args, items=[Item(question, None) for question in missing(lead)], **kwargs)
        if self.questions and user.access.may(OVERRIDE, Verb.EDIT):
            self.fields["overriding"] = forms.CharField(
                label=_("Why it is converted all the same"), required=False, max_length=500,
                widget=forms.Textarea(attrs={"rows": 2}), help_text=_("It is kept in the history."),
            )  # fmt: skip
        self.matches = {str(match.customer.pk): match.customer for match in matches}
        may_create = user.access.may(Customer.kind, Verb.CREATE)
        choices = [(str(match.customer.pk), _told(match)) for match in matches]
        choices += [(NEW, _("A new customer"))] if may_create else []
        self.fields["into"].choices = [*choices, (ANOTHER, _("Another customer"))]  # type: ignore[attr-defined]
        self.fields["customer"].offer_to(user)  # type: ignore[attr-defined]
        self.initial.setdefault("into", self.fields["into"].choices[0][0])  # type: ignore[attr-defined]
        self.initial.setdefault("opportunity_name", lead.organisation or lead.name)
        self.initial.setdefault("currency", settings.CURRENCY)
        pipelines = Pipeline.objects.visible_to(user).active()
        self.fields["stage"].offer(pipelines)  # type: ignore[attr-defined]
        next_step.ask(self, user, pipelines)
        if not closed_amounts.may_be_written():
            self.fields.pop("amount", None)
        if not user.access.may(Opportunity.kind, Verb.CREATE):
            for name in ("with_opportunity", "opportunity_name", "stage", "amount", "currency", *next_step.NAMES[:2]):
                self.fields.pop(name, None)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("into") == ANOTHER and not cleaned.get("customer") and "customer" not in self.errors:
            self.add_error("customer", _("Choose which customer is meant."))
        elif cleaned.get("customer") and cleaned.get("into") in (NEW, *self.matches):
            self.add_error("into", _("A customer is chosen below: say “Another customer”, or take it out there."))
        if cleaned.get("amount") is not None and not cleaned.get("with_opportunity"):
            self.add_error("with_opportunity", _("An amount is of an opportunity: tick this, or take the amount out."))
        if cleaned.get("with_opportunity") and not cleaned.get("opportunity_name"):
            self.add_error("opportunity_name", _("An opportunity needs a name."))
        next_step.check(self)
        return cleaned

    def chosen(self) -> dict[str, Any]:
        """What the action takes."""
        said = self.cleaned_data
        customer = said["customer"] if said["into"] == ANOTHER else self.matches.get(said["into"])
        opportunity = None
        if said.get("with_opportunity"):
            opportunity = {name: said.get(name) for name in ("stage", "amount", "currency")}
            opportunity |= {"name": said["opportunity_name"], "next_step": next_step.said(self)["next_step"]}
        found: dict[str, Any] = {"customer": customer, "opportunity": opportunity}
        found["overriding"] = said.get("overriding", "")
        return found | {"answers": self.answers()} if self.questions else found

    def named(self, questions: list[LeadQuestion]) -> list[str]:
        """The fields in which they are asked here."""
        return [name for name, question in self.questions.items() if question in questions]

    @property
    def asked(self) -> list[Any]:
        return [self[name] for name in self.questions]


def _told(match: Match) -> str:
    return bracketed(match.customer, listed(match.reasons))
