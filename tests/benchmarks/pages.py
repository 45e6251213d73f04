"""Search, the page of a customer, the board, and logging an activity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count as counting
from typing import Any

from django.db import transaction
from django.test import Client
from django.utils import timezone

from crm.models import User
from crm.search import asking
from customers.sales.models import Opportunity, Pipeline
from customers.sales.models import board as boards
from tests.benchmarks.browsing import EVERYTHING, LISTED, PAGE, WRITTEN, ids, seen_by, signed_in
from tests.benchmarks.timing import Operation, query

SEARCHES = {"word prefix": "bren", "common prefix": "ba", "two Chinese characters": "张伟", "pinyin": "zhangwei",
            "phone": "+49{}"}  # fmt: skip


CARD = re.compile('id="card-([0-9]+)"')


def operations(user: User) -> Iterator[Operation]:
    client = signed_in(user)
    yield from searches(client, user)
    yield from records(client, user)


def searches(client: Client, user: User) -> Iterator[Operation]:
    phone = query(f"SELECT phone FROM customers_customer WHERE {seen_by(user)} ORDER BY id LIMIT 1")[0][0]
    for name, text in SEARCHES.items():
        text = text.format(phone[3:])

        def ours(text: str = text) -> int:
            return len(client.get("/search/palette/", {"q": text}).content)

        whose = seen_by(user).replace(EVERYTHING, "TRUE")
        # A phone number is rare: walking the newest first, which the planner likes for any word, would read them all.
        rare = "MATERIALIZED" if name == "phone" else "NOT MATERIALIZED"
        sql = (
            f"WITH found AS {rare} (SELECT * FROM crm_searchdocument WHERE words @@ %s::tsquery) "
            f"SELECT kind, object_id, title, subtitle FROM found WHERE {whose} "
            "ORDER BY updated_at DESC, id DESC LIMIT 24"
        )
        lexemes = asking.understood(text).every

        def raw(sql: str = sql, lexemes: str = lexemes) -> int:
            return len(query(sql, [lexemes]))

        yield Operation(f"search: {name}", ours, raw, check=_finds(user, text), budget=LISTED)


def _finds(user: User, text: str) -> Any:
    """As many as the raw SQL finds at least: visibility through a customer may add some."""
    from crm.search import finding

    return lambda ours, raw: len(finding.find(user, text, limit=24)) >= raw


def records(client: Client, user: User) -> Iterator[Operation]:
    made = "number LIKE 'C-%'"  # as the organisation was: neither imported nor in the pool
    customer = query(f"SELECT max(id) FROM customers_customer WHERE {seen_by(user)} AND id % 5 = 0 AND {made}")[0][0]

    def page() -> Any:
        address = f"/customers/{customer}/"
        return customer if f"{address}timeline/" in client.get(address).content.decode() else None

    def raw_page() -> int:
        found = query("SELECT * FROM customers_customer WHERE id = %s", [customer])
        query("SELECT * FROM customers_activity WHERE customer_id = %s AND deleted_at IS NULL "
              "ORDER BY at DESC, id DESC LIMIT 20", [customer])  # fmt: skip
        query("SELECT * FROM crm_eventlink WHERE kind = 'customer' AND object_id = %s ORDER BY at DESC, event_id DESC "
              "LIMIT 20", [customer])  # fmt: skip
        return found[0][0]

    yield Operation("customer page", page, raw_page, budget=PAGE)
    yield from board(client, user)
    yield from logging(client, user, customer)


def board(client: Client, user: User) -> Iterator[Operation]:
    open_stages = "SELECT id FROM sales_stage WHERE outcome = 'open'"
    mine = seen_by(user, "opportunity")

    def ours() -> list[int]:
        return ids(CARD, client.get("/sales/pipeline/"))

    def raw() -> Any:
        sums = query(f"SELECT stage_id, count(*), sum(amount) FROM sales_opportunity WHERE {mine} AND stage_id IN "
                     f"({open_stages}) GROUP BY 1")  # fmt: skip
        cards = query(
            "SELECT card.id FROM sales_stage AS stage CROSS JOIN LATERAL (SELECT * FROM sales_opportunity "
            f"WHERE stage_id = stage.id AND {mine} ORDER BY rank, id LIMIT 50) AS card "
            "WHERE stage.outcome = 'open' ORDER BY stage.position, card.rank, card.id"
        )
        return {stage: (number, total) for stage, number, total in sums}, [row[0] for row in cards]

    def same(shown: list[int], answer: Any) -> bool:
        found = boards.sums_by_stage(Opportunity.objects.visible_to(user), Pipeline.objects.get(), timezone.localdate())
        sums = {stage: (one.count, sum(money.amount for money in one.amounts)) for stage, one in found.items()}
        return (sums, shown) == answer

    yield Operation("kanban", ours, raw, check=same, budget=PAGE)


def logging(client: Client, user: User, customer: int) -> Iterator[Operation]:
    numbers = counting(1)

    def ours() -> bool:
        form = {"customer": customer, "type": "call", "direction": "outbound", "outcome": "reached",
                "at": "2026-05-13T10:00", "subject": f"Timed {next(numbers)}"}  # fmt: skip
        response = client.post("/activities/new/", form, headers={"HX-Request": "true"})
        return response.status_code in (204, 302)

    def raw() -> bool:
        with transaction.atomic():
            query(
                "INSERT INTO customers_activity (version, created_at, updated_at, owner_id, team_id, customer_id, "
                "type, direction, outcome, at, subject, body, about_kind) VALUES (1, now(), now(), %s, %s, %s, 'call', "
                "'outbound', 'reached', now(), 'Timed', '', '')",
                [user.pk, user.team_id, customer],
            )
        return True

    yield Operation("log an activity", ours, raw, budget=WRITTEN)
