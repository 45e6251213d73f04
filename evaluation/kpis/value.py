"""What customers are worth: how often they come again, for what, and what they bring in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.acquisition import NEW_CUSTOMERS
from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.retention import ACTIVE_CUSTOMERS, WINDOW_DAYS
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

REVENUE_PER_CUSTOMER = Kpi(
    code="revenue_per_customer",
    version=3,  # 3: returns count against the day they came back, as in revenue
    name=_("Revenue per customer"),
    meaning=_("What an active customer brought in in the period, on average."),
    formula=_(
        "Sold in the period to customers active at its end, less what was refunded to them in it for returns / their"
        " number; who bought nothing in it counts as 0"
    ),
    group="value",
    unit=Unit.MONEY,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.MEAN,
    guard="active_customers",
    on_dashboard=False,
    source=_("Won opportunities, and orders without one"),
    facts=replace(
        ACTIVE_CUSTOMERS.facts,
        source=f"""{ACTIVE_CUSTOMERS.facts.source} LEFT JOIN (
                SELECT sale.customer_id,
                    sum({in_currency("sale.amount", "sale.currency", day_of("sale.at"))}) AS amount,
                    bool_or(sale.amount IS NULL) AS is_incomplete,
                    bool_or({rate_on("sale.currency", day_of("sale.at"))} IS NULL) AS is_foreign
                FROM ({SOLD}) AS sale GROUP BY sale.customer_id
            ) AS sold ON sold.customer_id = latest.customer_id""",
        value="coalesce(sold.amount, 0)",
        issue="CASE WHEN sold.is_incomplete THEN 'missing_amount' WHEN sold.is_foreign THEN 'other_currency' END",
        shown={"amount": "coalesce(sold.amount, 0)", "currency": "period.currency"},
    ),
    issues=MONEY_ISSUES,
)


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


CROSS_SELL_RATE = Kpi(
    code="cross_sell_rate",
    version=1,
    name=_("Cross-sell rate"),
    meaning=_(
        "Of the customers active as the period began, the share that bought a product in it they had not before."
    ),
    formula=_("With a product bought for the first time / customers with a purchase in the 365 days before the period"),
    group="value",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    guard="active_customers",
    on_dashboard=False,
    source=_("Products of won opportunities and orders"),
    facts=Facts(
        source=f"""(SELECT DISTINCT ON (bought.customer_id) bought.*
            FROM ({sales(f"period.starts - interval '{WINDOW_DAYS} days'", "period.starts")}) AS bought
            WHERE bought.customer_id IS NOT NULL
            ORDER BY bought.customer_id, bought.at DESC, bought.kind, bought.id DESC) AS latest""",
        where=not_in_bin("latest.customer_id"),
        kinds=("customer",),
        record="latest.customer_id",
        label="(SELECT customer.name FROM customers_customer AS customer WHERE customer.id = latest.customer_id)",
        moment="period.starts",
        numerator=f"""(EXISTS (SELECT FROM ({products("period.starts", "period.ends", "latest.customer_id")}) AS fresh
            WHERE fresh.product_id IS NOT NULL AND fresh.product_id NOT IN (SELECT had.product_id
                FROM ({products("'-infinity'::timestamptz", "period.starts", "latest.customer_id")}) AS had
                WHERE had.product_id IS NOT NULL)))::int""",
        dimensions={"person": "latest.owner_id", "team": "latest.team_id", "channel": channel_of("latest")},
        shown={"latest_purchase": purchase_label("latest")},
    ),
)

KPIS = (REPEAT_PURCHASE_RATE, RETURNING_CUSTOMERS, REVENUE_PER_CUSTOMER, CROSS_SELL_RATE)
