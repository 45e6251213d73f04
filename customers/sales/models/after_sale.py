"""For whom a visit after a sale is due: won opportunities, and orders that belong to none."""

from __future__ import annotations

from datetime import timedelta

from customers.models.cadence import Asked, Statement

NOT_OLDER = timedelta(days=14)  # a rule that is new makes no tasks about sales of last year


def after_sale(asked: Asked) -> Statement:
    sql = """
        SELECT sold.customer_id, sold.contact_id, concat_ws(':', 'after_sale', %(rule)s::int, sold.what, sold.id),
               sold.day, sold.name
        FROM (
            SELECT o.customer_id, o.contact_id, 'opportunity' AS what, o.id, o.name,
                   (o.closed_at AT TIME ZONE %(zone)s)::date + %(count)s AS day
            FROM sales_opportunity o JOIN sales_stage s ON s.id = o.stage_id
            WHERE s.outcome = 'won' AND o.deleted_at IS NULL AND o.closed_at >= %(since)s
            UNION ALL
            SELECT r.customer_id, NULL, 'order', r.id, r.number,
                   (r.ordered_at AT TIME ZONE %(zone)s)::date + %(count)s
            FROM sales_order r
            WHERE r.opportunity_id IS NULL AND r.deleted_at IS NULL AND r.ordered_at >= %(since)s
        ) sold
        LEFT JOIN customers_contact p ON p.id = sold.contact_id
        WHERE sold.customer_id IS NOT NULL AND coalesce(NOT p.do_not_contact, true)
          AND sold.day BETWEEN %(first)s AND %(last)s"""
    days = asked.rule.days or 0
    first, last = asked.today - NOT_OLDER, asked.today + timedelta(days=asked.rule.days_ahead)
    return sql, {
        "rule": asked.rule.pk, "zone": asked.zone, "count": days, "first": first, "last": last,
        "since": first - timedelta(days=days + 1),
    }  # fmt: skip
