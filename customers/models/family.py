"""A customer with everything below it: its subsidiaries, theirs, and so on, as far as the reader may see them.

Apps above register what they know of many customers together, each in one query.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from crm.access.grants import access_of
from crm.access.permissions import Verb
from customers.models.customer import Customer

# Whoever is not seen is not gone through either: below it nothing is told. A circle, which nobody can make but by hand
# in the database, ends where it began.
_BELOW = """WITH RECURSIVE family(id, name, depth, path, place) AS (
        SELECT top.id, top.name, 0, ARRAY[top.id], ARRAY[''::text]
        FROM customers_customer AS top WHERE top.id = %s
        UNION ALL
        SELECT child.id, child.name, family.depth + 1, family.path || child.id, family.place || child.sort_name::text
        FROM family JOIN customers_customer AS child ON child.parent_id = family.id
        WHERE child.deleted_at IS NULL AND child.id <> ALL(family.path) AND child.id IN ({seen}))"""


@dataclass(frozen=True)
class Node:
    pk: int
    name: str
    depth: int


@dataclass(frozen=True)
class Figure:
    """Something added up over many customers. `of(user, ids, now)` answers with what `template` shows as `value`."""

    code: str
    label: Any
    kind: str  # of the records it is made of: whoever may not view these does not get it
    of: Callable[[Any, Sequence[int], datetime], Any]
    template: str
    as_json: Callable[[Any], Any]


_figures: dict[str, Figure] = {}


def register(figure: Figure) -> None:
    _figures[figure.code] = figure


def below(customer: Customer, user: Any) -> list[Node]:
    """The customer first, then what is below it, each after what it belongs to."""
    sql, params = _statement(customer.pk, user)
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} SELECT id, name, depth FROM family ORDER BY place, path", params)
        return [Node(*row) for row in cursor.fetchall()]


def at_or_below(customer: Customer, user: Any) -> RawSQL:
    """The same as a condition: `pk__in=`."""
    sql, params = _statement(customer.pk, user)
    return RawSQL(f"{sql} SELECT id FROM family", params)


def rolled_up(user: Any, ids: Sequence[int], now: datetime) -> list[tuple[Figure, Any]]:
    """Every figure the person's role shows, over these customers; one query each, however many customers."""
    may = access_of(user).may
    return [(figure, figure.of(user, ids, now)) for figure in _figures.values() if may(figure.kind, Verb.VIEW)]


def last_contact(ids: Sequence[int]) -> tuple[datetime | None, int, str] | None:
    """When somebody was in touch with one of them last, and with which."""
    latest = Customer.objects.filter(pk__in=ids, last_activity_at__isnull=False).order_by("-last_activity_at", "pk")
    return latest.values_list("last_activity_at", "pk", "name").first()


def _statement(pk: int, user: Any) -> tuple[str, list[Any]]:
    seen, params = Customer.objects.visible_to(user).order_by().values("pk").query.sql_with_params()
    return _BELOW.format(seen=seen), [pk, *params]
