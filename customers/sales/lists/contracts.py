from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.web.lists import BulkAction, Column, List
from customers.sales.actions import contracts
from customers.sales.forms.contracts import HandOverContractsForm
from customers.sales.lists.choices import TeamFilter, people, products, teams
from customers.sales.models import ChurnReason, Contract, State
from customers.sales.models.contract import state_on


class ContractFilter(filters.FilterSet):
    state = filters.MultipleChoiceFilter(label=_("state"), choices=State.choices, method="in_states")
    owner = filters.ModelChoiceFilter(label=_("owner"), queryset=people)
    team = TeamFilter(label=_("team"), queryset=teams)
    product = filters.ModelChoiceFilter(label=_("product"), queryset=products)
    monthly_value = filters.RangeFilter(label=_("value per month"))
    end = filters.DateFromToRangeFilter(label=_("last day"))
    renews_automatically = filters.BooleanFilter(label=_("renews by itself"))
    churn_reason = filters.ModelChoiceFilter(
        label=_("why it ended"), queryset=lambda request: ChurnReason.objects.visible_to(request.user)
    )

    def in_states(self, queryset: Any, name: str, states: list[str]) -> Any:
        return queryset.with_state(timezone.localdate()).filter(state__in=states) if states else queryset


def state_today() -> Any:
    return state_on(timezone.localdate())


class ContractList(List):
    kind = "contract"
    model = Contract
    filterset_class = ContractFilter
    columns = [
        Column("name", _("Name"), link=True, sort="name"),
        Column("customer", _("Customer"), value="customer.name"),
        Column("state", _("State"), value="state_label", divides=(state_today, State.choices)),
        Column(
            "monthly_value",
            _("Value per month"),
            sort="monthly_value",
            format="money",
            currency="currency",
            adds_up="now",
        ),
        Column("start", _("First day"), sort="start", format="day"),
        Column("end", _("Last day"), sort="end", format="day"),
        Column("last_notice", _("Can be cancelled until"), format="day"),
        Column("renews_automatically", _("Renews by itself"), format="yesno"),
        Column("product", _("Product"), value="product.name"),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("churned_from", _("Ended from"), sort="churned_from", format="day"),
        Column("churn_reason", _("Why it ended"), value="churn_reason.name"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
        Column("external_id", _("Number in the old system")),
    ]
    default_columns = ["name", "customer", "state", "monthly_value", "start", "end", "owner"]
    default_sort = "-updated_at"
    select_related = ("customer", "owner", "team", "product", "churn_reason")
    bulk_actions = [
        BulkAction(
            "hand-over",
            _("Hand over"),
            run=contracts.hand_over_many,
            verb=Verb.ASSIGN,
            form=HandOverContractsForm,
            icon="user-check",
        )
    ]
    create_url = "contract-new"
    create_label = _("New contract")
    create_in_dialog = False
    empty_title = _("No contracts yet")
    empty_text = _("Note what a customer pays for again and again; its renewal is then prepared in time.")

    def with_columns(self, queryset: QuerySet, codes: Iterable[str]) -> QuerySet:
        rows: Any = super().with_columns(queryset, codes)
        return rows.with_state(timezone.localdate())
