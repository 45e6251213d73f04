"""Today as somebody would ask for it in SQL by hand, for a person who sees what is their own and their team's."""

from __future__ import annotations

# Each source says at most %(most)s rows: what it is, how much its reason counts, since when it is due, the priority of
# a task, and how many reasons it gives. The person owns all of them, so that what they may see needs no saying, but for
# tickets of their customers, which everybody may see who sees the customer.
TODAY = """
WITH said AS (
    (SELECT 'task' AS kind, id, 40 AS weight, due_at AS due, priority, 'due' AS reason, 1 AS reasons
        FROM customers_task WHERE deleted_at IS NULL AND done_at IS NULL AND owner_id = %(user)s
        AND due_at < current_date + 1 ORDER BY due_at, priority DESC, id LIMIT %(most)s)
    UNION ALL SELECT * FROM (
        SELECT CASE WHEN step.id IS NULL OR step.owner_id <> %(user)s THEN 'opportunity' ELSE 'task' END,
            CASE WHEN step.id IS NULL OR step.owner_id <> %(user)s THEN sale.id ELSE step.id END,
            CASE WHEN step.id IS NULL THEN 20 ELSE 40 END, step.due_at, 2, 'step', 1
        FROM sales_opportunity AS sale LEFT JOIN LATERAL (
            SELECT * FROM customers_task WHERE about_kind = 'opportunity' AND about_id = sale.id AND done_at IS NULL
            AND deleted_at IS NULL AND due_at IS NOT NULL ORDER BY due_at, id LIMIT 1) AS step ON true
        WHERE sale.deleted_at IS NULL AND sale.owner_id = %(user)s AND sale.closed_at IS NULL
            AND (step.id IS NULL OR step.due_at < now())
        ORDER BY step.due_at NULLS LAST, sale.amount DESC NULLS LAST, sale.id LIMIT %(most)s) AS steps
    UNION ALL (SELECT 'opportunity', id, 30, expected_close + time '23:59' AT TIME ZONE 'UTC', 2, 'close', 1
        FROM sales_opportunity WHERE deleted_at IS NULL AND owner_id = %(user)s AND closed_at IS NULL
        AND expected_close < current_date ORDER BY expected_close, id LIMIT %(most)s)
    UNION ALL (SELECT 'lead', id, CASE WHEN contact_due_at < now() THEN 60 ELSE 45 END, contact_due_at, 2, 'lead',
            CASE WHEN contact_due_at < now() THEN 2 ELSE 1 END
        FROM sales_lead WHERE deleted_at IS NULL AND owner_id = %(user)s AND state IN ('new', 'working')
        AND first_contact_at IS NULL ORDER BY contact_due_at NULLS LAST, score DESC, created_at, id LIMIT %(most)s)
    UNION ALL (SELECT 'contract', id, CASE WHEN "end" < current_date THEN 40 ELSE 35 END,
            (CASE WHEN "end" >= current_date AND notice_days > 0 AND "end" - notice_days >= current_date
                THEN "end" - notice_days ELSE "end" END) + time '23:59' AT TIME ZONE 'UTC', 2, 'contract', 1
        FROM sales_contract WHERE deleted_at IS NULL AND churned_from IS NULL AND owner_id = %(user)s
        AND "end" - notice_days <= current_date + 30
        AND NOT (renews_automatically AND "end" - notice_days < current_date)
        ORDER BY "end" - notice_days, id LIMIT %(most)s)
    UNION ALL (SELECT 'ticket', ticket.id, CASE WHEN next_due_at < now() THEN 60 ELSE 45 END, next_due_at, 2,
            'ticket', 1
        FROM service_ticket AS ticket JOIN customers_customer AS customer ON customer.id = customer_id
        JOIN service_ticketstate AS state ON state.id = state_id
        WHERE ticket.deleted_at IS NULL AND customer.deleted_at IS NULL AND customer.owner_id = %(user)s
        AND state.category <> 'resolved' AND (waiting_since IS NOT NULL OR next_due_at < now())
        ORDER BY next_due_at NULLS LAST, waiting_since NULLS LAST, ticket.id LIMIT %(most)s)
    UNION ALL (SELECT 'ticket', ticket.id, CASE WHEN next_due_at < now() THEN 60 ELSE 45 END, next_due_at, 2,
            'ticket', 1
        FROM service_ticket AS ticket JOIN service_ticketstate AS state ON state.id = state_id
        WHERE ticket.deleted_at IS NULL AND owner_id = %(user)s
        AND state.category <> 'resolved' AND (waiting_since IS NOT NULL OR next_due_at < now())
        ORDER BY next_due_at NULLS LAST, waiting_since NULLS LAST, ticket.id LIMIT %(most)s)
    UNION ALL (SELECT 'customer', customer.id, 35, NULL, 2, 'health', 1
        FROM evaluation_healthscore AS health JOIN customers_customer AS customer ON customer.id = customer_id
        WHERE band = 'red' AND customer.deleted_at IS NULL AND customer.owner_id = %(user)s
        AND (last_activity_at IS NULL OR last_activity_at < now() - interval '14 days')
        AND NOT EXISTS (SELECT FROM customers_task AS task WHERE task.customer_id = customer.id
            AND task.deleted_at IS NULL AND done_at IS NULL AND due_at IS NOT NULL)
        ORDER BY score, customer.id LIMIT %(most)s)
), merged AS (
    SELECT kind, id, max(weight) AS weight, min(due) AS due, max(priority) AS priority, sum(reasons) AS reasons
    FROM (SELECT DISTINCT ON (kind, id, reason) * FROM said) AS told GROUP BY kind, id
)
SELECT kind, id FROM merged
ORDER BY weight + least(greatest(current_date - coalesce(due::date, current_date), 0) * 2, 20)
    + CASE priority WHEN 1 THEN -15 WHEN 3 THEN 15 ELSE 0 END + 5 * (reasons - 1) DESC,
    due NULLS LAST, kind COLLATE "C", id LIMIT %(shown)s
"""
