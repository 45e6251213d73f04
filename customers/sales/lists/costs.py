"""What was spent on winning customers, as a list."""

from collections.abc import Iterable
from typing import Any

import django_filters as filters
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from crm.web.lists import Column, List
from customers.models import SourceChannel
from customers.sales.lists.choices import TeamFilter, people, teams
from customers.sales.models import Campaign, Cost


def seen_campaigns(request: Any) -> Any:
    return Campaign.objects.visible_to(request.user).order_by("name", "pk")


class CostFilter(filters.FilterSet):
    month = filters.DateFromToRangeFilter(label=_("month"))
    category = filters.MultipleChoiceFilter(label=_("category"), choices=Cost.Category.choices)
    channel = filters.MultipleChoiceFilter(label=_("channel"), choices=SourceChannel.choices)
    campaign = filters.ModelChoiceFilter(label=_("campaign"), queryset=seen_campaigns)
    owner = filters.ModelChoiceFilter(label=_("noted by"), queryset=people)
    team = TeamFilter(label=_("team"), queryset=teams)
    taken_back = filters.BooleanFilter(
        label=_("counter-entries"), field_name="corrects", lookup_expr="isnull", exclude=True
    )


class CostList(List):
    kind = "cost"
    model = Cost
    filterset_class = CostFilter
    columns = [
        Column("month", _("Month"), sort="month", format="month", link=True),
        Column("category", _("Category")),
        Column("channel", _("Channel")),
        Column("campaign", _("Campaign"), value="campaign_name"),
        Column("amount", _("Amount"), sort="amount", format="money", currency="currency", adds_up="month"),
        Column("note", _("Note")),
        Column("owner", _("Noted by"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("created_at", _("Noted"), sort="created_at", format="ago"),
        Column("external_id", _("Number in the old system")),
    ]
    default_columns = ["month", "category", "channel", "campaign", "amount", "note", "owner"]
    default_sort = "-month"
    select_related = ("owner", "team")
    create_url = "cost-new"
    create_label = _("New cost")
    empty_title = _("No costs yet")
    empty_text = _("Note what winning customers costs, month by month, or import it; then what each one cost is known.")

    def with_columns(self, queryset: QuerySet, codes: Iterable[str]) -> QuerySet:
        """Names the campaign to whoever may see it; a cost may be visible where it is not."""
        seen = Campaign.objects.visible_to(self.request.user).filter(pk=OuterRef("campaign_id")).order_by()
        return super().with_columns(queryset, codes).annotate(campaign_name=Subquery(seen.values("name")[:1]))
