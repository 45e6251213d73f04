"""What was sold, product by product: how many, and what was left of the money after what the goods cost."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Time, Unit
from evaluation.kpis.rows import (
    CHANGES,
    MONEY_ISSUES,
    alive,
    channel_of,
    closed_as,
    day_of,
    in_currency,
    money_issue,
    rate_on,
    rate_shown,
)
from evaluation.kpis.sales import AMOUNT_CLOSED, CURRENCY_CLOSED

_WON = f"""SELECT change.at, change.owner_id, change.team_id, change.product_id, opportunity.customer_id,
                {AMOUNT_CLOSED} AS amount, {CURRENCY_CLOSED} AS currency, opportunity.id, opportunity.name AS label
            FROM {CHANGES} WHERE {closed_as("won")}"""

# The products a won opportunity had; else those of its orders; where these have none either, its amount alone.
_OF_OPPORTUNITIES = f"""SELECT 'opportunity' AS kind, won.id, won.label, won.at, won.owner_id, won.team_id,
                won.customer_id, coalesce(line.product_id, won.product_id) AS product_id,
                coalesce(line.currency, won.currency) AS currency, line.quantity,
                CASE WHEN line.quantity IS NULL THEN won.amount ELSE line.amount END AS amount,
                line.quantity * line.months AS pieces, won.at AS costs_at
            FROM ({_WON}) AS won LEFT JOIN LATERAL (
                SELECT own.product_id, won.currency, own.quantity, own.total AS amount,
                    coalesce(own.months, 1) AS months
                FROM sales_opportunityline AS own WHERE own.opportunity_id = won.id
                UNION ALL
                SELECT part.product_id, purchase.currency, part.quantity, part.quantity * part.unit_price, 1
                FROM sales_order AS purchase JOIN sales_orderline AS part ON part.order_id = purchase.id
                WHERE purchase.opportunity_id = won.id AND {alive("purchase")} AND NOT EXISTS (
                    SELECT FROM sales_opportunityline AS own WHERE own.opportunity_id = won.id)) AS line ON TRUE"""

_OF_ORDERS = f"""SELECT 'order', purchase.id, purchase.number, purchase.ordered_at, purchase.owner_id, purchase.team_id,
                purchase.customer_id, line.product_id, purchase.currency, line.quantity,
                CASE WHEN line.id IS NULL THEN purchase.amount ELSE line.quantity * line.unit_price END, line.quantity,
                purchase.ordered_at
            FROM sales_order AS purchase LEFT JOIN sales_orderline AS line ON line.order_id = purchase.id
            WHERE purchase.opportunity_id IS NULL AND {alive("purchase")}
                AND purchase.ordered_at >= period.starts AND purchase.ordered_at < period.ends"""

# What came back, dated to its own day and against whoever the sale counts for, as in revenue; at the cost of the day
# it was sold. What was paid back beyond the price of the pieces brings no goods.
_COME_BACK = f"""SELECT 'order', purchase.id, back.number || ' (' || purchase.number || ')', back.returned_at,
                CASE WHEN purchase.opportunity_id IS NULL THEN purchase.owner_id ELSE entry.owner_id END,
                CASE WHEN purchase.opportunity_id IS NULL THEN purchase.team_id ELSE entry.team_id END,
                purchase.customer_id, gone.product_id, purchase.currency, -gone.quantity, -gone.amount, -gone.quantity,
                purchase.ordered_at
            FROM sales_orderreturn AS back JOIN sales_order AS purchase ON purchase.id = back.order_id
            LEFT JOIN sales_opportunity AS opportunity ON opportunity.id = purchase.opportunity_id
            LEFT JOIN LATERAL (SELECT change.* FROM sales_stagechange AS change
                WHERE change.opportunity_id = opportunity.id AND change.at < period.known
                    AND change.from_stage_id IS DISTINCT FROM change.to_stage_id
                ORDER BY change.at DESC, change.id DESC LIMIT 1) AS entry ON TRUE
            CROSS JOIN LATERAL (
                SELECT line.product_id, part.quantity, part.quantity * line.unit_price AS amount
                FROM sales_orderreturnline AS part JOIN sales_orderline AS line ON line.id = part.line_id
                WHERE part.order_return_id = back.id
                UNION ALL
                SELECT NULL, 0, back.amount - coalesce(sum(part.quantity * line.unit_price), 0)
                FROM sales_orderreturnline AS part JOIN sales_orderline AS line ON line.id = part.line_id
                WHERE part.order_return_id = back.id
                HAVING back.amount <> coalesce(sum(part.quantity * line.unit_price), 0)) AS gone
            WHERE back.returned_at >= period.starts AND back.returned_at < period.ends AND {alive("purchase")}
                AND (back.cancelled_at IS NULL OR back.cancelled_at >= period.known)
                AND (purchase.opportunity_id IS NULL OR (entry.outcome = 'won' AND {alive("opportunity")}))"""

_COST = f"""(SELECT spent.cost * {rate_on("spent.currency", day_of("part.costs_at"))} FROM sales_unitcost AS spent
            WHERE spent.product_id = part.product_id AND spent.valid_from <= {day_of("part.costs_at")}
            ORDER BY spent.valid_from DESC LIMIT 1)"""

_DAY = day_of("goods.at")

UNITS_SOLD = Kpi(
    code="units_sold",
    version=1,
    name=_("Units sold"),
    meaning=_("How many pieces were sold in the period, less those that came back in it."),
    formula=_("Quantities on the lines of won opportunities, and of orders without one, less returned quantities"),
    group="sales",
    unit=Unit.COUNT,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.SUM,
    guard="gross_margin",  # much is soon sold below its cost
    on_dashboard=False,
    source=_("Lines of won opportunities, of orders and of returns"),
    facts=Facts(
        source=f"({_OF_OPPORTUNITIES} UNION ALL {_OF_ORDERS} UNION ALL {_COME_BACK}) AS goods",
        kinds=("opportunity", "order"),
        kind="goods.kind",
        record="goods.id",
        label="goods.label",
        moment="goods.at",
        value="goods.quantity",
        issue="CASE WHEN goods.quantity IS NULL THEN 'missing_lines' END",
        dimensions={
            "person": "goods.owner_id",
            "team": "goods.team_id",
            "channel": channel_of("goods"),
            "product": "goods.product_id",
            "customer": "goods.customer_id",
        },
        shown={
            "product": "(SELECT named.name FROM sales_product AS named WHERE named.id = goods.product_id)",
            "amount": "goods.amount",
            "currency": "goods.currency",
        },
    ),
    issues={"missing_lines": _("Sales without products on them: how many pieces is not known.")},
)

GROSS_MARGIN = Kpi(
    code="gross_margin",
    version=1,
    name=_("Gross margin"),
    meaning=_("What was left of what was sold in the period after what the goods cost."),
    formula=_("(Sold − cost of goods on the day of the sale) / sold, of the lines whose cost is known"),
    group="sales",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    ends=(None, 1.0),
    guard="revenue",
    on_dashboard=False,
    source=_("Lines of won opportunities, of orders and of returns; costs of goods"),
    facts=Facts(
        source=f"""(SELECT part.*, CASE WHEN part.pieces = 0 THEN 0 ELSE part.pieces * {_COST} END AS cost,
                {in_currency("part.amount", "part.currency", day_of("part.at"))} AS worth
            FROM ({_OF_OPPORTUNITIES} UNION ALL {_OF_ORDERS} UNION ALL {_COME_BACK}) AS part) AS goods""",
        kinds=UNITS_SOLD.facts.kinds,
        kind="goods.kind",
        record="goods.id",
        label="goods.label",
        moment="goods.at",
        value="goods.worth - goods.cost",
        weight="goods.worth",
        whole="goods.worth",
        issue=f"""CASE WHEN goods.amount IS NOT NULL AND goods.worth IS NOT NULL AND goods.cost IS NULL
            THEN 'missing_cost' ELSE {money_issue("goods.amount", "goods.currency", _DAY)} END""",
        dimensions=UNITS_SOLD.facts.dimensions,
        shown={
            **UNITS_SOLD.facts.shown,
            **rate_shown("goods.currency", _DAY),
            "quantity": "goods.quantity",
            "cost": "goods.cost",
        },
    ),
    issues={**MONEY_ISSUES, "missing_cost": _("What was sold without a known cost is left out.")},
)

KPIS = (UNITS_SOLD, GROSS_MARGIN)
