"""The mailings of all campaigns as a list, with what became of their letters."""

from collections.abc import Iterable

import django_filters as filters
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.web.lists import Column, List
from customers.sales.lists.choices import TeamFilter, people, teams
from customers.sales.lists.costs import seen_campaigns
from customers.sales.models import Campaign, Mailing, MailingLetter
from customers.sales.models.mailing_letter import FIGURES

TONES = {"draft": "neutral", "running": "info", "stopped": "warn", "done": "good"}


class MailingFilter(filters.FilterSet):
    state = filters.MultipleChoiceFilter(label=_("state"), choices=Mailing.State.choices)
    campaign = filters.ModelChoiceFilter(label=_("campaign"), queryset=seen_campaigns)
    starts_at = filters.DateFromToRangeFilter(label=_("sent from"))
    owner = filters.ModelChoiceFilter(label=_("owner"), queryset=people)
    team = TeamFilter(label=_("team"), queryset=teams)


class MailingList(List):
    kind = "mailing"
    model = Mailing
    filterset_class = MailingFilter
    columns = [
        Column("name", _("Name"), link=True, sort="name"),
        Column("campaign", _("Campaign"), value="campaign_name"),
        Column("state", _("State"), format="badge", tones=TONES),
        Column("purpose", _("Purpose"), value="purpose.name"),
        Column("starts_at", _("Sent from"), sort="starts_at", format="moment"),
        Column("planned", _("Planned"), value="figures.planned", format="number"),
        Column("sent", pgettext_lazy("letters", "Sent"), value="figures.sent", format="number"),
        Column("bounced", _("Came back"), value="figures.bounced", format="number"),
        Column("unsubscribed", _("Unsubscribed"), value="figures.unsubscribed", format="number"),
        Column("answered", _("Answered"), value="figures.answered", format="number"),
        Column("failed", _("Not sent"), value="figures.failed", format="number"),
        Column("excluded", _("Left out"), value="figures.excluded", format="number"),
        Column("done_at", _("Done"), format="moment"),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["name", "campaign", "state", "starts_at", "planned", "sent", "excluded", "unsubscribed", "owner"]
    default_sort = "-updated_at"
    select_related = ("purpose", "owner", "team")
    empty_title = _("No mailings yet")
    empty_text = _("A mailing is written on the page of its campaign: a letter to all its members.")

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        return queryset.filter(name__icontains=text)

    def with_columns(self, queryset: QuerySet, codes: Iterable[str]) -> QuerySet:
        """Names the campaign to whoever may see it; all figures of a mailing are one count over its letters."""
        asked = list(codes)
        seen = Campaign.objects.visible_to(self.request.user).filter(pk=OuterRef("campaign_id")).order_by()
        queryset = super().with_columns(queryset, asked).annotate(campaign_name=Subquery(seen.values("name")[:1]))
        names = [name for name in asked if name in FIGURES]
        if not names:
            return queryset
        counts = {name: Count("pk", filter=FIGURES[name]) for name in names}
        letters = MailingLetter.objects.filter(mailing=OuterRef("pk")).order_by()  # scoped: only counted
        counted = letters.values("mailing").annotate(figures=JSONObject(**counts)).values("figures")
        return queryset.annotate(figures=Subquery(counted))
