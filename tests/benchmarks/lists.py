"""The lists: their first pages, deep ones, filtered and sorted ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from django.test import Client

from crm.access.permissions import Reach, Verb
from crm.models import User
from crm.web.lists.paging import Order, Pager
from customers.models import Customer
from tests.benchmarks.browsing import KILOBYTES, LISTED, QUERIES, ids, seen_by, signed_in, size_of
from tests.benchmarks.timing import Operation, query

NEWEST = "updated_at DESC, id DESC"
OPEN_TICKETS = "AND state_id IN (SELECT id FROM service_ticketstate WHERE category = 'open')"
WON = "AND stage_id IN (SELECT id FROM sales_stage WHERE outcome = 'won')"
DEEP, NO_SLOWER = 10_000, 1.3
# Name, kind, address, which of the rows, and in which order.
LISTS = [
    ("list, first page", "customer", "/customers/", "", NEWEST),
    ("list, filtered and sorted", "customer", "/customers/?lifecycle=churned&sort=name",
     "AND lifecycle = 'churned'", "sort_name, id"),
    ("opportunities, first page", "opportunity", "/sales/opportunities/?sort=-updated_at", "", NEWEST),
    ("opportunities, won, largest first", "opportunity", "/sales/opportunities/?outcome=won&sort=-amount", WON,
     "amount DESC, id DESC"),
    ("leads, first page", "lead", "/sales/leads/", "", NEWEST),
    ("contacts, first page", "contact", "/contacts/", "", NEWEST),
    ("quotes, first page", "quote", "/sales/quotes/", "", NEWEST),
    ("contracts, first page", "contract", "/sales/contracts/", "", NEWEST),
    ("orders, first page", "order", "/sales/orders/", "", "ordered_at DESC, id DESC"),
    ("activities, first page", "activity", "/activities/", "", "at DESC, id DESC"),
    ("tickets, to do", "ticket", "/service/?tab=next", OPEN_TICKETS, "next_due_at, id"),
    ("tasks, open, of everybody", "task", "/tasks/?state=open&sort=due_at", "AND done_at IS NULL", "due_at, id"),
]  # fmt: skip
TABLES = {
    "customer": "customers_customer", "opportunity": "sales_opportunity", "lead": "sales_lead",
    "contact": "customers_contact", "quote": "sales_quote", "contract": "sales_contract", "order": "sales_order",
    "activity": "customers_activity", "ticket": "service_ticket", "task": "customers_task",
}  # fmt: skip


def operations(user: User) -> Iterator[Operation]:
    client = signed_in(user)
    for name, kind, address, rest, order in LISTS:
        yield a_list(client, name, kind, address, raw_page(user, kind, rest, order))
        if name == "list, first page":
            yield deep(client, user)
    yield pool(client, user)
    yield duplicates(client, user)


def of_tickets(user: User) -> Iterator[Operation]:
    """The only list of theirs that an agent's role narrows."""
    client = signed_in(user)
    for name, kind, address, rest, order in LISTS:
        if kind == "ticket":
            yield a_list(client, name, kind, address, raw_page(user, kind, rest, order))


def links(kind: str) -> re.Pattern[str]:
    """The cells that lead to a record of this kind."""
    plural = {"opportunity": "opportunities", "activity": "activities"}.get(kind, f"{kind}s")
    return re.compile(f'<a href="/(?:sales/|service/)?{plural}/([0-9]+)/"')


def a_list(client: Client, name: str, kind: str, address: str, raw: Callable[[], Any], **how: Any) -> Operation:
    pattern = links(kind)
    return Operation(
        name, lambda: ids(pattern, client.get(address)), raw, budget=LISTED, most_queries=QUERIES,
        most_kilobytes=KILOBYTES, size=size_of(client, address), **how,
    )  # fmt: skip


def raw_page(user: User, kind: str, rest: str, order: str) -> Callable[[], list[int]]:
    """The rows of a page with the names that stand beside them."""
    by_customer = "" if kind in ("customer", "contact") else (
        "LEFT JOIN customers_customer AS customer ON customer.id = page.customer_id "
    )  # fmt: skip
    sql = (
        f"SELECT page.*, owner.name, team.name{', customer.name' if by_customer else ''} "
        f"FROM (SELECT * FROM {TABLES[kind]} WHERE {seen_by(user, kind)} {rest} ORDER BY {order} LIMIT 50) AS page "
        f"LEFT JOIN crm_user AS owner ON owner.id = page.owner_id {by_customer}"
        f"LEFT JOIN crm_team AS team ON team.id = page.team_id ORDER BY page.{order.replace(', ', ', page.')}"
    )
    return lambda: [row[0] for row in query(sql)]


def deep(client: Client, user: User) -> Operation:
    """As far down as there are pages, at most the ten thousandth; beside the first, in turn."""
    rows = f"FROM customers_customer WHERE {seen_by(user)}"
    page = min(DEEP - 1, query(f"SELECT count(*) {rows}")[0][0] // 50 - 1)
    pk, at = query(f"SELECT id, updated_at {rows} ORDER BY {NEWEST} LIMIT 1 OFFSET {page * 50 - 1}")[0]
    pager = Pager(Customer.objects.visible_to(user), Order("-updated_at", "updated_at", False), 50)
    cursor = pager.cursor(Customer(pk=pk, updated_at=at))
    after = f"AND (updated_at, id) < ('{at.isoformat()}', {pk})"
    return a_list(
        client, f"list, page {page + 1:,}", "customer", f"/customers/?after={cursor}",
        raw_page(user, "customer", after, NEWEST), beside=lambda: client.get("/customers/"), no_slower=NO_SLOWER,
    )  # fmt: skip


def pool(client: Client, user: User) -> Operation:
    """Each row ends with the button that claims it; that of the company has no page before."""
    everything = user.access.reach("pool", Verb.VIEW) == Reach.ALL
    reached = "" if everything else f"AND (team_id IS NULL OR team_id = {user.team_id})"
    sql = (
        "SELECT page.*, last.reason, person.name FROM (SELECT * FROM customers_customer WHERE deleted_at IS NULL AND "
        f"owner_id IS NULL {reached} ORDER BY {NEWEST} LIMIT 50) AS page LEFT JOIN LATERAL (SELECT * FROM "
        "customers_poolmove WHERE customer_id = page.id AND type <> 'claimed' ORDER BY at DESC, id DESC LIMIT 1) "
        "AS last ON true LEFT JOIN crm_user AS person ON person.id = last.person_id "
        "ORDER BY page.updated_at DESC, page.id DESC"
    )
    operation = a_list(client, "pool, first page", "customer", "/customers/pool/", lambda: [r[0] for r in query(sql)])
    pattern = re.compile("/customers/([0-9]+)/claim/")
    operation.ours = lambda: ids(pattern, client.get("/customers/pool/"))
    return operation


def duplicates(client: Client, user: User) -> Operation:
    """Pairs both of which the person may edit."""
    everything = user.access.reach("customer", Verb.EDIT) == Reach.ALL
    mine = "" if everything else f"AND one.owner_id = {user.pk} AND other.owner_id = {user.pk}"
    sql = (
        "SELECT pair.first_id, pair.second_id, one.name, other.name FROM customers_duplicate AS pair "
        "JOIN customers_customer AS one ON one.id = first_id JOIN customers_customer AS other ON other.id = second_id "
        "WHERE dismissed_at IS NULL AND one.deleted_at IS NULL AND other.deleted_at IS NULL "
        f"{mine} ORDER BY strength DESC, pair.id DESC LIMIT 50"
    )
    pattern = re.compile("/customers/([0-9]+)/merge/([0-9]+)/")

    def ours() -> list[tuple[int, int]]:
        found = pattern.findall(client.get("/customers/duplicates/").content.decode())
        return list(dict.fromkeys((int(first), int(second)) for first, second in found))

    operation = a_list(
        client, "duplicates, first page", "customer", "/customers/duplicates/",
        lambda: [row[:2] for row in query(sql)],
    )  # fmt: skip
    operation.ours = ours
    return operation
