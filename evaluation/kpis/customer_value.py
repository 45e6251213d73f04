"""What customers were worth so far, who came twice, and what those under contract took more of."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.contracts import EXPANSIONS, NET_REVENUE_RETENTION, STARTS
from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.goods import GROSS_MARGIN
from evaluation.kpis.rows import MONEY_ISSUES, NO_RATE, channel_of, day_of, in_currency, not_in_bin, rate_on, sales
from evaluation.kpis.sales import SOLD
from evaluation.kpis.value import RETURNING_CUSTOMERS
from evaluation.kpis.windows import during

_EVER = during(SOLD, "'-infinity'::timestamptz", "period.instant")
_DAY = day_of("sold.at")

HISTORIC_VALUE = Kpi(
    code="historic_value",
    version=1,
    name=_("Customer value to date"),
    meaning=_("What a customer has brought in from the first purchase until the end of the period, on average."),
    formula=_(
        "Sold to customers until the end of the period / their number. Revenue, not margin; nothing is predicted"
    ),
    group="value",
    unit=Unit.MONEY,
    direction=Direction.HIGHER,
    time=Time.STOCK,
    looks_back=True,  # and so does the margin below
    aggregation=Aggregation.MEAN,
    guard="active_customers",
    on_dashboard=False,
    source=_("Won opportunities, and orders without one. Historic customer lifetime value"),
    facts=Facts(
        source=f"""(SELECT sold.customer_id, max(sold.at) AS at, count(*) AS sales,
                sum({in_currency("sold.amount", "sold.currency", _DAY)}) AS amount,
                bool_or(sold.amount IS NULL) AS is_incomplete,
                bool_or({rate_on("sold.currency", _DAY)} IS NULL) AS is_foreign,
                (array_agg(sold.owner_id ORDER BY sold.at DESC, sold.kind, sold.id DESC))[1] AS owner_id,
                (array_agg(sold.team_id ORDER BY sold.at DESC, sold.kind, sold.id DESC))[1] AS team_id
            FROM {_EVER} AS sold WHERE sold.customer_id IS NOT NULL GROUP BY sold.customer_id) AS worth""",
        where=not_in_bin("worth.customer_id"),
        kinds=("customer",),
        record="worth.customer_id",
        label="(SELECT customer.name FROM customers_customer AS customer WHERE customer.id = worth.customer_id)",
        moment="worth.at",
        value="coalesce(worth.amount, 0)",
        issue="CASE WHEN worth.is_incomplete THEN 'missing_amount' WHEN worth.is_foreign THEN 'other_currency' END",
        dimensions={"person": "worth.owner_id", "team": "worth.team_id", "channel": channel_of("worth")},
        shown={"sales": "worth.sales", "amount": "coalesce(worth.amount, 0)", "currency": "period.currency"},
        idle_product=True,
    ),
    issues=MONEY_ISSUES,
)

# Line by line what was left after what the goods cost; lines without a known cost are told and add nothing.
MARGINS = f"SELECT goods.* FROM {GROSS_MARGIN.facts.source}"

HISTORIC_MARGIN = replace(
    HISTORIC_VALUE,
    code="historic_margin",
    name=_("Customer value to date, as margin"),
    meaning=_("What was left of what a customer bought until the end of the period after what the goods cost."),
    formula=_(
        "Sold − cost of goods, of the lines whose cost is known, until the end of the period / customers with any"
    ),
    guard="historic_value",
    source=_("Lines of won opportunities, of orders and of returns; costs of goods. Historic CLV by gross margin"),
    facts=replace(
        HISTORIC_VALUE.facts,
        source=f"""(SELECT sold.customer_id, max(sold.at) AS at, sum(sold.worth - sold.cost) AS amount,
                bool_or(sold.cost IS NULL) AS is_incomplete, bool_or(sold.worth IS NULL) AS is_foreign,
                (array_agg(sold.owner_id ORDER BY sold.at DESC, sold.kind, sold.id DESC))[1] AS owner_id,
                (array_agg(sold.team_id ORDER BY sold.at DESC, sold.kind, sold.id DESC))[1] AS team_id
            FROM {during(MARGINS, "'-infinity'::timestamptz", "period.instant")} AS sold
            WHERE sold.customer_id IS NOT NULL GROUP BY sold.customer_id) AS worth""",
        value="worth.amount",
        counted="worth.amount IS NOT NULL",
        issue="CASE WHEN worth.is_foreign THEN 'other_currency' WHEN worth.is_incomplete THEN 'missing_cost' END",
        shown={"amount": "worth.amount", "currency": "period.currency"},
    ),
    issues={
        "other_currency": NO_RATE,
        "missing_cost": _("Customers with something sold without a known cost: that is left out."),
    },
)

IN_PERIOD_REPEAT_RATE = Kpi(
    code="in_period_repeat_rate",
    version=1,
    name=_("Repeat purchases within the period"),
    meaning=_("Of the customers who bought in the period, the share that bought more than once in it."),
    formula=_("Customers with two purchases or more in the period / customers with a purchase in the period"),
    group="value",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    guard="new_customers",
    on_dashboard=False,
    source=_("Won opportunities, and orders without one; a longer period gives a higher share"),
    facts=replace(
        RETURNING_CUSTOMERS.facts,
        source=f"""(SELECT DISTINCT ON (bought.customer_id) bought.*,
                count(*) OVER (PARTITION BY bought.customer_id) AS times
            FROM ({sales("period.starts", "period.ends")}) AS bought WHERE bought.customer_id IS NOT NULL
            ORDER BY bought.customer_id, bought.at DESC, bought.kind, bought.id DESC) AS latest""",
        numerator="(latest.times > 1)::int",
        shown={**RETURNING_CUSTOMERS.facts.shown, "purchases": "latest.times"},
    ),
)

_MORE = f"""coalesce((SELECT sum((more.after - more.before) * {rate_on("grown.currency", f"{STARTS}::date")})
            {EXPANSIONS}), 0)"""

UPSELL_VALUE_SHARE = replace(
    NET_REVENUE_RETENTION,
    code="upsell_value_share",
    version=1,
    name=_("Up-sell by value"),
    meaning=_("What customers under contract agreed on more in the period, of what they brought in as it began."),
    formula=_("Value per month added by expansions / value per month at the start; a dearer renewal does not count"),
    group="value",
    guard="gross_revenue_retention",
    on_dashboard=False,
    facts=replace(
        NET_REVENUE_RETENTION.facts,
        value=_MORE,
        shown={"expansion": _MORE, "opening": "base.opening", "currency": "period.currency"},
    ),
)

KPIS = (HISTORIC_VALUE, HISTORIC_MARGIN, IN_PERIOD_REPEAT_RATE, UPSELL_VALUE_SHARE)
