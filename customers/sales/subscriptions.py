"""What sales does when something happens below."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from crm import events
from crm.actions import journal
from crm.models import Event, User
from customers.actions import daily_summaries
from customers.models import erasing, following, pool_release
from customers.models.following import Follower, How
from customers.sales.actions import (
    big_sales,
    campaigns,
    contract_renewals,
    contracts,
    erasing_of,
    lead_letters,
    leads,
    opportunities,
    quotes,
)
from customers.sales.models import Contract, Opportunity, Quote, lead_score

journal.restored_with(  # who had it when is written down there
    "sales.Opportunity", opportunities.put_back, out_of_bin=opportunities.restore
)
journal.restored_with("sales.Lead", out_of_bin=leads.restore)
journal.restored_with("sales.Quote", quotes.put_back)
journal.restored_with("sales.Contract", contracts.put_back)
journal.restored_with("sales.CampaignMember", take_away=campaigns.take_out_again)
pool_release.protects(
    "won opportunity",
    "SELECT customer_id, closed_at AS at FROM sales_opportunity WHERE deleted_at IS NULL AND closed_at IS NOT NULL"
    " AND stage_id IN (SELECT id FROM sales_stage WHERE outcome = 'won')",
)
following.register(
    Follower("sales.Opportunity", moved=opportunities.note_moved),
    Follower("sales.StageChange", how=How.STAYS),  # what was true then; where it goes on is a row of its own
    Follower("sales.Lead"),
    Follower("sales.Order"),
    Follower("sales.RfmScore", how=How.STAYS),  # computed anew every night
    Follower("sales.Contract"),
    Follower("sales.Quote"),
)
erasing.register(*erasing_of.HOLDERS)
daily_summaries.tells(big_sales.KEY, gettext_lazy("Big sales"))


@events.subscribe("customer.handed_over", name="sales.hand_over_open_opportunities")
def hand_over_open_opportunities(event: Event) -> None:
    """Who takes over a customer takes over what the last owner had open there. What is closed stays theirs."""
    before, after = event.data.get("owner") or (None, None)
    if not before or not after or before["id"] == after["id"]:
        return
    owner = User.objects.get(pk=after["id"])
    left = Opportunity.objects.alive().open().filter(customer=event.subject_id, owner=before["id"])
    # Part of the same handover: where that was done to many at once, it is undone with it.
    with journal.resumed("customers.Customer", event.subject_id, event.at) as operation:
        if operation is None or operation.undone_at is None:
            opportunities.hand_over_many(left, owner=owner, by=event.by, at=event.at)
            running = Contract.objects.alive().not_ended().filter(customer=event.subject_id, owner=before["id"])
            contracts.hand_over_many(running, owner=owner, by=event.by, at=event.at)
            offered = Quote.objects.alive().not_answered().filter(customer=event.subject_id, owner=before["id"])
            quotes.hand_over_many(offered, owner=owner, by=event.by, at=event.at)


@events.subscribe(
    ["opportunity.created", "opportunity.updated", "opportunity.moved", "opportunity.won", "opportunity.lost"],
    name="sales.tell_of_big_sales",
)
def tell_of_big_sales(event: Event) -> None:
    """As the opportunity stands when this comes to be heard; every turn it took has an event of its own."""
    opportunity = Opportunity._base_manager.filter(pk=event.subject_id).first()
    if opportunity is not None:
        big_sales.tell(opportunity, at=event.at)


@events.subscribe("opportunity.won", name="sales.renew_the_contract_sold")
def renew_the_contract_sold(event: Event) -> None:
    contract_renewals.renew_as_sold(event.subject_id, by=event.by, at=event.at)


@events.subscribe(("settings.created", "settings.changed", "settings.deleted"), name="sales.score_leads_anew")
def score_leads_anew(event: Event) -> None:
    """Another rule, another score: of all open leads, in one statement."""
    if event.data.get("model") == "sales.leadscorerule":
        lead_score.compute(event.at)


@events.subscribe(("email.sent", "email.received"), name="sales.note_letters_of_leads")
def note_letters_of_leads(event: Event) -> None:
    lead_letters.note(event)


@events.subscribe("import.finished", name="sales.score_imported_leads")
def score_imported_leads(event: Event) -> None:
    if event.data.get("kind") == "lead":
        lead_score.compute(event.at)
