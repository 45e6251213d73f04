from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.forms.fields import people_of
from customers.sales.models import ExitCriterion, Opportunity, Product, Stage, closed_amounts
from customers.sales.models.forecast_period import local_day
from customers.sales.models.stage_exit import missing

What = ExitCriterion.What


def asked_before(opportunity: Opportunity, target: Stage, now: datetime) -> list[ExitCriterion]:
    """What has to be filled in before it goes on to a stage: what is not met, and the amount of what is won."""
    unmet = missing(opportunity, target, local_day(now))
    is_asked = target.is_won and closed_amounts.may_be_written()
    if is_asked and opportunity.amount is None and not any(one.what == What.AMOUNT for one in unmet):
        unmet = [ExitCriterion(stage=target, what=What.AMOUNT), *unmet]
    return unmet


class ExitForm(forms.Form):
    """A field for each criterion that is not met; for whoever may override, the reason why it goes on all the same."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    seen_in = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, opportunity: Opportunity, unmet: list[ExitCriterion], user: Any, may_override: bool, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.opportunity, self.user = opportunity, user
        self.manual = [criterion for criterion in unmet if criterion.what == What.MANUAL]
        for criterion in unmet:
            getattr(self, f"_ask_{criterion.what}")(criterion)
        if may_override:
            reason = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
            reason.label, reason.help_text = _("Why it goes on all the same"), _("It is kept in the history.")
            self.fields["overriding"] = reason

    def said(self) -> dict[str, Any]:
        """What `stage_exit.complete_and_move` takes."""
        found = {name: value for name, value in self.cleaned_data.items() if value not in (None, "", False)}
        ticks = [criterion for criterion in self.manual if found.pop(f"tick_{criterion.pk}", False)]
        for name in ("version", "seen_in", "overriding"):
            found.pop(name, None)
        return found | {"ticks": ticks}

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if bool(found.get("next_step")) != bool(found.get("next_step_on")) and "next_step" in self.fields:
            missing = "next_step_on" if found.get("next_step") else "next_step"
            self.add_error(missing, _("A next step has a name and a day."))
        return found

    def _ask_amount(self, _criterion: ExitCriterion) -> None:
        if not closed_amounts.may_be_written():
            return
        self.fields["amount"] = forms.DecimalField(
            label=_("Amount"), min_value=0, max_digits=18, decimal_places=2, required=False
        )

    def _ask_close_date(self, _criterion: ExitCriterion) -> None:
        self.fields["expected_close"] = _day(_("Expected close"))

    def _ask_contact(self, _criterion: ExitCriterion) -> None:
        people = people_of(self.user, self.opportunity.customer_id)
        self.fields["contact"] = forms.ModelChoiceField(
            people, label=_("Contact"), required=False, empty_label=_("not known yet")
        )

    def _ask_role(self, criterion: ExitCriterion) -> None:
        if self.opportunity.contact_id is None:
            self._ask_contact(criterion)
        self.fields["role"] = forms.CharField(label=_("Role of the contact"), max_length=80, required=False)

    def _ask_buyer(self, _criterion: ExitCriterion) -> None:
        self.fields["buyer"] = forms.ModelChoiceField(
            people_of(self.user, self.opportunity.customer_id), label=_("Economic buyer"), required=False,
            empty_label=_("not known yet"), help_text=_("Who decides about the money."),
        )  # fmt: skip

    def _ask_product(self, _criterion: ExitCriterion) -> None:
        products = Product.objects.visible_to(self.user).on_sale()
        self.fields["product"] = forms.ModelChoiceField(
            products, label=_("Product"), required=False, empty_label=_("none yet")
        )

    def _ask_next_step(self, _criterion: ExitCriterion) -> None:
        self.fields["next_step"] = forms.CharField(label=_("Next step"), max_length=200, required=False)
        self.fields["next_step_on"] = _day(_("On"))

    def _ask_manual(self, criterion: ExitCriterion) -> None:
        self.fields[f"tick_{criterion.pk}"] = forms.BooleanField(label=criterion.text, required=False)


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)
