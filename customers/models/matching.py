"""Who a record may be already: asked by its keys, of everybody, whoever may see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from customers.models.contact import Contact
from customers.models.customer import Customer
from customers.models.match_key import Key, Sign, Strength, reasons

HELD = 200  # records of one value that are looked at: a mail that more of them share tells nobody apart


@dataclass(frozen=True)
class Alike:
    """A record with the signs it has in common with what was asked."""

    kind: str
    pk: int
    signs: tuple[int, ...]

    @property
    def strength(self) -> Strength:
        return Strength.of(self.signs)

    @property
    def reasons(self) -> list[Any]:
        return reasons(self.signs)


# A merged customer stands for the one it became; its old names and numbers are found there.
_FOUND = """
    WITH held AS (
        SELECT key.kind, key.object_id, key.sign
        FROM unnest(%(signs)s::smallint[], %(values)s::text[]) AS given(sign, value)
        CROSS JOIN LATERAL (
            SELECT kind, object_id, sign FROM customers_matchkey
            WHERE sign = given.sign AND value = given.value LIMIT %(most)s
        ) AS key
    )
"""
_CUSTOMERS = """
    SELECT found.id, array_agg(DISTINCT found.sign ORDER BY found.sign) FROM (
        SELECT coalesce(customer.merged_into_id, customer.id) AS id, held.sign
        FROM held JOIN customers_customer AS customer ON customer.id = held.object_id
        WHERE held.kind = 'customer'
        UNION ALL
        SELECT coalesce(customer.merged_into_id, customer.id), held.sign
        FROM held
        JOIN customers_contact AS contact ON contact.id = held.object_id AND contact.deleted_at IS NULL
        JOIN customers_customercontact AS link ON link.contact_id = contact.id
        JOIN customers_customer AS customer ON customer.id = link.customer_id
        WHERE held.kind = 'contact'
    ) AS found JOIN customers_customer AS alive ON alive.id = found.id AND alive.deleted_at IS NULL
    GROUP BY found.id
"""
_CONTACTS = """
    SELECT contact.id, array_agg(DISTINCT held.sign ORDER BY held.sign)
    FROM held JOIN customers_contact AS contact ON contact.id = held.object_id AND contact.deleted_at IS NULL
    WHERE held.kind = 'contact' GROUP BY contact.id
"""


_OF_ROWS = """
    SELECT row, object_id, shared FROM (
        SELECT given.row, key.object_id, array_agg(DISTINCT key.sign ORDER BY key.sign) AS shared,
            row_number() OVER (PARTITION BY given.row ORDER BY count(DISTINCT key.sign) DESC, key.object_id) AS place
        FROM unnest(%(rows)s::int[], %(signs)s::smallint[], %(values)s::text[]) AS given(row, sign, value)
        CROSS JOIN LATERAL (
            SELECT object_id, sign FROM customers_matchkey
            WHERE sign = given.sign AND value = given.value AND kind = %(kind)s LIMIT %(most)s
        ) AS key
        GROUP BY given.row, key.object_id HAVING count(DISTINCT key.sign) > 1 OR bool_or(key.sign = ANY(%(enough)s))
    ) AS likes WHERE place <= %(best)s ORDER BY row, place
"""
FEW, BEST = 20, 3  # records of one value that are looked at, and of one row that are told, where a thousand are asked


def of_rows(kind: str, keys: Mapping[int, Iterable[Key]], enough: Iterable[Sign]) -> dict[int, list[Alike]]:
    """Of each row the records of the kind that have two of its keys, or one of those that are `enough` alone; the most
    alike first. One query, whoever may see them."""
    given = [(row, sign, value) for row, signs in keys.items() for sign, value in signs]
    if not given:
        return {}
    rows, signs, values = map(list, zip(*given, strict=True))
    params: dict[str, Any] = {"rows": rows, "signs": signs, "values": values, "kind": kind}
    params |= {"most": FEW, "best": BEST, "enough": [*map(int, enough)]}
    found: dict[int, list[Alike]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_OF_ROWS, params)
        for row, pk, shared in cursor.fetchall():
            found.setdefault(row, []).append(Alike(kind, pk, tuple(shared)))
    return found


def customers(keys: Iterable[Key], besides: int | None = None) -> list[Alike]:
    """Customers that have one of the keys, or people there who do; the most alike first."""
    return _found(Customer.kind, _CUSTOMERS, keys, besides)


def contacts(keys: Iterable[Key], besides: int | None = None) -> list[Alike]:
    """People with one of the keys."""
    return _found(Contact.kind, _CONTACTS, keys, besides)


def _found(kind: str, statement: str, keys: Iterable[Key], besides: int | None) -> list[Alike]:
    given = sorted(keys)
    if not given:
        return []
    signs, values = zip(*given, strict=True)
    params: dict[str, Any] = {"signs": list(signs), "values": list(values), "most": HELD}
    with connection.cursor() as cursor:
        cursor.execute(_FOUND + statement, params)
        found = [Alike(kind, pk, tuple(signs)) for pk, signs in cursor.fetchall() if pk != besides]
    return sorted(found, key=lambda alike: (-alike.strength, -len(alike.signs), alike.signs, alike.pk))
