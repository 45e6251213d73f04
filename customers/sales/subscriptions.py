"""What sales does when something happens below."""

from __future__ import annotations

from crm import events
from crm.models import Event, User
from customers.sales.actions import opportunities
from customers.sales.models import Opportunity


@events.subscribe("customer.handed_over", name="sales.hand_over_open_opportunities")
def hand_over_open_opportunities(event: Event) -> None:
    """Who takes over a customer takes over what the last owner had open there. What is closed stays theirs."""
    before, after = event.data.get("owner") or (None, None)
    if not before or not after or before["id"] == after["id"]:
        return
    owner = User.objects.get(pk=after["id"])
    left = Opportunity.objects.alive().open().filter(customer=event.subject_id, owner=before["id"])
    opportunities.hand_over_many(left, owner=owner, by=event.by, at=event.at)
