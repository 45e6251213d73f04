"""For whom an occasion has come, each in one statement over all customers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from customers.models.cadence import Asked, CadenceRule, Statement, register

# Whom a customer is called by: the main contact, unless nobody is to contact that person.
PERSON = """
    LEFT JOIN LATERAL (
        SELECT p.id FROM customers_customercontact l JOIN customers_contact p ON p.id = l.contact_id
        WHERE l.customer_id = c.id AND l.ended_on IS NULL AND p.deleted_at IS NULL AND NOT p.do_not_contact
        ORDER BY l.is_main DESC, p.id LIMIT 1
    ) person ON true"""
# Nobody there may be contacted: then neither is the customer.
REACHABLE = """
    (person.id IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM customers_customercontact l JOIN customers_contact p ON p.id = l.contact_id
        WHERE l.customer_id = c.id AND l.ended_on IS NULL AND p.deleted_at IS NULL))"""


def call_back(asked: Asked) -> Statement:
    """No real contact for so many days: notes, and calls that reached nobody, are none.

    Once for each so many days that pass, and not while the last such task is open.
    """
    sql = f"""
        SELECT c.id, person.id, concat_ws(':', 'call_back', %(rule)s::int, c.id, spoken.day,
                                          (%(today)s - spoken.day) / %(count)s), %(today)s, NULL::text
        FROM customers_customer c
        LEFT JOIN LATERAL (
            SELECT max(a.at) AS at FROM customers_activity a
            WHERE a.customer_id = c.id AND a.deleted_at IS NULL AND a.type <> 'note' AND a.outcome <> 'not_reached'
              AND a.direction <> 'none'
        ) last ON true
        CROSS JOIN LATERAL (SELECT (coalesce(last.at, c.created_at) AT TIME ZONE %(zone)s)::date AS day) spoken
        {PERSON}
        WHERE spoken.day <= %(today)s - %(count)s AND {REACHABLE}
          AND NOT EXISTS (SELECT 1 FROM customers_task t WHERE t.customer_id = c.id AND t.made_by_id = %(rule)s
                          AND t.done_at IS NULL AND t.deleted_at IS NULL)"""
    return sql, _said(asked) | {"count": asked.rule.days}


def birthday(asked: Asked) -> Statement:
    """Of everybody who may be contacted, at the customer they mainly work for; 29 February is the 28th otherwise."""
    sql = """
        SELECT DISTINCT ON (p.id) l.customer_id, p.id, concat_ws(':', 'birthday', %(rule)s::int, p.id, year), born.day,
               p.name
        FROM unnest(%(years)s::int[]) AS year
        CROSS JOIN customers_contact p
        CROSS JOIN LATERAL (
            SELECT (p.birthday + make_interval(years => year - extract(year FROM p.birthday)::int))::date AS day
        ) born
        JOIN customers_customercontact l ON l.contact_id = p.id AND l.ended_on IS NULL
        JOIN customers_customer c ON c.id = l.customer_id AND c.deleted_at IS NULL
        WHERE p.birthday IS NOT NULL AND p.deleted_at IS NULL AND NOT p.do_not_contact
          AND born.day BETWEEN %(today)s AND %(last)s
        ORDER BY p.id, l.is_main DESC, l.customer_id"""
    return sql, _said(asked) | {"years": [asked.today.year, asked.today.year + 1]}


def holiday(asked: Asked) -> Statement:
    """Every customer, once for a holiday of one name, however many days it lasts."""
    sql = f"""
        SELECT c.id, person.id, concat_ws(':', 'holiday', %(rule)s::int, c.id, extract(year FROM h.day), h.name), h.day,
               h.name
        FROM (SELECT name, min(date) AS day FROM crm_calendarholiday
              WHERE calendar_id = %(calendar)s AND name <> '' AND (%(holiday)s = '' OR name = %(holiday)s)
              GROUP BY name, extract(year FROM date)) h
        CROSS JOIN customers_customer c
        {PERSON}
        WHERE h.day > %(today)s AND h.day <= %(last)s AND {REACHABLE}"""
    return sql, _said(asked) | {"calendar": asked.rule.calendar_id, "holiday": asked.rule.holiday}


def _said(asked: Asked) -> dict[str, Any]:
    last: date = asked.today + timedelta(days=asked.rule.days_ahead)
    return {"rule": asked.rule.pk, "today": asked.today, "last": last, "zone": asked.zone}


def register_all() -> None:
    register(CadenceRule.Occasion.CALL_BACK, call_back)
    register(CadenceRule.Occasion.BIRTHDAY, birthday)
    register(CadenceRule.Occasion.HOLIDAY, holiday)
