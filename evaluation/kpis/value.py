"""What customers are worth: how often they come again, for what, and what they bring in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.acquisition import NEW_CUSTOMERS
from evaluation.kpis.customer_growth import CUSTOMER_BASE_GROWTH
from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.retention import ACTIVE_CUSTOMERS
from evaluation.kpis.rows import (
    CHANGES,
    MONEY_ISSUES,
    alive,
    channel_of,
    closed_to_stay,
    day_of,
    in_currency,
    not_in_bin,
    purchase_label,
    rate_on,
    sales,
)
from evaluation.kpis.running import active
from evaluation.kpis.sales import SOLD

# So long somebody has to buy again. Part of the definition: another number of days is another version.
WINDOW = timedelta(days=90)

_AGAIN = sales("first.at", f"least(first.at + interval '{WINDOW.days} days', period.known)", "first.customer_id")

REPEAT_PURCHASE_RATE = Kpi(
    code="repeat_purchase_rate",
    version=1,
    name=_("Repeat purchase rate"),
    meaning=_(
        "Of the customers who bought for the first time in the period, the share that bought again within 90 days."
    ),
    formula=_("With a second purchase within 90 days / customers whose first purchase lies in the period"),
    group="value",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.COHORT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    matures_after=WINDOW,
    guard="new_customers",
    on_dashboard=False,
    source=_("Won opportunities, and orders without one"),
    facts=replace(
        NEW_CUSTOMERS.facts,
        source=f"""(SELECT DISTINCT ON (bought.customer_id) bought.*
            FROM ({sales("period.starts", "period.ends")}) AS bought WHERE bought.customer_id IS NOT NULL
            ORDER BY bought.customer_id, bought.at, bought.kind, bought.id) AS first
            LEFT JOIN LATERAL (SELECT again.at FROM ({_AGAIN}) AS again
                WHERE (again.kind, again.id) <> (first.kind, first.id) ORDER BY again.at LIMIT 1) AS second ON TRUE""",
        where=f"""{not_in_bin("first.customer_id")} AND NOT EXISTS (
            {sales("'-infinity'::timestamptz", "period.starts", "first.customer_id")})""",
        kinds=("customer",),
        kind="",
        record="first.customer_id",
        label="(SELECT customer.name FROM customers_customer AS customer WHERE customer.id = first.customer_id)",
        numerator="(second.at IS NOT NULL)::int",
        counted="TRUE",
        issue="NULL::text",
        ripe=f"second.at IS NOT NULL OR first.at + interval '{WINDOW.days} days' < period.seen",
        shown={"first_purchase": purchase_label("first"), "bought_again": "second.at"},
    ),
)

RETURNING_CUSTOMERS = Kpi(
    code="returning_customers",
    version=1,
    name=_("Returning customers"),
    meaning=_("Of the customers who bought in the period, the share that had bought before it."),
    formula=_("Customers with an earlier purchase / customers with a purchase in the period"),
    group="value",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    guard="new_customers",  # it rises too when nobody new comes
    on_dashboard=False,
    source=_("Won opportunities, and orders without one"),
    facts=replace(
        ACTIVE_CUSTOMERS.facts,
        source=f"""(SELECT DISTINCT ON (bought.customer_id) bought.*
            FROM ({sales("period.starts", "period.ends")}) AS bought WHERE bought.customer_id IS NOT NULL
            ORDER BY bought.customer_id, bought.at DESC, bought.kind, bought.id DESC) AS latest""",
        numerator=f"""(EXISTS (
            {sales("'-infinity'::timestamptz", "period.starts", "latest.customer_id")}))::int""",
    ),
)

# What customers brought in in the period, and whether they were active as it began and as it ends.
_SOLD = f"""SELECT sale.customer_id, sum({in_currency("sale.amount", "sale.currency", day_of("sale.at"))}) AS amount,
                    bool_or(sale.amount IS NULL) AS is_incomplete,
                    bool_or({rate_on("sale.currency", day_of("sale.at"))} IS NULL) AS is_foreign
                FROM ({SOLD}) AS sale WHERE sale.customer_id IS NOT NULL GROUP BY sale.customer_id"""
_AT_BOTH_ENDS = CUSTOMER_BASE_GROWTH.facts

REVENUE_PER_CUSTOMER = Kpi(
    code="revenue_per_customer",
    version=4,  # 3: returns count against the day they came back, as in revenue; 4: of all, by the average number
    name=_("Revenue per customer"),
    meaning=_("What an active customer brought in in the period, on average."),
    formula=_(
        "Sold to customers in the period, less what was refunded in it for returns / active customers on average: half"
        " of those at its start and at its end together"
    ),
    group="value",
    unit=Unit.MONEY,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    guard="active_customers",
    beside=("revenue_per_customer_median",),
    on_dashboard=False,
    source=_("Won opportunities, and orders without one"),
    facts=replace(
        _AT_BOTH_ENDS,
        source=f"""(SELECT coalesce(held.customer_id, sold.customer_id) AS customer_id, held.at, held.owner_id,
                held.team_id, coalesce(held.base + held.change / 2.0, 0) AS active, coalesce(sold.amount, 0) AS amount,
                sold.is_incomplete, sold.is_foreign
            FROM {_AT_BOTH_ENDS.source} FULL JOIN ({_SOLD}) AS sold ON sold.customer_id = held.customer_id) AS held""",
        moment="coalesce(held.at, period.starts)",
        value="held.amount",
        weight="held.active",
        issue="CASE WHEN held.is_incomplete THEN 'missing_amount' WHEN held.is_foreign THEN 'other_currency' END",
        shown={"amount": "held.amount", "currency": "period.currency", "latest_purchase": "held.at"},
    ),
    issues=MONEY_ISSUES,
)

REVENUE_PER_CUSTOMER_MEDIAN = replace(
    REVENUE_PER_CUSTOMER,
    code="revenue_per_customer_median",
    version=1,
    name=_("Revenue per customer, the one in the middle"),
    meaning=_("What the active customer in the middle brought in: a few large ones do not move it."),
    formula=_(
        "Median of what was sold in the period to each customer active at its end; who bought nothing counts as 0"
    ),
    aggregation=Aggregation.MEDIAN,
    interval=Method.ORDER_STATISTICS,
    minimum_n=10,
    guard="revenue_per_customer",
    beside=("revenue_per_customer",),
    facts=replace(
        ACTIVE_CUSTOMERS.facts,
        source=f"""{ACTIVE_CUSTOMERS.facts.source} LEFT JOIN ({_SOLD}) AS sold
                ON sold.customer_id = latest.customer_id""",
        value="coalesce(sold.amount, 0)::float8",
        issue="CASE WHEN sold.is_incomplete THEN 'missing_amount' WHEN sold.is_foreign THEN 'other_currency' END",
        shown={"amount": "coalesce(sold.amount, 0)", "currency": "period.currency"},
    ),
)


# A series is what a customer has something of; a product of none stands for itself.
_SERIES = """(SELECT coalesce(nullif(lower(product.series), ''), '#' || product.id) FROM sales_product AS product
                WHERE product.id = {product})"""


def products(since: str, until: str, customer: str) -> str:
    """What a customer bought between two moments, product by product."""
    return f"""SELECT coalesce(line.product_id, change.product_id) AS product_id
            FROM {CHANGES} LEFT JOIN sales_opportunityline AS line ON line.opportunity_id = opportunity.id
            WHERE change.outcome = 'won' AND opportunity.customer_id = {customer}
                AND change.at >= {since} AND change.at < {until} AND {alive("opportunity")}
                AND {closed_to_stay(since, until)}
            UNION ALL
            SELECT line.product_id
            FROM sales_order AS purchase JOIN sales_orderline AS line ON line.order_id = purchase.id
            WHERE purchase.customer_id = {customer} AND purchase.ordered_at >= {since} AND purchase.ordered_at < {until}
                AND {alive("purchase")}"""


def series(since: str, until: str, customer: str) -> str:
    return f"""SELECT DISTINCT {_SERIES.format(product="bought.product_id")} AS name
            FROM ({products(since, until, customer)}) AS bought WHERE bought.product_id IS NOT NULL"""


_EVER = "'-infinity'::timestamptz"
_FRESH = f"""{series("period.starts", "period.ends", "latest.customer_id")}
            EXCEPT {series(_EVER, "period.starts", "latest.customer_id")}"""

CROSS_SELL_RATE = Kpi(
    code="cross_sell_rate",
    version=2,  # 2: by series of products, not by product
    name=_("Cross-sell rate"),
    meaning=_(
        "Of the customers active as the period began, the share that bought of a product series in it that they had"
        " nothing of before."
    ),
    formula=_(
        "With a purchase of a series for the first time / customers active as the period began; a product without a"
        " series stands for itself"
    ),
    group="value",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    guard="active_customers",
    beside=("series_per_customer",),
    on_dashboard=False,
    source=_("Products of won opportunities and orders, and their series"),
    facts=Facts(
        source=active("period.starts", "latest"),
        where=not_in_bin("latest.customer_id"),
        kinds=("customer",),
        record="latest.customer_id",
        label="(SELECT customer.name FROM customers_customer AS customer WHERE customer.id = latest.customer_id)",
        moment="period.starts",
        numerator=f"(EXISTS ({_FRESH}))::int",
        dimensions={"person": "latest.owner_id", "team": "latest.team_id", "channel": channel_of("latest")},
        shown={
            "latest_purchase": purchase_label("latest"),
            "series": f"(SELECT string_agg(name, ', ') FROM ({_FRESH}) AS fresh)",
        },
        idle_product=True,
    ),
)

SERIES_PER_CUSTOMER = Kpi(
    code="series_per_customer",
    version=1,
    name=_("Product series per customer"),
    meaning=_("Of how many product series an active customer has bought something so far, on average."),
    formula=_("Series bought until the end of the period, of the active customers with any / their number"),
    group="value",
    unit=Unit.COUNT,
    direction=Direction.HIGHER,
    time=Time.STOCK,
    looks_back=True,
    aggregation=Aggregation.MEAN,
    guard="active_customers",
    beside=("cross_sell_rate",),
    on_dashboard=False,
    source=CROSS_SELL_RATE.source,
    facts=replace(
        CROSS_SELL_RATE.facts,
        source=f"""{active("period.instant", "latest")} CROSS JOIN LATERAL (SELECT nullif(count(*), 0) AS number
                FROM ({series(_EVER, "period.instant", "latest.customer_id")}) AS one) AS bought""",
        moment="latest.at",
        numerator="1",
        value="bought.number",
        issue="CASE WHEN bought.number IS NULL THEN 'no_products' END",
        shown={"latest_purchase": purchase_label("latest"), "series": "bought.number"},
    ),
    issues={"no_products": _("Active customers whose purchases name no product are left out.")},
)

KPIS = (
    REPEAT_PURCHASE_RATE,
    RETURNING_CUSTOMERS,
    REVENUE_PER_CUSTOMER,
    REVENUE_PER_CUSTOMER_MEDIAN,
    CROSS_SELL_RATE,
    SERIES_PER_CUSTOMER,
)
