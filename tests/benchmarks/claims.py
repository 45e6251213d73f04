"""What nobody owns and what may be there twice: the pool, the values duplicates are found by, and those found.

As in promises.py, each is filled where it is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction

from crm.models import Role, Team, User
from crm.search.lexemes import lexemes
from crm.search.normalise import sort_key
from crm.search.words import Words
from customers.models import Customer, duplicate, match_key
from tests.benchmarks.big_organisation import CUSTOMER, NOW, Owners, customers, fill_documents
from tests.benchmarks.loading import copy, indexes_apart, is_empty, mix
from tests.benchmarks.timing import query

RELEASED = "Too small for us"


def fill(count: int, people: list[User]) -> list[str]:
    filled = []
    owners = Owners(people)
    agent(people[0].team)
    if is_empty("customers_poolmove"):
        with transaction.atomic():
            _pool(count, people)
        filled += ["customers_customer", "customers_standing", "customers_poolmove"]
    if is_empty("customers_matchkey WHERE kind = 'customer' AND object_id = 1"):
        with indexes_apart("customers_matchkey"), transaction.atomic():
            copy("customers_matchkey", "kind, object_id, sign, value", _keys(count, owners))
    if is_empty("customers_duplicate"):
        with transaction.atomic():
            duplicate.scan(NOW)
        filled.append("customers_duplicate")
    return filled


def agent(team: Team | None) -> None:
    """Somebody who answers the tickets of the first team."""
    if not User.objects.filter(email="agent0@example.com").exists():
        made = User.objects.create(name="Agent 0", email="agent0@example.com", team=team)
        made.roles.set([Role.objects.get(code="support_agent")])


def _pool(count: int, people: list[User]) -> None:
    """One for each hundred customers, beside those that are owned: half in the pools of teams, half in everybody's."""
    last = query("SELECT max(id) FROM customers_customer")[0][0]
    rows, standings, moves, documents = [], [], [], []
    for number in range(1, count // 100 + 1):
        pk, name, person = last + number, f"Pooled {number} GmbH", people[mix(number, salt=61) % len(people)]
        team = person.team_id if number % 2 else None
        at = NOW - timedelta(seconds=mix(number, salt=62) % (400 * 86400))
        rows.append((pk, name, sort_key(name), "organisation", "prospect", "", "", "", f"P-{number:07}", "", "", "",
                     "Trier", "", "", None, team, 1, at, at, None, None))  # fmt: skip
        standings.append((at, "prospect", pk, None, team))
        moves.append((pk, "released", at, person.pk, team, person.pk, RELEASED))
        words = sorted(lexemes(Words(title=name, texts=["Trier"])))
        documents.append(("customer", pk, None, team, name, "Trier", words, at))
    copy("customers_customer", CUSTOMER, rows)
    copy("customers_standing", "since, lifecycle, customer_id, owner_id, team_id", standings)
    copy("customers_poolmove", "customer_id, type, at, person_id, team_id, by_id, reason", moves)
    fill_documents(iter(documents))


def _keys(count: int, owners: Owners) -> Iterator[tuple[Any, ...]]:
    """Of every customer and of every contact, as they would have been kept beside the search documents."""
    for row in customers(count, owners):
        values = {name: row[name] for name in ("name", "number", "email", "phone")}
        keys = match_key.of_values(**values)
        yield from ((Customer.kind, row["id"], *key) for key in keys)
        if row["id"] <= count // 2:
            shared = match_key.of_values(email=row["email"])
            yield from (("contact", row["id"], *key) for key in shared if key[0] != match_key.Sign.DOMAIN)
