"""Pieces of SQL that several declarations share. Where they look is said in `declaration`."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _


def alive(table: str) -> str:
    """Not in the bin, or not yet then."""
    return f"({table}.deleted_at IS NULL OR {table}.deleted_at >= period.known)"


_ALIVE = re.compile(r"\((\w+)\.deleted_at IS NULL OR \1\.deleted_at >= period\.known\)")


def as_things_stand(sql: str) -> str:
    """What a declaration says when nothing is ignored: nothing is put into the bin after infinity. Without the second
    half of the condition the planner sees that the indexes of what is not in the bin are enough."""
    return _ALIVE.sub(r"\1.deleted_at IS NULL", sql)


def without_product(sql: str) -> str:
    """What a declaration says when nobody asks which product it was: through a UNION the planner does not see that."""
    return sql.replace(ORDERED_PRODUCT, "NULL::bigint")


def not_in_bin(customer: str) -> str:
    """Few customers are in the bin, and an index holds just those: cheaper than looking each one up."""
    return f"""NOT EXISTS (SELECT FROM customers_customer AS bin
            WHERE bin.id = {customer} AND bin.deleted_at IS NOT NULL AND bin.deleted_at < period.known)"""


def channel_of(table: str) -> str:
    return f"""(SELECT nullif(customer.channel, '') FROM customers_customer AS customer
            WHERE customer.id = {table}.customer_id)"""


# The change closed the opportunity, which has not entered another stage since. As things stand now the opportunity
# itself says so; as they stood then, its history has to be read. The planner drops the branch that is not asked for.
_CLOSED_TO_STAY = """change.from_stage_id IS DISTINCT FROM change.to_stage_id AND CASE
            WHEN period.known = 'infinity' THEN
                opportunity.closed_at = change.at AND opportunity.stage_id = change.to_stage_id
                AND opportunity.closed_at >= {since} AND opportunity.closed_at < {until}
            ELSE NOT EXISTS (
                SELECT FROM sales_stagechange AS later
                WHERE later.opportunity_id = change.opportunity_id AND later.at < period.known
                    AND (later.at, later.id) > (change.at, change.id)
                    AND later.from_stage_id IS DISTINCT FROM later.to_stage_id) END"""


CHANGES = "sales_stagechange AS change JOIN sales_opportunity AS opportunity ON opportunity.id = change.opportunity_id"


def closed_to_stay(since: str, until: str) -> str:
    """Of changes between two moments, which the opportunity is asked for too: fewer of them have to be looked at."""
    return _CLOSED_TO_STAY.format(since=since, until=until)


def closed_as(*outcomes: str) -> str:
    """Opportunities that were closed in the period and still are; those reopened since are no result yet."""
    listed = ", ".join(f"'{outcome}'" for outcome in outcomes)
    return f"""change.outcome IN ({listed}) AND change.at >= period.starts AND change.at < period.ends
        AND {alive("opportunity")} AND {closed_to_stay("period.starts", "period.ends")}"""


def purchases(since: str, until: str, customer: str = "") -> str:
    """Won opportunities, and orders, of a stretch of time; of one customer where `customer` names a column."""
    of_opportunity = f"AND opportunity.customer_id = {customer}" if customer else ""
    of_order = f"AND purchase.customer_id = {customer}" if customer else ""
    return f"""SELECT opportunity.customer_id, change.at, change.owner_id, change.team_id, change.product_id,
            change.amount, change.currency, 'opportunity' AS kind, opportunity.id
        FROM {CHANGES}
        WHERE change.outcome = 'won' AND change.at >= {since} AND change.at < {until} {of_opportunity}
            AND {alive("opportunity")} AND {closed_to_stay(since, until)}
        UNION ALL
        SELECT purchase.customer_id, purchase.ordered_at, purchase.owner_id, purchase.team_id, {ORDERED_PRODUCT},
            purchase.amount, purchase.currency, 'order', purchase.id
        FROM sales_order AS purchase
        WHERE purchase.ordered_at >= {since} AND purchase.ordered_at < {until} {of_order} AND {alive("purchase")}"""


def sales(since: str, until: str, customer: str = "") -> str:
    """Purchases without the orders that belong to an opportunity: those are the same purchase once more."""
    return f"{purchases(since, until, customer)} AND purchase.opportunity_id IS NULL"


# Of the type of every other label: in a UNION of two types the planner reads all columns, also those nobody asked for.
_BACK_LABEL = "(back.number || ' (' || purchase.number || ')')::varchar"


def returned(since: str, until: str) -> str:
    """What was paid back in a stretch of time for sales that count, as purchases below zero: dated to the day it came
    back, and against whoever the sale counts for. Of an order that came of an opportunity that is the one who won it;
    where the opportunity does not count as won, nothing was counted that could be taken away."""
    return f"""SELECT purchase.customer_id, back.returned_at AS at, purchase.owner_id, purchase.team_id,
            {ORDERED_PRODUCT} AS product_id, -back.amount AS amount, purchase.currency, 'order' AS kind, purchase.id,
            {_BACK_LABEL} AS label
        FROM sales_orderreturn AS back JOIN sales_order AS purchase ON purchase.id = back.order_id
        WHERE purchase.opportunity_id IS NULL AND {_standing(since, until)}
        UNION ALL
        {returned_of_won(since, until)}"""


def returned_of_won(since: str, until: str, more: str = "") -> str:
    """The part of it that is of orders of opportunities that count as won: `entry` says when, and by whom."""
    return f"""SELECT purchase.customer_id, back.returned_at, entry.owner_id, entry.team_id, entry.product_id,
            -back.amount, purchase.currency, 'order', purchase.id, {_BACK_LABEL}{more}
        FROM sales_orderreturn AS back JOIN sales_order AS purchase ON purchase.id = back.order_id
        JOIN sales_opportunity AS opportunity ON opportunity.id = purchase.opportunity_id AND {alive("opportunity")}
        JOIN LATERAL (SELECT change.* FROM sales_stagechange AS change
            WHERE change.opportunity_id = opportunity.id AND change.at < period.known
                AND change.from_stage_id IS DISTINCT FROM change.to_stage_id
            ORDER BY change.at DESC, change.id DESC LIMIT 1) AS entry ON entry.outcome = 'won'
        WHERE {_standing(since, until)}"""


def _standing(since: str, until: str) -> str:
    return f"""back.returned_at >= {since} AND back.returned_at < {until} AND {alive("purchase")}
            AND (back.cancelled_at IS NULL OR back.cancelled_at >= period.known)"""


def purchase_label(purchase: str) -> str:
    """Looked up only where it is shown: the rows stay narrow while they are sorted."""
    return f"""CASE WHEN {purchase}.kind = 'order'
            THEN (SELECT named.number FROM sales_order AS named WHERE named.id = {purchase}.id)
            WHEN {purchase}.kind = 'contract'
            THEN (SELECT named.name FROM sales_contract AS named WHERE named.id = {purchase}.id)
            ELSE (SELECT named.name FROM sales_opportunity AS named WHERE named.id = {purchase}.id) END"""


# An order of several products belongs to none of them alone.
ORDERED_PRODUCT = """(SELECT min(line.product_id) FROM sales_orderline AS line
            WHERE line.order_id = purchase.id HAVING min(line.product_id) = max(line.product_id))"""


def holder_at(moment: str, unless: str = "") -> str:
    """The last event of the ticket up to a moment: who had it then. `unless` names an event that answers that already,
    so that nothing is looked up where there is one."""
    asked = f"AND {unless}.at IS NULL" if unless else ""
    return f"""LEFT JOIN LATERAL (
            SELECT event.owner_id, event.team_id, event.category, event.at FROM service_ticketevent AS event
            WHERE event.ticket_id = ticket.id AND event.at <= {moment} AND event.at < period.known {asked}
            ORDER BY event.at DESC, event.id DESC LIMIT 1) AS holder ON TRUE"""


def first_event(type_: str, alias: str) -> str:
    return f"""LEFT JOIN LATERAL (
            SELECT event.id, event.at, event.elapsed, event.owner_id, event.team_id FROM service_ticketevent AS event
            WHERE event.ticket_id = ticket.id AND event.type = '{type_}' AND event.at < period.known
            ORDER BY event.at, event.id LIMIT 1) AS {alias} ON TRUE"""


def day_of(moment: str) -> str:
    """The day of the organisation that a moment is in."""
    return f"({moment} AT TIME ZONE period.zone)::date"


def rate_on(currency: str, day: str) -> str:
    """What one unit is worth in the organisation's currency on a day: 1 of its own, NULL where there is no rate."""
    return f"""(CASE WHEN {currency} = period.currency THEN 1 ELSE (SELECT rate.rate FROM sales_currencyrate AS rate
            WHERE rate.currency = {currency} AND rate.valid_from <= {day}
            ORDER BY rate.valid_from DESC LIMIT 1) END)"""


def in_currency(amount: str, currency: str, day: str) -> str:
    """At the rate of the amount's own day; nothing is multiplied where there is nothing to convert."""
    return f"CASE WHEN {currency} = period.currency THEN {amount} ELSE {amount} * {rate_on(currency, day)} END"


def money_issue(amount: str, currency: str, day: str) -> str:
    return f"""CASE WHEN {amount} IS NULL THEN 'missing_amount'
            WHEN {rate_on(currency, day)} IS NULL THEN 'other_currency' END"""


def rate_shown(currency: str, day: str) -> dict[str, str]:
    """What evidence says of the rate that was used: nothing where none was needed."""
    return {"rate": f"nullif({rate_on(currency, day)}, 1)"}


NO_RATE = _("Amounts in a currency that had no rate on their day are left out.")
MONEY_ISSUES = {
    "missing_amount": _("Records without an amount are left out."),
    "other_currency": NO_RATE,
}
