"""Every KPI of a quarter as somebody would ask for it in SQL by hand, as things stand now.

Written for themselves, not taken from the declarations: rows with a team and what counts, and how they add up.
%(start)s and %(end)s are the bounds of the quarter.
"""

from __future__ import annotations

BOUGHT = """SELECT customer_id, team_id, closed_at AS at, id, 'opportunity' AS kind FROM sales_opportunity
    WHERE deleted_at IS NULL AND stage_id IN (SELECT id FROM sales_stage WHERE outcome = 'won')
    UNION ALL SELECT customer_id, team_id, ordered_at, id, 'order' FROM sales_order WHERE deleted_at IS NULL"""
CLOSED = """SELECT opportunity.*, stage.outcome FROM sales_opportunity AS opportunity
    JOIN sales_stage AS stage ON stage.id = stage_id
    WHERE deleted_at IS NULL AND closed_at >= %(start)s AND closed_at < %(end)s"""
OPENED = "SELECT * FROM service_ticket WHERE deleted_at IS NULL AND opened_at >= %(start)s AND opened_at < %(end)s"
SAID = """SELECT response.team_id, score FROM surveys_response AS response JOIN surveys_survey AS survey
    ON survey.id = survey_id WHERE response.deleted_at IS NULL AND survey.type = '{type}'
    AND answered_at >= %(start)s AND answered_at < %(end)s"""
MEDIAN = "percentile_cont(0.5) WITHIN GROUP (ORDER BY value)"
SHARE = "sum(value)::float8 / count(*)"

RAW = {
    "new_customers": (
        f"""SELECT * FROM (SELECT DISTINCT ON (customer_id) team_id, at FROM ({BOUGHT}) AS bought
            WHERE customer_id IS NOT NULL ORDER BY customer_id, at, kind, id) AS first
            WHERE at >= %(start)s AND at < %(end)s""",
        "count(*)",
    ),
    "active_customers": (
        f"""SELECT DISTINCT ON (customer_id) team_id FROM ({BOUGHT}) AS bought
            WHERE at >= %(end)s - interval '365 days' AND at < %(end)s ORDER BY customer_id, at DESC, kind, id DESC""",
        "count(*)",
    ),
    "win_rate": (f"SELECT team_id, (outcome = 'won')::int AS value FROM ({CLOSED}) AS closed", SHARE),
    "sales_cycle": (
        f"""SELECT team_id, date_part('epoch', closed_at - opened_at) AS value FROM ({CLOSED}) AS closed
            WHERE outcome = 'won'""",
        MEDIAN,
    ),
    "revenue": (
        f"""SELECT team_id, amount AS value FROM ({CLOSED}) AS closed WHERE outcome = 'won'
            UNION ALL SELECT team_id, amount FROM sales_order WHERE deleted_at IS NULL AND opportunity_id IS NULL
            AND ordered_at >= %(start)s AND ordered_at < %(end)s""",
        "sum(value)",
    ),
    "follow_ups": (
        """SELECT team_id FROM customers_activity WHERE deleted_at IS NULL AND at >= %(start)s AND at < %(end)s
            AND direction = 'outbound' AND type IN ('call', 'visit', 'meeting', 'email', 'message')""",
        "count(*)",
    ),
    "pipeline_value": (
        """SELECT team_id, amount AS value FROM (
            SELECT DISTINCT ON (opportunity_id) change.team_id, change.amount, change.outcome
            FROM sales_stagechange AS change JOIN sales_opportunity AS opportunity
                ON opportunity.id = opportunity_id AND deleted_at IS NULL
            WHERE at < %(end)s ORDER BY opportunity_id, at DESC, change.id DESC) AS last WHERE outcome = 'open'""",
        "sum(value)",
    ),
    "first_response_time": (
        f"""SELECT team_id, date_part('epoch', first_response_at - opened_at) AS value FROM ({OPENED}) AS ticket
            WHERE first_response_at IS NOT NULL""",
        MEDIAN,
    ),
    "resolution_time": (
        """SELECT team_id, date_part('epoch', resolved_at - opened_at) AS value FROM service_ticket
            WHERE deleted_at IS NULL AND resolved_at >= %(start)s AND resolved_at < %(end)s""",
        MEDIAN,
    ),
    "resolution_rate": (
        f"""SELECT team_id, EXISTS (SELECT FROM service_ticketevent AS done WHERE done.ticket_id = ticket.id
                AND done.type = 'resolved' AND done.at <= ticket.opened_at + interval '7 days' AND NOT EXISTS (
                    SELECT FROM service_ticketevent AS again WHERE again.ticket_id = ticket.id
                    AND again.type = 'reopened' AND again.at > done.at
                    AND again.at <= done.at + interval '72 hours'))::int AS value FROM ({OPENED}) AS ticket""",
        SHARE,
    ),
    "reopen_rate": (
        """SELECT team_id, max(again) AS value FROM (
            SELECT ticket.id, ticket.team_id, EXISTS (SELECT FROM service_ticketevent AS reopened
                WHERE reopened.ticket_id = ticket.id AND reopened.type = 'reopened' AND reopened.at > done.at
                AND reopened.at <= done.at + interval '14 days')::int AS again
            FROM service_ticketevent AS done JOIN service_ticket AS ticket ON ticket.id = done.ticket_id
            WHERE done.type = 'resolved' AND done.at >= %(start)s AND done.at < %(end)s
                AND ticket.deleted_at IS NULL) AS resolved GROUP BY id, team_id""",
        SHARE,
    ),
    "sla_attainment": (
        """SELECT team_id, (first_response_at <= first_response_due_at) IS TRUE AS met FROM service_ticket
            WHERE deleted_at IS NULL AND first_response_due_at >= %(start)s AND first_response_due_at < %(end)s
            UNION ALL SELECT team_id, (SELECT event.category = 'resolved' FROM service_ticketevent AS event
                WHERE event.ticket_id = ticket.id AND event.at <= resolution_due_at
                ORDER BY event.at DESC, event.id DESC LIMIT 1) FROM service_ticket AS ticket
            WHERE deleted_at IS NULL AND resolution_due_at >= %(start)s AND resolution_due_at < %(end)s""",
        "count(*) FILTER (WHERE met)::float8 / count(*)",
    ),
    "csat": (f"SELECT team_id, (score >= 4)::int AS value FROM ({SAID.format(type='csat')}) AS said", SHARE),
    "nps": (
        f"""SELECT team_id, CASE WHEN score >= 9 THEN 100 WHEN score <= 6 THEN -100 ELSE 0 END AS value
            FROM ({SAID.format(type="nps")}) AS said""",
        SHARE,
    ),
    "response_rate": (
        """SELECT team_id, (answered_at <= sent_at + interval '14 days') IS TRUE AS met FROM surveys_invitation
            WHERE deleted_at IS NULL AND state <> 'failed' AND sent_at >= %(start)s AND sent_at < %(end)s""",
        "count(*) FILTER (WHERE met)::float8 / count(*)",
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
