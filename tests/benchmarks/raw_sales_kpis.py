"""More KPIs of a quarter by hand, as in raw_kpis.py: how sales and customers grow, how fast the pipeline earns, how far
opportunities come, what customers were worth."""

from __future__ import annotations

from tests.benchmarks.raw_kpis import RUNNING, STARTED

# The change that closed an opportunity for good, between two moments.
CLOSED = """SELECT change.opportunity_id AS id, change.at, change.team_id, change.outcome, opportunity.amount,
        opportunity.currency, opportunity.opened_at, opportunity.customer_id FROM sales_stagechange AS change
    JOIN sales_opportunity AS opportunity ON opportunity.id = change.opportunity_id
        AND opportunity.closed_at = change.at AND opportunity.stage_id = change.to_stage_id
    WHERE opportunity.deleted_at IS NULL AND change.from_stage_id IS DISTINCT FROM change.to_stage_id
        AND change.outcome IN ({outcomes}) AND change.at >= {since} AND change.at < {until}
        AND opportunity.closed_at >= {since} AND opportunity.closed_at < {until}"""
ORDERED = """SELECT id, ordered_at AS at, team_id, amount, currency, customer_id FROM sales_order
    WHERE deleted_at IS NULL AND ordered_at >= {since} AND ordered_at < {until}"""


def closed(*outcomes: str, since: str = "%(start)s", until: str = "%(end)s") -> str:
    return CLOSED.format(outcomes=", ".join(f"'{one}'" for one in outcomes), since=since, until=until)


def ordered(since: str = "%(start)s", until: str = "%(end)s") -> str:
    return ORDERED.format(since=since, until=until)


def bought(since: str = "%(start)s", until: str = "%(end)s", *, once: bool) -> str:
    """Won opportunities and orders; `once` without the orders that belong to an opportunity."""
    columns = "customer_id, team_id, at, amount, currency, id"
    alone = "AND opportunity_id IS NULL" if once else ""
    return f"""SELECT {columns}, 'opportunity' AS kind FROM ({closed("won", since=since, until=until)}) AS won
        UNION ALL SELECT {columns}, 'order' FROM ({ordered(since, until)} {alone}) AS placed"""


EVER = "'-infinity'::timestamptz"
YEAR_BEFORE = ("%(start)s::timestamptz - interval '1 year'", "%(end)s::timestamptz - interval '1 year'")
# In the organisation's currency, at the rate of the quarter's first day.
WORTH = """CASE WHEN currency = 'USD' THEN amount ELSE amount * (SELECT rate FROM sales_currencyrate AS rate
    WHERE rate.currency = sale.currency AND valid_from <= %(start)s::date ORDER BY valid_from DESC LIMIT 1) END"""
GROWN = "sum(change)::float8 / sum(base), sum(change), sum(base)"
SHARE = "sum(value)::float8 / count(*), sum(value), count(*)"


def active(until: str) -> str:
    return f"""SELECT DISTINCT ON (customer_id) customer_id, team_id
        FROM (SELECT customer_id, team_id, at, id, kind
            FROM ({bought(f"{until}::timestamptz - interval '365 days'", until, once=False)}) AS placed
            UNION ALL {RUNNING.format(at=until)}) AS bought
        WHERE customer_id IS NOT NULL ORDER BY customer_id, at DESC, kind, id DESC"""


FIRST = f"""SELECT DISTINCT ON (customer_id) customer_id, team_id, at
    FROM (SELECT customer_id, team_id, at, id, kind FROM ({bought(EVER, "%(end)s", once=False)}) AS placed
        UNION ALL {STARTED} AND counts_from < %(end)s) AS bought
    WHERE customer_id IS NOT NULL ORDER BY customer_id, at, kind, id"""

RAW = {
    "average_sale": (
        f"SELECT team_id, amount AS value FROM ({closed('won')}) AS won",
        "avg(value)::float8, sum(value), count(*)",
    ),
    "credited_revenue": (
        f"""SELECT CASE WHEN share.id IS NULL THEN won.team_id ELSE share.team_id END AS team_id,
                amount * coalesce(share.share, 1) AS value
            FROM ({closed("won")}) AS won
            LEFT JOIN LATERAL (SELECT split.id FROM sales_creditsplit AS split
                WHERE split.opportunity_id = won.id AND split.kind = 'revenue' AND split.valid_from <= won.at
                    AND (split.valid_until IS NULL OR split.valid_until >= won.at::date)
                ORDER BY split.id DESC LIMIT 1) AS split ON TRUE
            LEFT JOIN sales_creditshare AS share ON share.split_id = split.id""",
        "sum(value), count(*)",
    ),
    "sales_growth": (
        f"""SELECT team_id, {WORTH} AS change, 0 AS base FROM ({bought(once=True)}) AS sale
            UNION ALL SELECT team_id, -{WORTH}, {WORTH} FROM ({bought(*YEAR_BEFORE, once=True)}) AS sale""",
        GROWN,
    ),
    "new_customer_growth": (
        f"""SELECT team_id, 1 AS change, 0 AS base FROM ({FIRST}) AS first WHERE at >= %(start)s
            UNION ALL SELECT team_id, -1, 1 FROM ({FIRST}) AS first
            WHERE at >= {YEAR_BEFORE[0]} AND at < {YEAR_BEFORE[1]}""",
        GROWN,
    ),
    "customer_base_growth": (
        f"""SELECT CASE WHEN later.customer_id IS NULL THEN earlier.team_id ELSE later.team_id END AS team_id,
                (later.customer_id IS NOT NULL)::int - (earlier.customer_id IS NOT NULL)::int AS change,
                (earlier.customer_id IS NOT NULL)::int AS base
            FROM ({active("%(end)s")}) AS later FULL JOIN ({active("%(start)s")}) AS earlier USING (customer_id)""",
        GROWN,
    ),
    "revenue_per_customer": (
        f"""SELECT CASE WHEN later.customer_id IS NULL THEN earlier.team_id ELSE later.team_id END AS team_id,
                coalesce(sold.amount, 0) AS change,
                ((later.customer_id IS NOT NULL)::int + (earlier.customer_id IS NOT NULL)::int) / 2.0 AS base
            FROM ({active("%(end)s")}) AS later FULL JOIN ({active("%(start)s")}) AS earlier USING (customer_id)
            FULL JOIN (SELECT customer_id, sum(amount) AS amount FROM ({bought(once=True)}) AS bought
                WHERE customer_id IS NOT NULL GROUP BY 1) AS sold USING (customer_id)""",
        GROWN,
    ),
    "sales_velocity": (
        f"""SELECT team_id, outcome, amount, CASE WHEN outcome = 'won' AND opened_at <= at
                THEN date_part('epoch', at - opened_at) / 86400 END AS days
            FROM ({closed("won", "lost", since="%(end)s::timestamptz - interval '12 months'")}) AS closed
            UNION ALL SELECT team_id, outcome, amount, NULL FROM (
                SELECT DISTINCT ON (opportunity_id) change.team_id, change.amount, change.outcome
                FROM sales_stagechange AS change JOIN sales_opportunity AS opportunity
                    ON opportunity.id = opportunity_id AND deleted_at IS NULL
                WHERE at < %(end)s ORDER BY opportunity_id, at DESC, change.id DESC) AS last
            WHERE outcome = 'open'""",
        """count(*) FILTER (WHERE outcome = 'open') * (count(*) FILTER (WHERE outcome = 'won'))::float8
            / nullif(count(*) FILTER (WHERE outcome <> 'open'), 0) * avg(amount) FILTER (WHERE outcome = 'won')
            / nullif(avg(days), 0)""",
    ),
    "funnel_conversion": (
        """SELECT entered.team_id, (next.at IS NOT NULL)::int AS value
            FROM sales_stagechange AS entered
            JOIN sales_opportunity AS opportunity ON opportunity.id = opportunity_id AND deleted_at IS NULL
            JOIN sales_stage AS here ON here.id = entered.to_stage_id
            LEFT JOIN LATERAL (SELECT further.at FROM sales_stagechange AS further
                JOIN sales_stage AS there ON there.id = further.to_stage_id
                WHERE further.opportunity_id = entered.opportunity_id AND further.pipeline_id = entered.pipeline_id
                    AND (further.at, further.id) > (entered.at, entered.id)
                    AND further.at <= entered.at + interval '90 days'
                    AND (further.outcome = 'won' OR further.outcome = 'open' AND there.position > here.position)
                LIMIT 1) AS next ON TRUE
            WHERE entered.outcome = 'open' AND entered.at >= %(start)s AND entered.at < %(end)s
                AND entered.from_stage_id IS DISTINCT FROM entered.to_stage_id
                AND NOT EXISTS (SELECT FROM sales_stagechange AS before
                    WHERE before.opportunity_id = entered.opportunity_id AND before.to_stage_id = entered.to_stage_id
                    AND before.from_stage_id IS DISTINCT FROM before.to_stage_id
                    AND (before.at, before.id) < (entered.at, entered.id))""",
        SHARE,
    ),
    "historic_value": (
        f"""SELECT customer_id, sum(amount) AS value,
                (array_agg(team_id ORDER BY at DESC, kind, id DESC))[1] AS team_id
            FROM ({bought(EVER, "%(end)s", once=True)}) AS bought WHERE customer_id IS NOT NULL GROUP BY 1""",
        "avg(value)::float8, sum(value), count(*)",
    ),
    "in_period_repeat_rate": (
        f"""SELECT DISTINCT ON (customer_id) team_id, (count(*) OVER (PARTITION BY customer_id) > 1)::int AS value
            FROM ({bought(once=True)}) AS bought WHERE customer_id IS NOT NULL
            ORDER BY customer_id, at DESC, kind, id DESC""",
        SHARE,
    ),
}
