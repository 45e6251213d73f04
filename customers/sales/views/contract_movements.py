"""The dialogs by which a contract moves: each asks what it needs and calls one action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion, User
from crm.web.toasts import toast
from customers.forms.fields import people_to_assign
from customers.sales.actions import contract_corrections, contracts
from customers.sales.actions.contract_movements import standing
from customers.sales.forms import contracts as asked
from customers.sales.models import Contract


class Moving(View):
    """Asks, and carries out; whatever is refused is said in the dialog."""

    verb = Verb.EDIT
    form_class: ClassVar[Any]
    action: ClassVar[Callable[..., Any]]
    title: ClassVar[Any]
    button: ClassVar[Any]
    hint: ClassVar[Any] = ""
    done: ClassVar[Any]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        contract = self.load(request, pk)
        return self.page(contract, self.form(contract))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        contract = self.load(request, pk)
        form = self.form(contract, request.POST)
        if not form.is_valid():
            return self.page(contract, form, status=422)
        try:
            type(self).action(contract, by=request.user, at=timezone.now(), **self.said(form))
        except StaleVersion:
            form.add_error(None, _("Somebody else changed this meanwhile. Close this and look at it again."))
            return self.page(contract, form, status=409)
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self.page(contract, form, status=422)
        toast(request, self.done)
        still_seen = Contract.objects.visible_to(request.user).filter(pk=pk).exists()
        return redirect(contract.get_absolute_url()) if still_seen else redirect("contract-list")

    def load(self, request: HttpRequest, pk: int) -> Contract:
        return guards.get_permitted(Contract.objects.select_related("customer"), request.user, self.verb, pk=pk)

    def form(self, contract: Contract, data: Any = None) -> Any:
        return self.form_class(data, contract=contract, user=self.request.user)

    def said(self, form: Any) -> dict[str, Any]:
        return dict(form.cleaned_data)

    def page(self, contract: Contract, form: Any, status: int = 200) -> HttpResponse:
        title = self.title % {"name": contract.name}
        context = {"contract": contract, "form": form, "title": title, "button": self.button, "hint": self.hint}
        return render(self.request, "sales/contract/moving.html", context, status=status)


class Value(Moving):
    form_class = asked.ValueForm
    action = contracts.change_value
    title = gettext_lazy("Change the value of “%(name)s”")
    button = gettext_lazy("Change the value")
    done = gettext_lazy("The value is changed.")


class Renewal(Moving):
    form_class = asked.RenewalForm
    action = contracts.renew
    title = gettext_lazy("Renew “%(name)s”")
    button = gettext_lazy("Renew")
    done = gettext_lazy("The contract is renewed.")


class End(Moving):
    form_class = asked.EndForm
    action = contracts.end
    title = gettext_lazy("“%(name)s” ends")
    button = gettext_lazy("End the contract")
    hint = gettext_lazy("It counts until its last day. A contract that was written down by mistake goes to the bin.")
    done = gettext_lazy("The end is noted.")


class Reactivation(Moving):
    form_class = asked.ReactivationForm
    action = contracts.reactivate
    title = gettext_lazy("“%(name)s” begins again")
    button = gettext_lazy("Reactivate")
    done = gettext_lazy("The contract runs again.")


class Correction(Moving):
    action = contract_corrections.correct
    title = gettext_lazy("Correct the last movement of “%(name)s”")
    button = gettext_lazy("Correct")
    hint = gettext_lazy("The movement stays in the history; a second one takes it back.")
    done = gettext_lazy("It is corrected.")

    def form(self, contract: Contract, data: Any = None) -> Any:
        last = standing(contract)[-1]
        return asked.CorrectionForm(data, contract=contract, user=self.request.user, movement=last)

    def said(self, form: Any) -> dict[str, Any]:
        return {**form.said(), "version": form.cleaned_data["version"]}


class NewOwnerForm(forms.Form):
    owner = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("New owner"), empty_label=None)


class HandOver(Moving):
    verb = Verb.ASSIGN
    action = contracts.hand_over
    title = gettext_lazy("Hand over “%(name)s”")
    button = gettext_lazy("Hand over")
    done = gettext_lazy("Handed over.")

    def form(self, contract: Contract, data: Any = None) -> Any:
        form = NewOwnerForm(data, initial={"owner": contract.owner_id})
        form.fields["owner"].queryset = people_to_assign(self.request.user, Contract.kind)  # type: ignore[attr-defined]
        return form
