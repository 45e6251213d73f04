"""How selling goes. Credit goes to whoever held the opportunity when it happened."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.rows import CHANGES, ORDERED_PRODUCT, alive, channel_of, closed_as

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
    version=1,
    name=_("Sales cycle"),
    meaning=_("How long the opportunities won in the period took from their beginning."),
    formula=_("Median time from opened to won, of the opportunities won in the period"),
    group="sales",
    unit=Unit.SECONDS,
    direction=Direction.LOWER,
    time=Time.EVENT,
    aggregation=Aggregation.MEDIAN,
    interval=Method.ORDER_STATISTICS,
    minimum_n=10,
    guard="win_rate",
    source=_("Stage changes of opportunities"),
    facts=Facts(
        source=CHANGES,
        where=closed_as("won"),
        kinds=("opportunity",),
        record="opportunity.id",
        label="opportunity.name",
        moment="change.at",
        value="""CASE WHEN opportunity.opened_at <= change.at
            THEN date_part('epoch', change.at - opportunity.opened_at) END""",
        issue="""CASE WHEN opportunity.opened_at IS NULL THEN 'missing_opened_at'
            WHEN opportunity.opened_at > change.at THEN 'opened_after_won' END""",
        dimensions=AS_CLOSED,
        shown={"opened_at": "opportunity.opened_at", "won_at": "change.at"},
    ),
    issues={
        "missing_opened_at": _("Won opportunities whose beginning is unknown are left out."),
        "opened_after_won": _("Won opportunities that were opened after they were won are left out."),
    },
)


def in_currency(amount: str, currency: str) -> str:
    return f"CASE WHEN {currency} = period.currency THEN {amount} END"


def money_issue(amount: str, currency: str) -> str:
    return f"""CASE WHEN {amount} IS NULL THEN 'missing_amount'
            WHEN {currency} <> period.currency THEN 'other_currency' END"""


MONEY_ISSUES = {
    "missing_amount": _("Records without an amount are left out."),
    "other_currency": _("Amounts in another currency than the organisation's are left out."),
}

# A correction after the sale counts from then on; as of an earlier moment it is what was written down then.
AMOUNT_WON = "CASE WHEN period.known = 'infinity' THEN opportunity.amount ELSE change.amount END"
CURRENCY_WON = "CASE WHEN period.known = 'infinity' THEN opportunity.currency ELSE change.currency END"

REVENUE = Kpi(
    code="revenue",
    version=1,
    name=_("Revenue"),
    meaning=_("What was sold in the period."),
    formula=_("Amount of the opportunities won in the period, and of the orders that belong to none"),
    group="sales",
    unit=Unit.MONEY,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.SUM,
    guard="csat",
    source=_("Won opportunities, and orders without one"),
    facts=Facts(
        source=f"""(SELECT change.at, change.owner_id, change.team_id, change.product_id, opportunity.customer_id,
                {AMOUNT_WON} AS amount, {CURRENCY_WON} AS currency, 'opportunity' AS kind, opportunity.id,
                opportunity.name AS label
            FROM {CHANGES} WHERE {closed_as("won")}
            UNION ALL
            SELECT purchase.ordered_at, purchase.owner_id, purchase.team_id, {ORDERED_PRODUCT}, purchase.customer_id,
                purchase.amount, purchase.currency, 'order', purchase.id, purchase.number
            FROM sales_order AS purchase
            WHERE purchase.opportunity_id IS NULL AND {alive("purchase")}
                AND purchase.ordered_at >= period.starts AND purchase.ordered_at < period.ends) AS sale""",
        kinds=("opportunity", "order"),
        kind="sale.kind",
        record="sale.id",
        label="sale.label",
        moment="sale.at",
        value=in_currency("sale.amount", "sale.currency"),
        issue=money_issue("sale.amount", "sale.currency"),
        dimensions={
            "person": "sale.owner_id",
            "team": "sale.team_id",
            "channel": channel_of("sale"),
            "product": "sale.product_id",
            "customer": "sale.customer_id",
        },
        shown={"amount": "sale.amount", "currency": "sale.currency"},
    ),
    issues=MONEY_ISSUES,
)

FOLLOW_UPS = Kpi(
    code="follow_ups",
    version=1,
    name=_("Follow-ups"),
    meaning=_("How often our people got in touch with customers."),
    formula=_("Number of calls, visits, meetings, emails and messages from a person to a customer"),
    group="sales",
    unit=Unit.COUNT,
    direction=Direction.BAND,
    time=Time.EVENT,
    aggregation=Aggregation.COUNT,
    guard="win_rate",
    source=_("Activities with customers"),
    facts=Facts(
        source="customers_activity AS activity",
        # What is planned for later has not happened; a mail nobody sent himself is no follow-up.
        where=f"""activity.at >= period.starts AND activity.at < period.ends AND activity.at < period.seen
            AND activity.direction = 'outbound' AND activity.owner_id IS NOT NULL
            AND activity.type IN ('call', 'visit', 'meeting', 'email', 'message') AND {alive("activity")}""",
        kinds=("activity",),
        record="activity.id",
        label="activity.subject",
        moment="activity.at",
        dimensions={
            "person": "activity.owner_id",
            "team": "activity.team_id",
            "channel": channel_of("activity"),
            "customer": "activity.customer_id",
        },
        shown={"type": "activity.type", "outcome": "activity.outcome"},
    ),
)

PIPELINE_VALUE = Kpi(
    code="pipeline_value",
    version=1,
    name=_("Pipeline value"),
    meaning=_("What the opportunities open at the end of the period are worth."),
    formula=_("Amount of the opportunities open at that moment, as it stood then"),
    group="sales",
    unit=Unit.MONEY,
    direction=Direction.HIGHER,
    time=Time.STOCK,
    aggregation=Aggregation.SUM,
    guard="win_rate",
    source=_("Stage changes of opportunities"),
    facts=Facts(
        source=CHANGES,
        # What was closed before that moment for good needs no look at its history; of the others, the last change
        # before it says what was true.
        where=f"""(opportunity.closed_at IS NULL OR opportunity.closed_at >= period.instant)
            AND {alive("opportunity")} AND change.outcome = 'open' AND change.at < period.instant AND NOT EXISTS (
                SELECT FROM sales_stagechange AS later
                WHERE later.opportunity_id = change.opportunity_id AND later.at < period.instant
                    AND (later.at, later.id) > (change.at, change.id))""",
        kinds=("opportunity",),
        record="opportunity.id",
        label="opportunity.name",
        moment="change.at",
        value=in_currency("change.amount", "change.currency"),
        issue=money_issue("change.amount", "change.currency"),
        dimensions=AS_CLOSED,
        shown={
            "stage": "(SELECT stage.name FROM sales_stage AS stage WHERE stage.id = change.to_stage_id)",
            "amount": "change.amount",
            "currency": "change.currency",
            "expected_close": "change.expected_close",
        },
    ),
    issues=MONEY_ISSUES,
)

KPIS = (WIN_RATE, SALES_CYCLE, REVENUE, FOLLOW_UPS, PIPELINE_VALUE)
