"""How selling goes. Credit goes to whoever held the opportunity when it happened."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.rows import (
    CHANGES,
    MONEY_ISSUES,
    ORDERED_PRODUCT,
    alive,
    channel_of,
    closed_as,
    day_of,
    in_currency,
    money_issue,
    rate_shown,
    returned,
)

AS_CLOSED = {
    "person": "change.owner_id",
    "team": "change.team_id",
    "channel": channel_of("opportunity"),
    "product": "change.product_id",
    "customer": "opportunity.customer_id",
}

WIN_RATE = Kpi(
    code="win_rate",
    version=1,
    name=_("Win rate"),
    meaning=_("Of the opportunities closed in the period, the share that was won."),
    formula=_("Won / (won + lost), of the opportunities closed in the period and not reopened since"),
    group="sales",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    guard="pipeline_value",  # a rate is also raised by never closing what is lost
    partner="cohort_win_rate",
    source=_("Stage changes of opportunities"),
    facts=Facts(
        source=CHANGES,
        where=closed_as("won", "lost"),
        kinds=("opportunity",),
        record="opportunity.id",
        label="opportunity.name",
        moment="change.at",
        numerator="(change.outcome = 'won')::int",
        dimensions=AS_CLOSED,
        shown={"outcome": "change.outcome", "amount": "change.amount", "currency": "change.currency"},
    ),
)

SALES_CYCLE = Kpi(
    code="sales_cycle",
    version=2,  # 2: without those written down only as they were won
    name=_("Sales cycle"),
    meaning=_("How long the opportunities won in the period took from their beginning."),
    formula=_("Median time from opened to won, of the opportunities won in the period and not opened as they were won"),
    group="sales",
    unit=Unit.SECONDS,
    direction=Direction.LOWER,
    time=Time.EVENT,
    aggregation=Aggregation.MEDIAN,
    interval=Method.ORDER_STATISTICS,
    minimum_n=10,
    guard="win_rate",
    beside=("sales_cycle_mean", "sales_cycle_p75", "open_opportunity_age", "time_to_close"),
    source=_("Stage changes of opportunities"),
    facts=Facts(
        source=CHANGES,
        where=closed_as("won"),
        kinds=("opportunity",),
        record="opportunity.id",
        label="opportunity.name",
        moment="change.at",
        value="""CASE WHEN opportunity.opened_at < change.at
            THEN date_part('epoch', change.at - opportunity.opened_at) END""",
        issue="""CASE WHEN opportunity.opened_at IS NULL THEN 'missing_opened_at'
            WHEN opportunity.opened_at > change.at THEN 'opened_after_won'
            WHEN opportunity.opened_at = change.at THEN 'opened_as_won' END""",
        dimensions=AS_CLOSED,
        shown={"opened_at": "opportunity.opened_at", "won_at": "change.at"},
    ),
    issues={
        "missing_opened_at": _("Won opportunities whose beginning is unknown are left out."),
        "opened_after_won": _("Won opportunities that were opened after they were won are left out."),
        "opened_as_won": _("Opportunities opened at the very moment they were won, as by an import, are left out."),
    },
)


# A correction after the sale counts from then on; as of an earlier moment it is what was written down then.
AMOUNT_CLOSED = "CASE WHEN period.known = 'infinity' THEN opportunity.amount ELSE change.amount END"
CURRENCY_CLOSED = "CASE WHEN period.known = 'infinity' THEN opportunity.currency ELSE change.currency END"

DAY_CLOSED = day_of("change.at")

OWN_AMOUNT = in_currency(f"({AMOUNT_CLOSED})", f"({CURRENCY_CLOSED})", DAY_CLOSED)

SHOWN_CLOSED = {**WIN_RATE.facts.shown, **rate_shown(f"({CURRENCY_CLOSED})", DAY_CLOSED)}

# What was sold in the period, each sale once, and what of any sale came back in it.
SOLD = f"""SELECT change.at, change.owner_id, change.team_id, change.product_id, opportunity.customer_id,
                {AMOUNT_CLOSED} AS amount, {CURRENCY_CLOSED} AS currency, 'opportunity' AS kind, opportunity.id,
                opportunity.name AS label
            FROM {CHANGES} WHERE {closed_as("won")}
            UNION ALL
            SELECT purchase.ordered_at, purchase.owner_id, purchase.team_id, {ORDERED_PRODUCT}, purchase.customer_id,
                purchase.amount, purchase.currency, 'order', purchase.id, purchase.number
            FROM sales_order AS purchase
            WHERE purchase.opportunity_id IS NULL AND {alive("purchase")}
                AND purchase.ordered_at >= period.starts AND purchase.ordered_at < period.ends
            UNION ALL
            SELECT gone.at, gone.owner_id, gone.team_id, gone.product_id, gone.customer_id, gone.amount, gone.currency,
                gone.kind, gone.id, gone.label
            FROM ({returned("period.starts", "period.ends")}) AS gone"""

REVENUE = Kpi(
    code="revenue",
    version=3,  # 3: returns count against the day they came back
    name=_("Revenue"),
    meaning=_("What was sold in the period, less what was paid back in it for returns."),
    formula=_(
        "Amount of the opportunities won in the period, and of the orders that belong to none, less what was refunded"
        " in it for returned orders; of an order of an opportunity where that one is won"
    ),
    group="sales",
    unit=Unit.MONEY,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.SUM,
    guard="csat",
    source=_("Won opportunities, orders without one, and returns of orders"),
    facts=Facts(
        source=f"({SOLD}) AS sale",
        kinds=("opportunity", "order"),
        kind="sale.kind",
        record="sale.id",
        label="sale.label",
        moment="sale.at",
        value=in_currency("sale.amount", "sale.currency", day_of("sale.at")),
        issue=money_issue("sale.amount", "sale.currency", day_of("sale.at")),
        dimensions={
            "person": "sale.owner_id",
            "team": "sale.team_id",
            "channel": channel_of("sale"),
            "product": "sale.product_id",
            "customer": "sale.customer_id",
        },
        shown={
            "amount": "sale.amount",
            "currency": "sale.currency",
            **rate_shown("sale.currency", day_of("sale.at")),
        },
        idle_product=True,
    ),
    issues=MONEY_ISSUES,
)

# What is planned for later has not happened; a mail nobody sent himself is no follow-up.
OUTBOUND = f"""activity.at >= period.starts AND activity.at < period.ends AND activity.at < period.seen
            AND activity.direction = 'outbound' AND activity.owner_id IS NOT NULL
            AND activity.type IN ('call', 'visit', 'meeting', 'email', 'message') AND {alive("activity")}"""
IS_A_TRY = """activity.outcome = 'not_reached'
            OR activity.type = 'call' AND coalesce(activity.duration < interval '10 seconds', FALSE)"""

FOLLOW_UPS = Kpi(
    code="follow_ups",
    version=2,  # 2: without tries that reached nobody
    name=_("Follow-ups"),
    meaning=_("How often our people got in touch with customers."),
    formula=_(
        "Number of calls, visits, meetings, emails and messages from a person to a customer, without those that reached"
        " nobody and calls of less than 10 seconds; letters of mailings are none"
    ),
    group="sales",
    unit=Unit.COUNT,
    direction=Direction.BAND,
    time=Time.EVENT,
    aggregation=Aggregation.COUNT,
    guard="win_rate",
    beside=("follow_up_frequency", "touch_coverage"),
    source=_("Activities with customers"),
    facts=Facts(
        source="customers_activity AS activity",
        where=OUTBOUND,
        kinds=("activity",),
        record="activity.id",
        label="activity.subject",
        moment="activity.at",
        counted=f"NOT ({IS_A_TRY})",
        issue=f"CASE WHEN {IS_A_TRY} THEN 'reached_nobody' END",
        dimensions={
            "person": "activity.owner_id",
            "team": "activity.team_id",
            "channel": channel_of("activity"),
            "customer": "activity.customer_id",
        },
        shown={"type": "activity.type", "outcome": "activity.outcome"},
    ),
    issues={"reached_nobody": _("Tries that reached nobody, and calls of less than 10 seconds, are left out.")},
)

WIN_RATE_BY_VALUE = Kpi(
    code="win_rate_by_value",
    version=2,
    name=_("Win rate by value"),
    meaning=_("Of what the opportunities closed in the period were worth, the share that was won."),
    formula=_("Amount won / amount won and lost, of the opportunities closed in the period and not reopened since"),
    group="sales",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    guard="win_rate",
    on_dashboard=False,
    source=_("Stage changes of opportunities"),
    facts=replace(
        WIN_RATE.facts,
        value=f"CASE WHEN change.outcome = 'won' THEN {OWN_AMOUNT} ELSE 0 * {OWN_AMOUNT} END",
        weight=OWN_AMOUNT,
        issue=money_issue(f"({AMOUNT_CLOSED})", f"({CURRENCY_CLOSED})", DAY_CLOSED),
        shown=SHOWN_CLOSED,
    ),
    issues=MONEY_ISSUES,
)

AVERAGE_SALE = Kpi(
    code="average_sale",
    version=2,
    name=_("Average sale"),
    meaning=_("What an opportunity won in the period was worth on average."),
    formula=_("Amount of the opportunities won in the period / their number"),
    group="sales",
    unit=Unit.MONEY,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.MEAN,
    guard="win_rate",  # few large ones raise it too
    on_dashboard=False,
    source=_("Stage changes of opportunities"),
    facts=replace(
        WIN_RATE.facts,
        where=closed_as("won"),
        value=OWN_AMOUNT,
        issue=money_issue(f"({AMOUNT_CLOSED})", f"({CURRENCY_CLOSED})", DAY_CLOSED),
        shown=SHOWN_CLOSED,
    ),
    issues=MONEY_ISSUES,
)

KPIS = (WIN_RATE, WIN_RATE_BY_VALUE, SALES_CYCLE, REVENUE, AVERAGE_SALE, FOLLOW_UPS)
