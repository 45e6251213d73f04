"""What winning customers costs, and what campaigns bring in at most."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.acquisition import NEW_CUSTOMERS
from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Time, Unit
from evaluation.kpis.rows import (
    MONEY_ISSUES,
    NO_RATE,
    alive,
    channel_of,
    day_of,
    in_currency,
    money_issue,
    purchase_label,
    rate_on,
    rate_shown,
    returned,
    sales,
)
from evaluation.kpis.targets import FIRST, LAST

PAID = "AND cost.category = 'media'"


def costs_between(first: str, last: str) -> str:
    """The ledger of the months that begin between two days, as it was known."""
    return f"""cost.month >= {first} AND cost.month < {last} AND cost.created_at < period.known AND {alive("cost")}"""


_LABEL = """CASE WHEN part.kind = 'cost' THEN
        (SELECT to_char(cost.month, 'YYYY-MM') || ' ' || cost.category FROM sales_cost AS cost
            WHERE cost.id = part.id)"""
_PART = {"person": "part.owner_id", "team": "part.team_id", "channel": "part.channel"}


def acquiring(only: str, lag: str = "", months: str = "") -> Facts:
    """Costs add to the numerator, new customers to the denominator; those of months without a cost to neither.

    With a `lag`, a WITH that says so, costs are those of so many `months` before."""
    new = NEW_CUSTOMERS.facts
    first, last, month = FIRST, LAST, "date_trunc('month', first.at AT TIME ZONE period.zone)::date"
    if lag:
        first, last, month = (f"({day} - make_interval(months => {months}))::date" for day in (first, last, month))
    unknown = f"CASE WHEN {months} IS NULL THEN 'no_cycle' ELSE 'missing_costs' END" if lag else "'missing_costs'"
    told = "WHEN 'no_cycle' THEN 'no_cycle'" if lag else ""
    return Facts(
        source=f"""({lag}SELECT 'cost' AS kind, cost.id, cost.month::timestamp AT TIME ZONE period.zone AS at,
                cost.owner_id, cost.team_id, nullif(cost.channel, '') AS channel,
                {in_currency("cost.amount", "cost.currency", "cost.month")} AS amount, 0 AS customers,
                CASE WHEN {rate_on("cost.currency", "cost.month")} IS NULL THEN 'other_currency' END AS issue
            FROM sales_cost AS cost WHERE {costs_between(first, last)} {only}
            UNION ALL
            SELECT 'customer', first.customer_id, first.at, first.owner_id, first.team_id, {channel_of("first")}, 0, 1,
                CASE WHEN NOT EXISTS (SELECT FROM sales_cost AS cost
                    WHERE {costs_between(first, last)} {only} AND {rate_on("cost.currency", "cost.month")} IS NOT NULL
                        AND cost.month = {month})
                THEN {unknown} END
            FROM {new.source} WHERE {new.where} AND first.customer_id IS NOT NULL) AS part""",
        kinds=("cost", "customer"),
        kind="part.kind",
        record="part.id",
        label=f"""{_LABEL} ELSE (SELECT customer.name FROM customers_customer AS customer WHERE customer.id = part.id)
            END""",
        moment="part.at",
        value="part.amount",
        weight="part.customers",
        counted="part.issue IS NULL",
        issue=f"""CASE part.issue WHEN 'missing_costs' THEN 'missing_costs'
            WHEN 'other_currency' THEN 'other_currency' {told} END""",
        dimensions=_PART,
        shown={"amount": "nullif(part.amount, 0)", "currency": "period.currency"},
    )


NO_CUSTOMERS = _("Cost %(top)s, no customers")
ACQUIRING_ISSUES = {
    "missing_costs": _("New customers of months without any such cost in the ledger are left out."),
    "other_currency": NO_RATE,
}

CAC = Kpi(
    code="cac",
    version=2,
    name=_("Cost per new customer"),
    meaning=_("What winning a customer cost, with everything that is in the cost ledger."),
    formula=_("Costs of the months of the period, of every category / new customers of these months"),
    group="acquisition",
    unit=Unit.MONEY,
    direction=Direction.LOWER,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    guard="retention_rate",  # cheap customers may not stay
    on_dashboard=False,
    source=_("The cost ledger; won opportunities and orders. Fully loaded CAC"),
    instead=NO_CUSTOMERS,
    facts=acquiring(""),
    issues=ACQUIRING_ISSUES,
)

CAC_PAID = Kpi(
    code="cac_paid",
    version=2,
    name=_("Advertising per new customer"),
    meaning=_("What winning a customer cost in media and advertising alone."),
    formula=_("Costs of the months of the period for media and advertising / new customers of these months"),
    group="acquisition",
    unit=Unit.MONEY,
    direction=Direction.LOWER,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    guard="cac",  # what is saved here may be spent on people and agencies
    on_dashboard=False,
    source=_("The cost ledger; won opportunities and orders. Paid CAC"),
    instead=NO_CUSTOMERS,
    facts=acquiring(PAID),
    issues=ACQUIRING_ISSUES,
)

# Where a customer came from: its own campaign, kept for ever, else that of the first lead that became it.
_ORIGIN = f"""lower(coalesce(nullif(customer.campaign, ''), (SELECT lead.campaign FROM sales_lead AS lead
                WHERE lead.customer_id = customer.id AND {alive("lead")} ORDER BY lead.created_at, lead.id LIMIT 1)))"""

# A cost counts at the rate of the first day of its month.
_DAY = day_of("part.at")

CAMPAIGN_ROI = Kpi(
    code="campaign_roi",
    version=3,  # 3: less what was refunded for returns
    name=_("Return on campaigns, at most"),
    meaning=_("What customers whose first touch was a campaign brought in, for what the campaigns cost."),
    formula=_(
        "(Sold in the period to them, less refunds for returns − costs of the campaigns in the period) / these costs;"
        " the upper bound"
    ),
    group="value",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    guard="cac",
    on_dashboard=False,
    flag_as_of="state_of_today",
    source=_(
        "The cost ledger and sales, attributed to the first touch: revenue, not margin, and not all because of the"
        " campaign. What it really returned is at most this"
    ),
    facts=Facts(
        source=f"""(SELECT 'cost' AS kind, cost.id, cost.month::timestamp AT TIME ZONE period.zone AS at, cost.owner_id,
                cost.team_id, nullif(cost.channel, '') AS channel, -cost.amount AS amount, cost.amount AS spent,
                cost.currency, FALSE AS is_free
            FROM sales_cost AS cost JOIN sales_campaign AS campaign ON campaign.id = cost.campaign_id
            WHERE {costs_between(FIRST, LAST)} AND {alive("campaign")}
            UNION ALL
            SELECT sold.kind, sold.id, sold.at, sold.owner_id, sold.team_id, campaign.channel, sold.amount, 0,
                sold.currency, NOT EXISTS (SELECT FROM sales_cost AS cost WHERE cost.campaign_id = campaign.id
                    AND {costs_between(FIRST, LAST)} AND {rate_on("cost.currency", "cost.month")} IS NOT NULL)
            FROM ({sales("period.starts", "period.ends")}
                UNION ALL SELECT customer_id, at, owner_id, team_id, product_id, amount, currency, kind, id
                FROM ({returned("period.starts", "period.ends")}) AS gone) AS sold
            JOIN customers_customer AS customer ON customer.id = sold.customer_id
            JOIN sales_campaignname AS named ON lower(named.name) = {_ORIGIN}
            JOIN sales_campaign AS campaign ON campaign.id = named.campaign_id AND {alive("campaign")}) AS part""",
        kinds=("cost", "opportunity", "order"),
        kind="part.kind",
        record="part.id",
        label=f"""{_LABEL} ELSE {purchase_label("part")} END""",
        moment="part.at",
        value=in_currency("part.amount", "part.currency", _DAY),
        weight=in_currency("part.spent", "part.currency", _DAY),
        counted=f"{rate_on('part.currency', _DAY)} IS NOT NULL AND part.amount IS NOT NULL AND NOT part.is_free",
        issue=f"""CASE WHEN part.is_free THEN 'without_cost'
            ELSE {money_issue("part.amount", "part.currency", _DAY)} END""",
        dimensions=_PART,
        shown={"amount": "part.amount", "currency": "part.currency", **rate_shown("part.currency", _DAY)},
    ),
    issues={**MONEY_ISSUES, "without_cost": _("Sales of campaigns without a cost in the period are left out.")},
)

KPIS = (CAC, CAC_PAID, CAMPAIGN_ROI)
