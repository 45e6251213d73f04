"""Whose customers nobody was in touch with for too long: what a rule releases by itself, and when.

The days are counted from the last real contact or from when the owner got the customer, whichever is later; a note is
no contact. After a claim, and after what apps above register (a won opportunity), it is protected for a while. What a
rule finds overdue because it is new there (it was written, or the customer came to a team it counts for) is announced
before it is released.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from customers.models.customer import Customer
from customers.models.pool_rule import PoolRule, PoolRules

# Statements of customer_id and the moment from which the protection counts; apps above know some of their own.
_protections: dict[str, str] = {
    "claim": "SELECT customer_id, at FROM customers_poolmove WHERE type = 'claimed'",
}

_QUIET = """
    SELECT c.id, greatest(
        greatest(coalesce(contact.at, c.created_at), coalesce(had.since, c.created_at)) + %(after)s,
        protected.at + %(protected)s,
        %(announced)s::timestamptz,
        came.at + %(warned)s
    ) AS due
    FROM customers_customer c
    LEFT JOIN LATERAL (
        SELECT max(a.at) AS at FROM customers_activity a
        WHERE a.customer_id = c.id AND a.deleted_at IS NULL AND a.type <> 'note' AND a.at <= %(now)s
    ) contact ON true
    LEFT JOIN LATERAL (
        SELECT min(s.since) AS since FROM customers_standing s
        WHERE s.customer_id = c.id AND s.owner_id = c.owner_id AND s.since > coalesce((
            SELECT max(other.since) FROM customers_standing other
            WHERE other.customer_id = c.id AND other.owner_id IS DISTINCT FROM c.owner_id), '-infinity')
    ) had ON true
    LEFT JOIN LATERAL (  -- from teams for which another rule counts, or none
        SELECT min(s.since) AS at FROM customers_standing s
        WHERE s.customer_id = c.id AND s.since <= %(now)s AND s.since > (
            SELECT max(other.since) FROM customers_standing other
            WHERE other.customer_id = c.id AND NOT (
                coalesce(other.team_id = ANY(%(teams)s), false) OR (%(teamless)s AND other.team_id IS NULL)))
    ) came ON true
    LEFT JOIN LATERAL (
        SELECT max(p.at) AS at FROM ({protections}) p WHERE p.customer_id = c.id AND p.at <= %(now)s
    ) protected ON true
    WHERE c.deleted_at IS NULL AND c.owner_id IS NOT NULL AND {which}
"""


@dataclass(frozen=True)
class Quiet:
    customer: Customer
    due: datetime  # when it goes to the pool


def protects(name: str, statement: str) -> None:
    """Called by apps above: `statement` selects customer_id and the moment (at) from which they are protected."""
    _protections[name] = statement


def quiet(rule: PoolRule, teams: Iterable[int | None], now: datetime, *, before: timedelta) -> list[Quiet]:
    """The customers of these teams that the rule releases within so long from now on, the most urgent first.

    Those already due are left out where a warning asks: they are released, not announced.
    """
    which = "(c.team_id = ANY(%(teams)s) OR (%(teamless)s AND c.team_id IS NULL))"
    found = _ask(which, rule, teams, now)
    wanted = {pk: due for pk, due in found if (due <= now if not before else now < due <= now + before)}
    rows = Customer._base_manager.filter(pk__in=wanted).select_related("owner", "team")
    return sorted((Quiet(row, wanted[row.pk]) for row in rows), key=lambda each: (each.due, each.customer.pk))


def is_quiet(customer: Customer, rules: PoolRules, now: datetime) -> bool:
    due = due_of(customer, rules, now)
    return due is not None and due <= now


def due_of(customer: Customer, rules: PoolRules, now: datetime) -> datetime | None:
    """When the customer goes to the pool unless somebody is in touch; None where nothing releases it."""
    rule = rules.of(customer.team_id)
    if rule.release_after_days is None:
        return None
    found = _ask("c.id = %(customer)s", rule, rules.teams_of(rule), now, customer=customer.pk)
    return found[0][1] if found else None


def _ask(
    which: str, rule: PoolRule, teams: Iterable[int | None], now: datetime, **said: Any
) -> list[tuple[int, datetime]]:
    sql = _QUIET.format(protections=" UNION ALL ".join(_protections.values()), which=which)
    said |= {
        "now": now,
        "after": timedelta(days=rule.release_after_days or 0),
        "protected": timedelta(days=rule.protected_days),
        "teams": [team for team in teams if team is not None],
        "teamless": None in set(teams),
        "warned": timedelta(days=rule.warn_days),
        # A new rule, or a stricter one, announces what it finds overdue before it releases it.
        "announced": rule.releases_since and rule.releases_since + timedelta(days=rule.warn_days),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, said)
        return list(cursor.fetchall())
