"""The pages of a working day: what to do next, the calendar, an opportunity and a ticket."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

from django.test import Client

from crm.models import User
from tests.benchmarks.browsing import PAGE, seen_by, signed_in, size_of
from tests.benchmarks.raw_today import TODAY
from tests.benchmarks.timing import Operation, query

ROW = re.compile('id="today-([a-z_]+)-([0-9]+)"')
PLANNED = re.compile('<li class="calendar-entry [^>]* data-card="([0-9]+)"')
MONTH = ("2026-04-27", "2026-06-01")  # the weeks that May of 2026 lies in
SHOWN = {"today": 60, "of a day": 4}


def operations(user: User) -> Iterator[Operation]:
    client = signed_in(user)
    yield today(client, user)
    yield calendar(client, user)
    yield opportunity(client, user)
    yield ticket(client, user)


def of_tickets(user: User) -> Iterator[Operation]:
    yield ticket(signed_in(user), user)


def a_page(client: Client, name: str, address: str, read: Callable[[str], Any], raw: Callable[[], Any],
           **how: Any) -> Operation:  # fmt: skip
    def ours() -> Any:
        answer = client.get(address)
        assert answer.status_code == 200, answer.status_code
        return read(answer.content.decode())

    return Operation(name, ours, raw, budget=PAGE, size=size_of(client, address), **how)


def today(client: Client, user: User) -> Operation:
    params = {"user": user.pk, "team": user.team_id, "most": 40, "shown": SHOWN["today"]}

    def read(page: str) -> list[tuple[str, int]]:
        return [(kind, int(pk)) for kind, pk in ROW.findall(page)]

    return a_page(client, "today", "/today/", read, lambda: query(TODAY, params))


def calendar(client: Client, user: User) -> Operation:
    """Of everybody whose tasks the person sees; of each day the first: this organisation has thousands a month."""
    sql = (
        "SELECT task.id, owner.name FROM (SELECT *, row_number() OVER (PARTITION BY begins::date "
        "ORDER BY all_day DESC, begins, id) AS place FROM ("
        "SELECT *, coalesce(starts_at, due_at) AS begins FROM customers_task "
        f"WHERE {seen_by(user, 'task')} AND done_at IS NULL AND due_at >= %s AND due_at < %s::date + 7) AS near "
        "WHERE begins >= %s AND begins < %s) AS task LEFT JOIN crm_user AS owner ON owner.id = owner_id "
        f"WHERE place <= {SHOWN['of a day']} ORDER BY begins::date, place"
    )

    def read(page: str) -> list[int]:
        return [int(pk) for pk in PLANNED.findall(page)]

    return a_page(
        client, "calendar, month", "/calendar/?view=month&day=2026-05-13", read,
        lambda: [row[0] for row in query(sql, [*MONTH, *MONTH])],
    )  # fmt: skip


def opportunity(client: Client, user: User) -> Operation:
    """The newest open one: its names, and how often it moved."""
    mine = seen_by(user, "opportunity")
    pk = query(f"SELECT id FROM sales_opportunity WHERE {mine} AND closed_at IS NULL ORDER BY opened_at DESC LIMIT 1")
    sql = (
        "SELECT sale.name, customer.name, owner.name, stage.name FROM sales_opportunity AS sale "
        "JOIN customers_customer AS customer ON customer.id = customer_id JOIN crm_user AS owner ON owner.id = "
        "sale.owner_id JOIN sales_stage AS stage ON stage.id = stage_id WHERE sale.id = %s"
    )

    def raw() -> list[str]:
        query("SELECT * FROM sales_stagechange WHERE opportunity_id = %s ORDER BY at, id", pk[0])
        query("SELECT * FROM customers_task WHERE about_kind = 'opportunity' AND about_id = %s", pk[0])
        return list(query(sql, pk[0])[0])

    return a_page(client, "opportunity page", f"/sales/opportunities/{pk[0][0]}/", str, raw, check=shows)


def ticket(client: Client, user: User) -> Operation:
    """The newest that somebody answered: its names, and what was said."""
    mine = seen_by(user, "ticket")
    pk = query(f"SELECT id FROM service_ticket WHERE {mine} AND first_response_at IS NOT NULL "
               "ORDER BY opened_at DESC LIMIT 1")  # fmt: skip
    sql = (
        "SELECT ticket.number, subject, owner.name FROM service_ticket AS ticket "
        "JOIN customers_customer AS customer ON customer.id = customer_id "
        "JOIN crm_user AS owner ON owner.id = ticket.owner_id WHERE ticket.id = %s"
    )

    def raw() -> list[str]:
        query("SELECT * FROM service_ticketevent WHERE ticket_id = %s ORDER BY at, id", pk[0])
        said = query("SELECT body FROM service_message WHERE ticket_id = %s ORDER BY at DESC, id DESC LIMIT 61", pk[0])
        return [*query(sql, pk[0])[0], *(line for (body,) in said for line in body.splitlines())]

    return a_page(client, "ticket page", f"/service/tickets/{pk[0][0]}/", str, raw, check=shows)


def shows(page: str, texts: list[str]) -> bool:
    return bool(texts) and all(escape(text) in page for text in texts)
