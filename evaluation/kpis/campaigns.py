"""What winning customers costs, by channel and campaign; which of them won a customer is said by `touches`."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.acquisition import NEW_CUSTOMERS
from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Time, Unit
from evaluation.kpis.rows import NO_RATE, alive, in_currency, rate_on
from evaluation.kpis.targets import FIRST, LAST
from evaluation.kpis.touches import FIRST_TOUCH, LAST_TOUCH, Touch

PAID = "AND cost.category = 'media'"


def costs_between(first: str, last: str) -> str:
    """The ledger of the months that begin between two days, as it was known."""
    return f"""cost.month >= {first} AND cost.month < {last} AND cost.created_at < period.known AND {alive("cost")}"""


LABEL = """CASE WHEN part.kind = 'cost' THEN
        (SELECT to_char(cost.month, 'YYYY-MM') || ' ' || cost.category FROM sales_cost AS cost
            WHERE cost.id = part.id)"""
OF_PART = {
    "person": "part.owner_id",
    "team": "part.team_id",
    "channel": "part.channel",
    "campaign": "part.campaign_id",
}

CAMPAIGN_NAME = "(SELECT named.name FROM sales_campaign AS named WHERE named.id = part.campaign_id)"

# A cost of no campaign is of none: nothing of it is given to those there are.
CAMPAIGN_OF_COST = f"""(SELECT campaign.id FROM sales_campaign AS campaign
                    WHERE campaign.id = cost.campaign_id AND {alive("campaign")})"""


def acquiring(only: str, lag: str = "", months: str = "", touch: Touch = FIRST_TOUCH) -> Facts:
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
                cost.owner_id, cost.team_id, nullif(cost.channel, '') AS channel, {CAMPAIGN_OF_COST} AS campaign_id,
                {in_currency("cost.amount", "cost.currency", "cost.month")} AS amount, 0 AS customers,
                CASE WHEN {rate_on("cost.currency", "cost.month")} IS NULL THEN 'other_currency' END AS issue
            FROM sales_cost AS cost WHERE {costs_between(first, last)} {only}
            UNION ALL
            SELECT 'customer', first.customer_id, first.at, first.owner_id, first.team_id, touch.channel,
                touch.campaign_id, 0, 1,
                CASE WHEN NOT EXISTS (SELECT FROM sales_cost AS cost
                    WHERE {costs_between(first, last)} {only} AND {rate_on("cost.currency", "cost.month")} IS NOT NULL
                        AND cost.month = {month})
                THEN {unknown} END
            FROM {new.source} {touch.of("first")}
            WHERE {new.where} AND first.customer_id IS NOT NULL) AS part""",
        kinds=("cost", "customer"),
        kind="part.kind",
        record="part.id",
        label=f"""{LABEL} ELSE (SELECT customer.name FROM customers_customer AS customer WHERE customer.id = part.id)
            END""",
        moment="part.at",
        value="part.amount",
        weight="part.customers",
        counted="part.issue IS NULL",
        issue=f"""CASE part.issue WHEN 'missing_costs' THEN 'missing_costs'
            WHEN 'other_currency' THEN 'other_currency' {told} END""",
        dimensions=OF_PART,
        shown={"amount": "nullif(part.amount, 0)", "currency": "period.currency", "campaign": CAMPAIGN_NAME},
    )


NO_CUSTOMERS = _("Cost %(top)s, no customers")
ACQUIRING_ISSUES = {
    "missing_costs": _("New customers of months without any such cost in the ledger are left out."),
    "other_currency": NO_RATE,
}

CAC = Kpi(
    code="cac",
    version=4,  # 3: by campaign; where no cost is known, there is no value; 4: new customers by contract, too
    name=_("Cost per new customer"),
    meaning=_("What winning a customer cost, with everything that is in the cost ledger."),
    formula=_("Costs of the months of the period, of every category / new customers of these months"),
    group="acquisition",
    unit=Unit.MONEY,
    direction=Direction.LOWER,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    guard="retention_rate",  # cheap customers may not stay
    beside=("cac_last_touch",),
    on_dashboard=False,
    costs=True,
    source=_("The cost ledger; won opportunities, orders and contracts. Fully loaded CAC"),
    instead=NO_CUSTOMERS,
    facts=acquiring(""),
    issues=ACQUIRING_ISSUES,
)

CAC_PAID = Kpi(
    code="cac_paid",
    version=4,  # as of cac
    name=_("Advertising per new customer"),
    meaning=_("What winning a customer cost in media and advertising alone."),
    formula=_("Costs of the months of the period for media and advertising / new customers of these months"),
    group="acquisition",
    unit=Unit.MONEY,
    direction=Direction.LOWER,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    guard="cac",  # what is saved here may be spent on people and agencies
    beside=("cac_paid_last_touch",),
    on_dashboard=False,
    costs=True,
    source=_("The cost ledger; won opportunities, orders and contracts. Paid CAC"),
    instead=NO_CUSTOMERS,
    facts=acquiring(PAID),
    issues=ACQUIRING_ISSUES,
)

CAC_LAST_TOUCH = replace(
    CAC,
    code=f"{CAC.code}{LAST_TOUCH.suffix}",
    version=2,  # 2: as of cac
    name=_("Cost per new customer, by last touch"),
    meaning=_("What winning a customer cost, where channel and campaign are those that touched the customer last."),
    formula=_(
        "Costs of the months of the period, of every category / new customers of these months; each of the channel and"
        " campaign of the last touch before the first purchase began"
    ),
    beside=("cac",),
    flag_as_of="state_of_today",
    facts=acquiring("", touch=LAST_TOUCH),
)

KPIS = (CAC, CAC_LAST_TOUCH, CAC_PAID)
