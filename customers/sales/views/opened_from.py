"""What the page a new record is asked for from already says about it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from crm.web import asked
from customers.models import Customer
from customers.sales.models import Opportunity


def opened_from(request: HttpRequest, same: dict[str, str]) -> dict[str, Any]:
    """The opportunity it comes of, with what is the `same` there (field by field of the opportunity), or the customer.

    Only what the person sees: an address may name anything.
    """
    seen = Opportunity.objects.visible_to(request.user).select_related("customer", "contact")
    opportunity = asked.record(request.GET, "opportunity", seen)
    if opportunity and opportunity.customer:
        return {"opportunity": opportunity} | {ours: getattr(opportunity, name) for ours, name in same.items()}
    customer = asked.record(request.GET, "customer", Customer.objects.visible_to(request.user))
    return {"customer": customer} if customer else {}
