from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.models import Customer
from customers.sales.actions import contracts
from customers.sales.forms.contracts import ContractEditForm, NewContractForm
from customers.sales.models import Contract, ContractMovement, Opportunity
from customers.sales.views.opened_from import opened_from
from customers.views import editing, timeline

RELATED = ("customer", "owner", "team", "product", "churn_reason")


class Detail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        seen = Contract.objects.visible_to(user).select_related(*RELATED).with_state(timezone.localdate())
        contract = guards.get_visible(seen, user, pk=pk)
        may_edit = editing.allows(user, contract, Verb.EDIT)
        shown = Opportunity.objects.visible_to(user)
        movements = history_of(contract)
        value, ahead = values_of(contract, movements, timezone.localdate())
        context = {
            "contract": contract,
            "value": value,
            "ahead": ahead,
            "movements": movements,
            "customer_is_visible": Customer.objects.visible_to(user).filter(pk=contract.customer_id).exists(),
            "opportunity": shown.filter(pk=contract.opportunity_id).first(),
            "renewals": shown.filter(renewal__contract=contract, closed_at=None).order_by("pk"),
            "may_edit": may_edit,
            "may_assign": editing.allows(user, contract, Verb.ASSIGN),
            "may_delete": editing.allows(user, contract, Verb.DELETE),
            **timeline.context(request, contract),
        }
        return render(request, "sales/contract/detail.html", context)


def values_of(
    contract: Contract, movements: list[ContractMovement], today: date
) -> tuple[Decimal, list[ContractMovement]]:
    """What it is worth today, and what counts from a later day; of one that does not run what it last was."""
    value = sum((row.after - row.before for row in movements if row.counts_from <= today), Decimal(0))
    if not value:
        return contract.monthly_value, []
    in_force = [row for row in movements if row.corrects_id is None and not row.is_taken_back]  # type: ignore[attr-defined]
    later = [row for row in in_force if row.counts_from > today and row.after != row.before]
    return value, sorted(later, key=lambda row: (row.counts_from, row.pk))


def history_of(contract: Contract) -> list[ContractMovement]:
    """The newest first; what was taken back is marked."""
    related = ("owner", "by", "churn_reason", "correction")
    rows = list(contract.movements.select_related(*related).order_by("-pk"))
    for row in rows:
        row.is_taken_back = hasattr(row, "correction")  # type: ignore[attr-defined]
    return rows


class Timeline(timeline.Timeline):
    model = Contract


timeline.FILTERS["contract"] = [("", gettext_lazy("Everything")), ("contract", gettext_lazy("Changes"))]


class New(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Contract.kind, Verb.CREATE)
        return self.page(NewContractForm(user=request.user, initial=self._initial(request)))

    def post(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        guards.require(user, Contract.kind, Verb.CREATE)
        form = NewContractForm(request.POST, user=user, initial=self._initial(request))
        if not form.is_valid():
            return self.page(form, status=422)
        if not first_time(request):
            return redirect("contract-list")
        values = form.changes()
        values["owner"] = values.get("owner") or user
        try:
            contract = contracts.sign(by=user, at=timezone.now(), **values)
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(form, status=422)
        toast(request, _("The contract is noted."))
        return redirect(contract.get_absolute_url())

    def page(self, form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "post_url": self.request.get_full_path()}
        return render(self.request, "sales/contract/form.html", context, status=status)

    def _initial(self, request: HttpRequest) -> dict[str, Any]:
        told = opened_from(request, {"customer": "customer", "name": "name", "product": "product"})
        return {"start": timezone.localdate()} | told


class Edit(editing.Edit):
    model = Contract
    form_class = ContractEditForm
    template_name = "sales/contract/edit.html"
    update = contracts.update


class Delete(editing.Delete):
    model = Contract
    to_bin = contracts.delete
    explanation = gettext_lazy("In the bin it counts for nothing, not in the past either. One that ended is cancelled.")
    done = gettext_lazy("The contract is in the bin.")


class Restoration(editing.Restore):
    model = Contract
    from_bin = contracts.restore
    done = gettext_lazy("The contract is back.")
