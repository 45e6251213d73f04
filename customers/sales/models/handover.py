"""What becomes of sales when customers are handed over: what goes along with the open work, and what stays credited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.translation import ngettext

from crm.web import formats
from customers.models import handover
from customers.sales.models.contract import Contract
from customers.sales.models.credit import stays_with_customers
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.quote import Quote


def foretold(customers: Any, *, user: Any, now: datetime) -> list[str]:
    parts = [*handover.open_work(customers), *_open_sales(customers)]
    return [*handover.goes_along(parts), *stays_with_customers(customers, user=user, now=now)]


def _open_sales(customers: Any) -> list[str]:
    """As subscriptions.hand_over_open_opportunities moves it."""
    theirs: dict[str, Any] = {"customer__in": customers.order_by().values("pk"), "owner": F("customer__owner")}
    sales = Opportunity.objects.alive().open().filter(**theirs).count()
    contracts = Contract.objects.alive().not_ended().filter(**theirs).count()
    quotes = Quote.objects.alive().not_answered().filter(**theirs).count()
    told = (
        (sales, ngettext("%(count)s open opportunity", "%(count)s open opportunities", sales)),
        (contracts, ngettext("%(count)s contract", "%(count)s contracts", contracts)),
        (quotes, ngettext("%(count)s quote without answer", "%(count)s quotes without answer", quotes)),
    )
    return [text % {"count": formats.number(count)} for count, text in told if count]
