"""What there is to ask of a campaign in numbers: the panel on its page that leads to the pages of the KPIs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from customers.sales.models import Campaign
from evaluation import kpis
from evaluation.engine import Scope, scopes
from evaluation.engine.asking import default_scope
from evaluation.formulas.periods import Period
from evaluation.models import Measurement
from evaluation.views import scoping

CODES = ("campaign_roi", "campaign_margin_roi", "campaign_return", "cac", "cac_payback", "lead_conversion")


class CampaignNumbers(View):
    """Each from its first day until today: what was sold later may be of it, too."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        campaign = guards.get_visible(Campaign.objects.all(), user, pk=pk)
        guards.require(user, Measurement.kind, Verb.VIEW)
        period = _since(campaign, scoping.today(timezone.now()))
        scope = Scope("campaign", campaign.pk, campaign.name)
        # Whose numbers reach less far than a campaign's: theirs, with the campaign as a part.
        query = scoping.query(scope, period) if scopes.reachable(user, scope) else ""
        query = query or scoping.query(default_scope(user), period, by="campaign") + "#parts"
        found = [kpis.get(code) for code in CODES]
        links = [(kpi, reverse("kpi-detail", args=[kpi.code]) + query) for kpi in found]
        return render(request, "evaluation/campaign/panel.html", {"links": links})


def _since(campaign: Campaign, today: date) -> Period:
    first = campaign.starts or campaign.created_at.date()
    first = min(first, today).replace(day=1)  # costs are noted by the month
    return Period(max(first, today - timedelta(days=scoping.LONGEST_DAYS - 1)), today)
