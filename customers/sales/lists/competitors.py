from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import django_filters as filters
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.web.lists import Column, List
from customers.sales.models import Competitor, Opportunity, OpportunityCompetitor, competition

COUNTED = ("open", "won", "lost", "lost_to", "win_rate")
YEAR = timedelta(days=365)


class CompetitorFilter(filters.FilterSet):
    is_active = filters.BooleanFilter(label=_("still met"))


class CompetitorList(List):
    """The list, and how often sales of the last 365 days were won against each."""

    kind = "competitor"
    model = Competitor
    filterset_class = CompetitorFilter
    columns = [
        Column("name", _("Name"), link=True, sort="name"),
        Column("open", _("Met in open opportunities"), value="tally_open", format="number"),
        Column("won", _("Won in 365 days"), value="tally_won", format="number"),
        Column("lost", _("Lost in 365 days"), value="tally_lost", format="number"),
        Column("lost_to", _("Lost to them"), value="tally_lost_to", format="number"),
        Column(
            "win_rate",
            _("Win rate"),
            value=lambda row: competition.win_rate(row.tally_won, row.tally_lost),
            format="percent",
        ),
        Column("website", _("Website")),
        Column("is_active", _("Still met"), format="yesno"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["name", "open", "won", "lost", "lost_to", "win_rate", "is_active"]
    default_sort = "name"
    create_url = "competitor-new"
    create_label = _("New competitor")
    empty_title = _("No competitors yet")
    empty_text = _("Note who else sells what you sell; then they can be named in opportunities, and counted.")

    def with_columns(self, queryset: QuerySet, codes: Iterable[str]) -> QuerySet:
        """The counts of competition.py, for each row of the page."""
        rows = super().with_columns(queryset, codes)
        if not set(COUNTED) & set(codes):
            return rows
        seen = Opportunity.objects.visible_to(self.request.user)
        met = OpportunityCompetitor.objects.filter(competitor=OuterRef("pk"), opportunity__in=seen.order_by())
        found = {}
        for name, which in competition.counts(since=timezone.now() - YEAR).items():
            counted = met.order_by().values("competitor").annotate(found=Count("pk", filter=which))
            found[f"tally_{name}"] = Coalesce(Subquery(counted.values("found")), 0)
        return rows.annotate(**found)
