"""Which campaign and channel a customer is credited to: the first that touched it, or the last before it bought.

As customers/sales/models/attribution.py tells it beside an opportunity. Each rule is a KPI of its own, because the rule
is part of what a number means; `touch` is the row with `channel`, `campaign_id` and `since`.
"""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.kpis.rows import alive, day_of

# The campaign of a name or code it has or had. Of few campaigns the planner makes a table once.
_NAMED = f"""(SELECT lower(known.name) AS key, known.campaign_id FROM sales_campaignname AS known
                JOIN sales_campaign AS campaign ON campaign.id = known.campaign_id AND {alive("campaign")}) AS named"""


def named_campaign(text: str) -> str:
    return f"(SELECT named.campaign_id FROM {_NAMED} WHERE named.key = lower({text}))"


def _first(customer: str) -> str:
    """Its own channel and campaign, kept for ever, else those of the first lead that became it."""
    return f"""SELECT coalesce(nullif(customer.channel, ''), nullif(lead.channel, '')) AS channel, named.campaign_id,
                coalesce(customer.first_contact_on, {day_of("lead.created_at")}) AS since
            FROM customers_customer AS customer LEFT JOIN LATERAL (
                SELECT lead.channel, lead.campaign, lead.created_at FROM sales_lead AS lead
                WHERE lead.customer_id = customer.id AND {alive("lead")}
                ORDER BY lead.created_at, lead.id LIMIT 1) AS lead ON TRUE
            LEFT JOIN {_NAMED} ON named.key = lower(coalesce(nullif(customer.campaign, ''), lead.campaign))
            WHERE customer.id = {customer}"""


def answers(members: str, until: str) -> str:
    return f"""SELECT campaign.channel, campaign.id AS campaign_id, member.responded_on AS since, 1 AS place, member.id
                FROM sales_campaignmember AS member
                JOIN sales_campaign AS campaign ON campaign.id = member.campaign_id AND {alive("campaign")}
                WHERE {members} AND member.state = 'responded' AND member.responded_on <= {day_of(until)}"""


def _last(customer: str, until: str) -> str:
    """Of what somebody of the customer responded to, and the leads that came in, the last until a moment; where there
    is neither, the first touch was the last one too."""
    of_contact = f"""member.contact_id IN (SELECT link.contact_id FROM customers_customercontact AS link
                    WHERE link.customer_id = {customer})"""
    of_lead = f"member.lead_id IN (SELECT lead.id FROM sales_lead AS lead WHERE lead.customer_id = {customer})"
    return f"""SELECT past.channel, past.campaign_id, past.since FROM (
                {answers(of_contact, until)}
                UNION ALL {answers(of_lead, until)}
                UNION ALL
                SELECT nullif(lead.channel, ''), named.campaign_id, {day_of("lead.created_at")}, 2, lead.id
                FROM sales_lead AS lead LEFT JOIN {_NAMED} ON named.key = lower(lead.campaign)
                WHERE lead.customer_id = {customer} AND lead.created_at <= {until} AND {alive("lead")}
                    AND (lead.channel <> '' OR lead.campaign <> '')
                UNION ALL
                SELECT first.channel, first.campaign_id, '-infinity', 3, 0 FROM ({_first(customer)}) AS first
            ) AS past ORDER BY past.since DESC, past.place, past.id DESC LIMIT 1"""


@dataclass(frozen=True)
class Touch:
    """A rule of attribution. `suffix` is what the codes of its KPIs end with."""

    suffix: str

    def of(self, bought: str) -> str:
        """The touch of each row of a purchase: `kind`, `id`, `at` and `customer_id`."""
        if not self.suffix:
            return f"LEFT JOIN LATERAL ({_first(f'{bought}.customer_id')}) AS touch ON TRUE"
        return f"""LEFT JOIN LATERAL ({_last(f"{bought}.customer_id", began(bought))}) AS touch ON TRUE"""


def began(bought: str) -> str:
    """When a purchase began to be one: as its opportunity was opened, where it has one with a known beginning."""
    return f"""least({bought}.at, (SELECT opportunity.opened_at FROM sales_opportunity AS opportunity
                WHERE opportunity.id = CASE {bought}.kind WHEN 'opportunity' THEN {bought}.id WHEN 'order' THEN (
                    SELECT placed.opportunity_id FROM sales_order AS placed WHERE placed.id = {bought}.id) ELSE (
                    SELECT signed.opportunity_id FROM sales_contract AS signed WHERE signed.id = {bought}.id) END))"""


FIRST_TOUCH = Touch("")
LAST_TOUCH = Touch("_last_touch")
