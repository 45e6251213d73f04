"""Whom a rule names hears of big sales: once when one reaches its amount, once when it is won or lost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_noop

from crm.actions.notifications import notify
from crm.models import Team, User
from customers.sales.models import BigSaleRule, Opportunity, closed_amounts
from customers.sales.models.currency_rate import Rates
from customers.sales.models.forecast_period import local_day

KEY = "big-sale"
MESSAGES = {
    "open": gettext_noop("A big sale: “%(opportunity)s” of %(owner)s, %(amount)s."),
    "won": gettext_noop("A big sale is won: “%(opportunity)s” of %(owner)s, %(amount)s."),
    "lost": gettext_noop("A big sale is lost: “%(opportunity)s” of %(owner)s, %(amount)s."),
}


def tell(opportunity: Opportunity, *, at: datetime) -> None:
    """As it stands now; each rule tells each person of each turn once, however often this is asked.

    Whom several rules name is told by the one with the largest amount: the same sentence twice says nothing more.
    """
    turn = opportunity.stage.outcome
    values = {
        "opportunity": opportunity.name,
        "owner": str(opportunity.owner or "–"),
        "amount": f"{opportunity.amount} {opportunity.currency}",
    }
    for person, rule in _told(opportunity, at).items():
        key = f"{KEY}:{opportunity.pk}:{turn}:{rule.pk}"
        notify(person, MESSAGES[turn], values=values, url=opportunity.get_absolute_url(), key=key, at=at)


def _told(opportunity: Opportunity, at: datetime) -> dict[User, BigSaleRule]:
    """Who hears of it as it stands, and by which rule; nobody who may not see it, nor its owner."""
    if opportunity.amount is None or opportunity.is_in_bin:
        return {}
    rules = list(BigSaleRule.objects.about(opportunity).prefetch_related("people"))
    worth = worth_of(opportunity, at) if rules else None
    if worth is None:
        return {}
    managers = managers_of(opportunity) if any(rule.tells_managers for rule in rules) else []
    told: dict[User, BigSaleRule] = {}
    for rule in rules:
        if rule.amount <= worth:
            told |= dict.fromkeys([*rule.people.all(), *(managers if rule.tells_managers else [])], rule)
    told = {person: rule for person, rule in told.items() if person.is_active and person != opportunity.owner}
    return {person: rule for person, rule in told.items() if _sees(person, opportunity)}


def worth_of(opportunity: Opportunity, at: datetime) -> Decimal | None:
    """In the organisation's currency, at the rate of the day; without a rate nobody can say."""
    rate = Rates(local_day(opportunity.closed_at or at)).of(opportunity.currency)
    return None if rate is None or opportunity.amount is None else Decimal(opportunity.amount) * rate


def managers_of(opportunity: Opportunity) -> list[User]:
    """Who manages the owner's team or one above it."""
    team = opportunity.owner.team if opportunity.owner else opportunity.team
    above = Team.objects.filter(pk__in=team.path if team else []).select_related("manager")
    return [one.manager for one in above if one.manager]


def _sees(person: User, opportunity: Opportunity) -> bool:
    if closed_amounts.are_hidden_from(person):
        return False
    return bool(Opportunity.objects.visible_to(person).filter(pk=opportunity.pk).exists())
