"""Lists, search, pages and writing, asked for through the web as a browser would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count as counting
from typing import Any

from django.db import transaction
from django.test import Client
from django.utils import timezone

from crm.access.permissions import Reach, Verb
from crm.models import User
from crm.search import asking
from crm.web.lists.paging import Order, Pager
from customers.models import Customer
from customers.sales.models import Opportunity, Pipeline
from customers.sales.models import board as boards
from tests.benchmarks.timing import Operation, query

EVERYTHING = "deleted_at IS NULL"
LISTED, WRITTEN, PAGE = 100, 100, 150  # budgets in milliseconds
SEARCHES = {"word prefix": "bren", "common prefix": "ba", "two Chinese characters": "张伟", "pinyin": "zhangwei",
            "phone": "+49{}"}  # fmt: skip


CUSTOMER, CARD = re.compile(r'href="/customers/([0-9]+)/"'), re.compile('id="card-([0-9]+)"')


def ids(pattern: re.Pattern[str], response: Any) -> list[int]:
    """The records of a page in its order, read off what a browser would get."""
    assert response.status_code == 200, response.status_code
    return list(dict.fromkeys(int(found) for found in pattern.findall(response.content.decode())))


def operations(user: User) -> Iterator[Operation]:
    client = Client()
    client.force_login(user)
    yield from lists(client, user)
    yield from searches(client, user)
    yield from records(client, user)


def seen_by(user: User, kind: str = "customer") -> str:
    """Whose rows count, written by hand: the sales rep's role reaches own and team."""
    if user.access.reach(kind, Verb.VIEW) == Reach.ALL:
        return EVERYTHING
    return f"{EVERYTHING} AND (owner_id = {user.pk} OR team_id = {user.team_id})"


def lists(client: Client, user: User) -> Iterator[Operation]:
    rows = f"FROM customers_customer WHERE {seen_by(user)}"

    def page(address: str) -> list[int]:
        return ids(CUSTOMER, client.get(address))

    def raw(rest: str, order: str) -> Any:
        page = f"SELECT * {rows} {rest} ORDER BY {order} LIMIT 50"
        sql = (
            f"SELECT page.*, owner.name, team.name FROM ({page}) AS page LEFT JOIN crm_user AS owner "
            "ON owner.id = page.owner_id LEFT JOIN crm_team AS team ON team.id = page.team_id "
            f"ORDER BY page.{order.replace(', ', ', page.')}"
        )
        return lambda: [row[0] for row in query(sql)]

    newest = "updated_at DESC, id DESC"
    yield Operation("list, first page", lambda: page("/customers/"), raw("", newest), budget=LISTED)
    deep = min(999, query(f"SELECT count(*) {rows}")[0][0] // 50 - 1)
    pk, at = query(f"SELECT id, updated_at {rows} ORDER BY {newest} LIMIT 1 OFFSET {deep * 50 - 1}")[0]
    pager = Pager(Customer.objects.visible_to(user), Order("-updated_at", "updated_at", False), 50)
    cursor = pager.cursor(Customer(pk=pk, updated_at=at))
    after = raw(f"AND (updated_at, id) < ('{at.isoformat()}', {pk})", newest)
    yield Operation(f"list, page {deep + 1:,}", lambda: page(f"/customers/?after={cursor}"), after, budget=LISTED)
    churned = raw("AND lifecycle = 'churned'", "sort_name, id")
    address = "/customers/?lifecycle=churned&sort=name"
    yield Operation("list, filtered and sorted", lambda: page(address), churned, budget=LISTED)


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
    customer = query(f"SELECT max(id) FROM customers_customer WHERE {seen_by(user)} AND id % 5 = 0")[0][0]

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
