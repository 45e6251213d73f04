"""Where an opportunity stands after what was logged: a piece of the quick form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.access.permissions import Verb
from crm.models import StaleVersion
from customers.forms import log_parts
from customers.sales.actions import stage_exit
from customers.sales.forms.stage_exit import ExitForm, asked_before
from customers.sales.models import ExitCriterion, Opportunity, Stage

OFFERED = 20


class StagePart(forms.Form):
    """The stage it moves to, and fields for what the stages left behind ask for."""

    template = "sales/opportunity/_log_stage.html"

    moves_to = forms.ModelChoiceField(Stage.objects.none(), label=gettext_lazy("Moves to"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    seen_in = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, user: Any, opportunity: Opportunity, data: Mapping[str, Any] | None, now: datetime):
        seen = {"version": opportunity.version, "seen_in": opportunity.stage_id}
        super().__init__(data if data and "moves_to" in data else None, initial=seen)
        self.opportunity = opportunity
        field: Any = self.fields["moves_to"]
        others = opportunity.pipeline.stages.exclude(pk=opportunity.stage_id)
        field.queryset = others.exclude(outcome=Stage.Outcome.LOST).order_by("position", "pk")
        field.empty_label = _("stays in %(stage)s") % {"stage": opportunity.stage}
        self.exit = self._exit_form(user, data, now) if self.is_bound else None

    def _exit_form(self, user: Any, data: Mapping[str, Any] | None, now: datetime) -> ExitForm:
        self.full_clean()
        target = self.cleaned_data.get("moves_to")
        unmet = asked_before(self.opportunity, target, now) if target else []
        # The next step has its own place in the form.
        unmet = [one for one in unmet if one.what != ExitCriterion.What.NEXT_STEP]
        return ExitForm(data, opportunity=self.opportunity, unmet=unmet, user=user, may_override=False)

    def is_valid(self) -> bool:
        return self.exit is None or (super().is_valid() and self.exit.is_valid())

    def carry_out(self, *, by: Any, at: datetime) -> None:
        if self.exit is None or (stage := self.cleaned_data.get("moves_to")) is None:
            return
        seen_in = Stage.objects.filter(pk=self.cleaned_data["seen_in"] or 0).first()  # scoped: configuration
        try:
            stage_exit.complete_and_move(
                self.opportunity, stage=stage, said=self.exit.said(), by=by, at=at,
                version=self.cleaned_data["version"], seen_in=seen_in,
            )  # fmt: skip
        except StaleVersion:
            raise ValidationError(_("Somebody else moved the opportunity meanwhile. Look at it again.")) from None


def part(user: Any, opportunity: Opportunity, data: Mapping[str, Any] | None, now: datetime) -> StagePart | None:
    """For whoever may move it, while it is open."""
    may_edit = Opportunity.objects.permitted(user, Verb.EDIT).filter(pk=opportunity.pk).exists()
    return StagePart(user, opportunity, data, now) if may_edit and opportunity.is_open else None


def open_at(user: Any, customer: Any) -> Any:
    """The open opportunities of a customer that the person may see, the latest first."""
    return (
        Opportunity.objects.visible_to(user).open().filter(customer=customer).order_by("-updated_at", "-pk")[:OFFERED]
    )


def register() -> None:
    log_parts.register(Opportunity.kind, log_parts.Offered(at_customer=open_at, part=part))
