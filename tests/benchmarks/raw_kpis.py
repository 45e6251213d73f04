"""Every KPI of a quarter as somebody would ask for it in SQL by hand, as things stand now.

Written for themselves, not taken from the declarations: rows with a team and what counts, and how they add up. They
answer the same question: records count for the team that was in charge when it happened, which only the histories
know; times are business time, which only the ticket's events know; and beside the number they bring what its interval
is made of. %(start)s and %(end)s are the bounds of the quarter.
"""

from __future__ import annotations

# The change that closed the opportunity for good: whose it was then, and for how much.
CLOSED = """SELECT change.opportunity_id, change.at, change.team_id, change.outcome, change.amount,
        opportunity.opened_at, opportunity.customer_id FROM sales_stagechange AS change
    JOIN sales_opportunity AS opportunity ON opportunity.id = change.opportunity_id
        AND opportunity.closed_at = change.at AND opportunity.stage_id = change.to_stage_id
    WHERE opportunity.deleted_at IS NULL AND change.from_stage_id IS DISTINCT FROM change.to_stage_id"""
CLOSED_NOW = f"""{CLOSED} AND change.at >= %(start)s AND change.at < %(end)s
    AND opportunity.closed_at >= %(start)s AND opportunity.closed_at < %(end)s"""
BOUGHT = f"""SELECT customer_id, team_id, at, opportunity_id AS id, 'opportunity' AS kind FROM ({CLOSED}
        AND change.outcome = 'won' {{changed}}) AS won
    UNION ALL SELECT customer_id, team_id, ordered_at, id, 'order' FROM sales_order WHERE deleted_at IS NULL
    {{ordered}}"""
# Contracts that began to run, and those that run at a moment.
STARTED = """SELECT customer_id, moved.team_id, counts_from::timestamptz AS at, contract.id, 'contract' AS kind
    FROM sales_contractmovement AS moved
    JOIN sales_contract AS contract ON contract.id = contract_id AND deleted_at IS NULL
    WHERE moved.type IN ('new', 'reactivation') AND corrects_id IS NULL
        AND NOT EXISTS (SELECT FROM sales_contractmovement AS back WHERE back.corrects_id = moved.id)"""
RUNNING = """SELECT customer_id, (array_agg(moved.team_id ORDER BY counts_from DESC, moved.id DESC))[1] AS team_id,
        max(counts_from)::timestamptz AS at, contract.id, 'contract' AS kind
    FROM sales_contractmovement AS moved
    JOIN sales_contract AS contract ON contract.id = contract_id AND deleted_at IS NULL
    WHERE counts_from < {at} GROUP BY contract.id
    HAVING sum(CASE WHEN moved.type IN ('new', 'reactivation') THEN 1 WHEN moved.type = 'churn' THEN -1 ELSE 0 END
        * CASE WHEN corrects_id IS NULL THEN 1 ELSE -1 END) > 0"""
# Each sale once: an order of an opportunity is the same one.
SOLD = BOUGHT.format(changed="", ordered="AND opportunity_id IS NULL")
YEAR = "{at} >= %(end)s - interval '365 days' AND {at} < %(end)s"
OPENED = "SELECT * FROM service_ticket WHERE deleted_at IS NULL AND opened_at >= %(start)s AND opened_at < %(end)s"
SAID = """SELECT response.team_id, score FROM surveys_response AS response JOIN surveys_survey AS survey
    ON survey.id = survey_id WHERE response.deleted_at IS NULL AND survey.type = '{type}'
    AND answered_at >= %(start)s AND answered_at < %(end)s"""
# Whoever had a ticket at a moment.
HELD = """SELECT event.team_id, event.category FROM service_ticketevent AS event
    WHERE event.ticket_id = ticket.id AND event.at <= {moment} ORDER BY event.at DESC, event.id DESC LIMIT 1"""
# The median, how many there are, and, for the interval, their order.
MEDIAN = """percentile_cont(0.5) WITHIN GROUP (ORDER BY value), count(value), count(*) - count(value),
    array_agg(value ORDER BY value) FILTER (WHERE value IS NOT NULL)"""
SHARE = "sum(value)::float8 / count(*), sum(value), count(*)"
MET = "count(*) FILTER (WHERE met)::float8 / count(*), count(*) FILTER (WHERE met), count(*)"

RAW = {
    "new_customers": (
        f"""SELECT * FROM (SELECT DISTINCT ON (customer_id) team_id, at
            FROM ({BOUGHT.format(changed="", ordered="")} UNION ALL {STARTED}) AS bought
            WHERE customer_id IS NOT NULL ORDER BY customer_id, at, kind, id) AS first
            WHERE at >= %(start)s AND at < %(end)s""",
        "count(*)",
    ),
    "active_customers": (
        f"""SELECT DISTINCT ON (customer_id) team_id FROM ({
            BOUGHT.format(
                changed=f"AND {YEAR.format(at='change.at')} AND {YEAR.format(at='opportunity.closed_at')}",
                ordered=f"AND {YEAR.format(at='ordered_at')}",
            )
        } UNION ALL {RUNNING.format(at="%(end)s")}) AS bought
            WHERE customer_id IS NOT NULL ORDER BY customer_id, at DESC, kind, id DESC""",
        "count(*)",
    ),
    "win_rate": (
        f"""SELECT team_id, (outcome = 'won')::int AS value FROM ({CLOSED_NOW}) AS closed
            WHERE outcome IN ('won', 'lost')""",
        SHARE,
    ),
    "sales_cycle": (
        f"""SELECT team_id, CASE WHEN opened_at < at THEN date_part('epoch', at - opened_at) END AS value
            FROM ({CLOSED_NOW}) AS closed WHERE outcome = 'won'""",
        MEDIAN,
    ),
    "revenue": (
        f"""SELECT team_id, amount AS value FROM ({CLOSED_NOW}) AS closed WHERE outcome = 'won'
            UNION ALL SELECT team_id, amount FROM sales_order WHERE deleted_at IS NULL AND opportunity_id IS NULL
            AND ordered_at >= %(start)s AND ordered_at < %(end)s""",
        "sum(value), count(*)",
    ),
    "follow_ups": (
        """SELECT team_id FROM customers_activity WHERE deleted_at IS NULL AND at >= %(start)s AND at < %(end)s
            AND direction = 'outbound' AND type IN ('call', 'visit', 'meeting', 'email', 'message')
            AND owner_id IS NOT NULL AND outcome <> 'not_reached'
            AND (type <> 'call' OR duration IS NULL OR duration >= interval '10 seconds')""",
        "count(*)",
    ),
    "pipeline_value": (
        """SELECT team_id, amount AS value FROM (
            SELECT DISTINCT ON (opportunity_id) change.team_id, change.amount, change.outcome
            FROM sales_stagechange AS change JOIN sales_opportunity AS opportunity
                ON opportunity.id = opportunity_id AND deleted_at IS NULL
            WHERE at < %(end)s ORDER BY opportunity_id, at DESC, change.id DESC) AS last WHERE outcome = 'open'""",
        "sum(value), count(*)",
    ),
    "weighted_pipeline": (
        """SELECT team_id, amount * probability AS value FROM (
            SELECT DISTINCT ON (opportunity_id) change.team_id, change.amount, change.probability, change.outcome
            FROM sales_stagechange AS change JOIN sales_opportunity AS opportunity
                ON opportunity.id = opportunity_id AND deleted_at IS NULL
            WHERE at < %(end)s ORDER BY opportunity_id, at DESC, change.id DESC) AS last WHERE outcome = 'open'""",
        "sum(value), count(*)",
    ),
    "next_step_coverage": (
        """SELECT last.team_id, (EXISTS (SELECT FROM customers_task AS step WHERE step.about_kind = 'opportunity'
                AND step.about_id = last.opportunity_id AND step.due_at IS NOT NULL AND step.deleted_at IS NULL
                AND step.created_at < %(end)s AND (step.done_at IS NULL OR step.done_at >= %(end)s)))::int AS value
            FROM (SELECT DISTINCT ON (opportunity_id) opportunity_id, change.team_id, change.outcome
                FROM sales_stagechange AS change JOIN sales_opportunity AS opportunity
                    ON opportunity.id = opportunity_id AND deleted_at IS NULL
                WHERE at < %(end)s ORDER BY opportunity_id, at DESC, change.id DESC) AS last WHERE outcome = 'open'""",
        SHARE,
    ),
    "win_rate_by_value": (
        f"""SELECT team_id, CASE WHEN outcome = 'won' THEN amount ELSE 0 END AS won, amount
            FROM ({CLOSED_NOW}) AS closed WHERE outcome IN ('won', 'lost')""",
        "sum(won)::float8 / sum(amount), sum(won), sum(amount)",
    ),
    "repeat_purchase_rate": (
        f"""SELECT team_id, coalesce(again < at + interval '90 days', FALSE)::int AS value FROM (
                SELECT *, row_number() OVER course AS number, lead(at) OVER course AS again FROM ({SOLD}) AS sold
                WHERE customer_id IS NOT NULL
                WINDOW course AS (PARTITION BY customer_id ORDER BY at, kind, id)) AS bought
            WHERE number = 1 AND at >= %(start)s AND at < %(end)s""",
        SHARE,
    ),
    "returning_customers": (
        f"""SELECT DISTINCT ON (customer_id) team_id, (first < %(start)s)::int AS value FROM (
                SELECT *, min(at) OVER (PARTITION BY customer_id) AS first FROM ({SOLD}) AS sold
                WHERE customer_id IS NOT NULL) AS bought
            WHERE at >= %(start)s AND at < %(end)s ORDER BY customer_id, at DESC, kind, id DESC""",
        SHARE,
    ),
    "first_response_time": (
        f"""SELECT coalesce(answer.team_id, ticket.team_id) AS team_id,
                date_part('epoch', coalesce(answer.elapsed, answer.at - ticket.opened_at)) AS value
            FROM ({OPENED}) AS ticket LEFT JOIN LATERAL (
                SELECT event.team_id, event.elapsed, event.at FROM service_ticketevent AS event
                WHERE event.ticket_id = ticket.id AND event.type = 'answered'
                ORDER BY event.at, event.id LIMIT 1) AS answer ON TRUE""",
        MEDIAN,
    ),
    "resolution_time": (
        """SELECT done.team_id, date_part('epoch', coalesce(done.elapsed, done.at - ticket.opened_at)) AS value
            FROM service_ticketevent AS done JOIN service_ticket AS ticket ON ticket.id = done.ticket_id
            WHERE done.type = 'resolved' AND done.at >= %(start)s AND done.at < %(end)s AND ticket.deleted_at IS NULL
                AND NOT EXISTS (SELECT FROM service_ticketevent AS later WHERE later.ticket_id = done.ticket_id
                    AND later.type IN ('resolved', 'reopened') AND (later.at, later.id) > (done.at, done.id))""",
        MEDIAN,
    ),
    "resolution_rate": (
        f"""SELECT coalesce(lasting.team_id, held.team_id) AS team_id, (lasting.at IS NOT NULL)::int AS value
            FROM ({OPENED}) AS ticket LEFT JOIN LATERAL (
                SELECT done.at, done.team_id FROM service_ticketevent AS done WHERE done.ticket_id = ticket.id
                AND done.type = 'resolved' AND done.at <= ticket.opened_at + interval '7 days' AND NOT EXISTS (
                    SELECT FROM service_ticketevent AS again WHERE again.ticket_id = ticket.id
                    AND again.type = 'reopened' AND again.at > done.at
                    AND again.at <= done.at + interval '72 hours')
                ORDER BY done.at, done.id LIMIT 1) AS lasting ON TRUE
            LEFT JOIN LATERAL ({HELD.format(moment="ticket.opened_at + interval '7 days' AND lasting.at IS NULL")})
                AS held ON TRUE""",
        SHARE,
    ),
    "reopen_rate": (
        """SELECT team_id, max(again) AS value FROM (
            SELECT ticket.id, done.team_id, EXISTS (SELECT FROM service_ticketevent AS reopened
                WHERE reopened.ticket_id = ticket.id AND reopened.type = 'reopened' AND reopened.at > done.at
                AND reopened.at <= done.at + interval '14 days')::int AS again
            FROM service_ticketevent AS done JOIN service_ticket AS ticket ON ticket.id = done.ticket_id
            WHERE done.type = 'resolved' AND done.at >= %(start)s AND done.at < %(end)s
                AND ticket.deleted_at IS NULL) AS resolved GROUP BY id, team_id""",
        SHARE,
    ),
    "sla_attainment": (
        f"""SELECT coalesce(answer.team_id, held.team_id) AS team_id, answer.at IS NOT NULL AS met
            FROM service_ticket AS ticket LEFT JOIN LATERAL (
                SELECT event.at, event.team_id FROM service_ticketevent AS event WHERE event.ticket_id = ticket.id
                AND event.type IN ('answered', 'resolved', 'closed') AND event.at <= ticket.first_response_due_at
                ORDER BY event.at, event.id LIMIT 1) AS answer ON TRUE
            LEFT JOIN LATERAL ({HELD.format(moment="ticket.first_response_due_at AND answer.at IS NULL")})
                AS held ON TRUE
            WHERE deleted_at IS NULL AND first_response_due_at >= %(start)s AND first_response_due_at < %(end)s
            UNION ALL SELECT held.team_id, held.category = 'resolved' FROM service_ticket AS ticket
            LEFT JOIN LATERAL ({HELD.format(moment="ticket.resolution_due_at")}) AS held ON TRUE
            WHERE deleted_at IS NULL AND resolution_due_at >= %(start)s AND resolution_due_at < %(end)s""",
        MET,
    ),
    "csat": (f"SELECT team_id, (score >= 4)::int AS value FROM ({SAID.format(type='csat')}) AS said", SHARE),
    "nps": (
        f"""SELECT team_id, CASE WHEN score >= 9 THEN 100 WHEN score <= 6 THEN -100 ELSE 0 END AS value
            FROM ({SAID.format(type="nps")}) AS said""",
        f"{SHARE}, count(*) FILTER (WHERE value > 0), count(*) FILTER (WHERE value < 0)",
    ),
    "response_rate": (
        """SELECT team_id, (answered_at <= sent_at + interval '14 days') IS TRUE AS met FROM surveys_invitation
            WHERE deleted_at IS NULL AND state <> 'failed' AND sent_at >= %(start)s AND sent_at < %(end)s""",
        MET,
    ),
}

# A customer's score by hand, without keeping anything of how it came about.
HEALTH = """WITH contact AS (
    SELECT customer_id, floor(date_part('epoch', %(now)s - max(at)) / 86400)::float8 AS days,
        count(*) FILTER (WHERE at > %(now)s - interval '90 days')::float8 AS times
    FROM customers_activity WHERE deleted_at IS NULL AND at <= %(now)s AND ((direction = 'inbound' AND type <> 'note')
        OR (type IN ('call', 'visit', 'meeting') AND outcome <> 'not_reached')) GROUP BY 1
), said AS (
    SELECT DISTINCT ON (customer_id) customer_id, CASE WHEN survey.type = 'nps' THEN score / 10.0::float8
        ELSE (score - 1) / 4.0::float8 END AS share, floor(date_part('epoch', %(now)s - answered_at) / 86400) AS days
    FROM surveys_response AS response JOIN surveys_survey AS survey ON survey.id = survey_id
    WHERE response.deleted_at IS NULL AND answered_at <= %(now)s AND answered_at > %(now)s - interval '365 days'
    ORDER BY customer_id, answered_at DESC, response.id DESC
), troubled AS (
    SELECT customer_id, id, (category <> 'resolved' AND (resolution_due_at < %(now)s
            OR (first_response_at IS NULL AND first_response_due_at < %(now)s)))::int AS burden,
        category <> 'resolved' AND type = 'complaint' AND opened_at <= %(now)s - interval '14 days' AS complains
    FROM (SELECT ticket.*, state.category AS category FROM (
            SELECT id, customer_id, state_id, type, opened_at, deleted_at, resolution_due_at, first_response_at,
                first_response_due_at FROM service_ticket) AS ticket
        JOIN service_ticketstate AS state ON state.id = state_id) AS ticket
    WHERE deleted_at IS NULL AND (category <> 'resolved' OR opened_at > %(now)s - interval '365 days')
    UNION ALL
    SELECT ticket.customer_id, ticket.id, 1, FALSE FROM service_ticketevent AS event
    JOIN service_ticket AS ticket ON ticket.id = ticket_id
    WHERE event.type = 'reopened' AND event.at > %(now)s - interval '90 days' AND event.at <= %(now)s
), served AS (
    SELECT customer_id, sum(burden)::float8 AS burden, bool_or(complains) AS complains FROM troubled GROUP BY 1
), valued AS (
    SELECT customer.id, complains,
        CASE WHEN days IS NULL THEN NULL WHEN days > 60 THEN 0.5 - 0.5 * (least(days, 180) - 60) / 120
            ELSE least(1, 0.5 + 0.5 * (60 - days) / 46) END AS recency,
        CASE WHEN times IS NULL THEN NULL WHEN times < 2 THEN 0.25 * times
            ELSE least(1, 0.5 + (times - 2) / 8) END AS frequency,
        0.5 + (share - 0.5) * power(2::float8, -said_days / 90) AS satisfaction,
        CASE WHEN burden > 1 THEN greatest(0, 0.5 - 0.25 * (burden - 1)) ELSE 1 - 0.5 * burden END AS service
    FROM customers_customer AS customer
    LEFT JOIN contact ON contact.customer_id = customer.id
    LEFT JOIN (SELECT customer_id, share, days AS said_days FROM said) AS said ON said.customer_id = customer.id
    LEFT JOIN served ON served.customer_id = customer.id
    WHERE deleted_at IS NULL AND (days IS NOT NULL OR share IS NOT NULL OR burden IS NOT NULL)
), summed AS (
    SELECT id, complains, 50 + 100 * (coalesce(20 * (recency - 0.5), 0) + coalesce(20 * (frequency - 0.5), 0)
        + coalesce(30 * (satisfaction - 0.5), 0) + coalesce(30 * (service - 0.5), 0))
        / ((recency IS NOT NULL)::int * 20 + (frequency IS NOT NULL)::int * 20 + (satisfaction IS NOT NULL)::int * 30
            + (service IS NOT NULL)::int * 30) AS score FROM valued)
SELECT id, CASE WHEN complains THEN least(score, 39) ELSE score END AS score FROM summed"""
