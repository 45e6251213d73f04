"""How customers are won."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.rows import alive, channel_of, not_in_bin, purchase_label
from evaluation.kpis.running import beginnings
from evaluation.kpis.touches import LAST_TOUCH, answers, named_campaign

NEW_CUSTOMERS = Kpi(
    code="new_customers",
    version=2,  # 2: a contract that begins to run is a first purchase, too
    name=_("New customers"),
    meaning=_("Customers whose first purchase or contract ever lies in the period."),
    formula=_(
        "Number of customers whose earliest won opportunity, order or beginning of a contract lies in the period"
    ),
    group="acquisition",
    unit=Unit.COUNT,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.COUNT,
    interval=Method.POISSON,
    guard="revenue",
    source=_("Won opportunities, orders and contracts; defined after Farris et al., Marketing Metrics"),
    facts=Facts(
        source=f"""(SELECT DISTINCT ON (bought.customer_id) bought.*
            FROM ({beginnings("period.starts", "period.ends")}) AS bought
            ORDER BY bought.customer_id, bought.at, bought.kind, bought.id) AS first""",
        where=f"""{not_in_bin("first.customer_id")} AND NOT EXISTS (
            {beginnings("'-infinity'::timestamptz", "period.starts", "first.customer_id")})""",
        kinds=("customer", "opportunity", "order"),
        kind="CASE WHEN first.customer_id IS NULL THEN first.kind ELSE 'customer' END",
        record="coalesce(first.customer_id, first.id)",
        label=f"""coalesce((SELECT customer.name FROM customers_customer AS customer
            WHERE customer.id = first.customer_id), {purchase_label("first")})""",
        moment="first.at",
        counted="first.customer_id IS NOT NULL",
        issue="CASE WHEN first.customer_id IS NULL THEN 'missing_customer' END",
        dimensions={
            "person": "first.owner_id",
            "team": "first.team_id",
            "channel": channel_of("first"),
            "product": "first.product_id",
        },
        member="first.customer_id",
        shown={"first_purchase": purchase_label("first"), "amount": "first.amount", "currency": "first.currency"},
        idle_product=True,
    ),
    issues={"missing_customer": _("Purchases without a customer cannot be counted.")},
)

# So long a lead has to become a customer. Part of the definition: another number of days is another version.
WINDOW = timedelta(days=90)

CAME_IN = f"lead.created_at >= period.starts AND lead.created_at < period.ends AND {alive('lead')}"
IS_NONE = "lead.state = 'discarded' AND lead.reason IN ('duplicate', 'spam')"
OF_LEAD = {
    "person": "lead.owner_id",
    "team": "lead.team_id",
    "channel": "nullif(lead.channel, '')",
    "campaign": named_campaign("lead.campaign"),
}
NO_LEAD = _("Leads that were spam or known already are left out.")

LEAD_CONVERSION = Kpi(
    code="lead_conversion",
    version=2,  # 2: by campaign
    name=_("Lead conversion"),
    meaning=_("Of the leads that came in in the period, the share that became customers within 90 days."),
    formula=_("Converted within 90 days / leads that came in, without spam and those known already"),
    group="acquisition",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.COHORT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    matures_after=WINDOW,
    guard="win_rate",  # whoever makes a customer of everybody loses them later
    beside=("lead_conversion_last_touch",),
    on_dashboard=False,
    flag_as_of="state_of_today",
    source=_("Leads"),
    facts=Facts(
        source="sales_lead AS lead",
        where=CAME_IN,
        kinds=("lead",),
        record="lead.id",
        label="lead.name",
        moment="lead.created_at",
        numerator=f"""coalesce(lead.converted_at <= lead.created_at + interval '{WINDOW.days} days'
            AND lead.converted_at < period.known, FALSE)::int""",
        counted=f"NOT ({IS_NONE})",
        issue=f"CASE WHEN {IS_NONE} THEN 'no_lead' END",
        ripe=f"""coalesce(lead.converted_at < period.known, FALSE)
            OR lead.created_at + interval '{WINDOW.days} days' < period.seen""",
        dimensions=OF_LEAD,
        shown={"created_at": "lead.created_at", "converted_at": "lead.converted_at"},
    ),
    issues={"no_lead": NO_LEAD},
)

# What the lead responded to last before it was converted, or the days were over; else what it came in by.
_ANSWERED = answers(
    "member.lead_id = lead.id",
    f"least(lead.converted_at, lead.created_at + interval '{WINDOW.days} days')",
)

LEAD_CONVERSION_LAST_TOUCH = replace(
    LEAD_CONVERSION,
    code=f"{LEAD_CONVERSION.code}{LAST_TOUCH.suffix}",
    version=1,
    name=_("Lead conversion, by last touch"),
    meaning=_(
        "Of the leads that came in in the period, the share that became customers within 90 days; of the channel and"
        " campaign they responded to last before."
    ),
    beside=("lead_conversion",),
    facts=replace(
        LEAD_CONVERSION.facts,
        source=f"""sales_lead AS lead LEFT JOIN LATERAL ({_ANSWERED}
                ORDER BY member.responded_on DESC, member.id DESC LIMIT 1) AS answer ON TRUE""",
        dimensions={
            **OF_LEAD,
            "channel": "coalesce(answer.channel, nullif(lead.channel, ''))",
            "campaign": f"coalesce(answer.campaign_id, {named_campaign('lead.campaign')})",
        },
    ),
)

KPIS = (NEW_CUSTOMERS, LEAD_CONVERSION, LEAD_CONVERSION_LAST_TOUCH)
