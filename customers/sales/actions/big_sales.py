"""Managers hear of big sales: once when one reaches the amount its pipeline says, once when it is won or lost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_noop

from crm.actions.notifications import notify
from crm.models import Team, User
from customers.sales.models import Opportunity
from customers.sales.models.currency_rate import Rates
from customers.sales.models.forecast_period import local_day

MESSAGES = {
    "open": gettext_noop("A big sale: “%(opportunity)s” of %(owner)s, %(amount)s."),
    "won": gettext_noop("A big sale is won: “%(opportunity)s” of %(owner)s, %(amount)s."),
    "lost": gettext_noop("A big sale is lost: “%(opportunity)s” of %(owner)s, %(amount)s."),
}


def tell(opportunity: Opportunity, *, at: datetime) -> None:
    """As it stands now; each manager is told of each turn once, however often this is asked."""
    if not is_big(opportunity, at):
        return
    turn = opportunity.stage.outcome
    values = {
        "opportunity": opportunity.name,
        "owner": str(opportunity.owner or "–"),
        "amount": f"{opportunity.amount} {opportunity.currency}",
    }
    key = f"big-sale:{opportunity.pk}:{turn}"
    for manager in managers_of(opportunity):
        notify(manager, MESSAGES[turn], values=values, url=opportunity.get_absolute_url(), key=key, at=at)


def is_big(opportunity: Opportunity, at: datetime) -> bool:
    """In the organisation's currency, at the rate of the day; without a rate nobody can say."""
    limit, amount = opportunity.pipeline.big_from, opportunity.amount
    if limit is None or amount is None or opportunity.is_in_bin:
        return False
    rate = Rates(local_day(opportunity.closed_at or at)).of(opportunity.currency)
    return rate is not None and Decimal(amount) * rate >= limit


def managers_of(opportunity: Opportunity) -> list[User]:
    """Who manages the owner's team or one above it, and may see the opportunity."""
    team = opportunity.owner.team if opportunity.owner else opportunity.team
    above = Team.objects.filter(pk__in=team.path if team else []).select_related("manager")
    managers = {one.manager for one in above if one.manager and one.manager != opportunity.owner}
    seen = Opportunity.objects
    return [one for one in managers if one.is_active and seen.visible_to(one).filter(pk=opportunity.pk).exists()]
