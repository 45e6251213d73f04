"""Files in and out: customers imported from CSV, and the list of customers exported."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from crm.models import ImportBatch, User
from customers.models import Customer
from tests.benchmarks import memory
from tests.benchmarks.timing import Operation, query

MOST = 100_000  # rows; what the budgets are written for
IMPORTED_IN, EXPORTED_IN, MEGABYTES = 40_000, 6_000, 300  # milliseconds for that many, and memory
HEADS = ["name", "number", "city", "email", "phone"]
PROFILE = """kind = "customer"
identity = ["number"]
[fields]
name = "name"
number = "number"
city = "city"
email = "email"
phone = "phone"
owner = { constant = "" }
"""


def operations(user: User) -> Iterator[Operation]:
    size = Customer._base_manager.count()
    connection.queries_log = Counted()
    yield exports(user, min(size, MOST))
    yield imports(user, 10_000, "I")
    if size >= MOST:
        yield imports(user, MOST, "M")


class Counted(deque):
    """Statements are counted and not kept: those of a large file fill the memory that is to be measured."""

    def append(self, statement: Any) -> None:
        super().append(None)


class Measured:
    """Does a thing and notes the memory it took in the name of its operation; too much is a wrong answer.

    `found` says afterwards what came of it, where that is not what it returns.
    """

    def __init__(
        self, name: str, does: Callable[[], Any], raw: Callable[[], Any], found: Any = None, **how: Any
    ) -> None:
        self.name, self.does, self.found = name, does, found
        self.operation = Operation(name, self, raw, check=self.check, **how)

    def __call__(self) -> Any:
        memory.forget_peak()
        answer, peak = self.does(), memory.peak()
        self.is_small = peak is None or peak <= MEGABYTES
        if peak is not None:
            self.operation.name = f"{self.name}, {peak} of {MEGABYTES} MB"
        return answer

    def check(self, ours: Any, raw: Any) -> bool:
        return (self.found() if self.found else ours) == raw and self.is_small


def imports(user: User, count: int, mark: str) -> Operation:
    """One file, once: a second run would only match, so each has numbers of its own. The raw side is taken back."""
    mark = f"{mark}{ImportBatch.objects.count()}"

    def ours() -> None:
        with TemporaryDirectory() as folder:
            file, profile = Path(folder, "customers.csv"), Path(folder, "customers.toml")
            _fill(file, count, mark)
            profile.write_text(PROFILE, encoding="utf-8")
            call_command("import", "customer", str(file), "--profile", str(profile), "--as", user.email, "--json",
                         stdout=StringIO())  # fmt: skip

    def found() -> int:
        return query("SELECT count(*) FROM customers_customer WHERE number LIKE %s", [f"{mark}-%"])[0][0]

    def raw() -> int:
        with TemporaryDirectory() as folder, transaction.atomic():
            file = Path(folder, "customers.csv")
            _fill(file, count, mark)
            made = _copied(file)
            transaction.set_rollback(True)
        return made

    return Measured(
        f"import of {count:,} rows", ours, raw, found, runs=1, budget=count / MOST * IMPORTED_IN
    ).operation  # fmt: skip


def _fill(file: Path, count: int, mark: str) -> None:
    """New customers, of whom every thirty-third has the mail of one there is."""
    there = Customer._base_manager.exclude(email="").order_by("pk").values_list("email", flat=True)
    mails = {33 * place: mail for place, mail in enumerate(there[: count // 33])}
    area = 30 + ImportBatch.objects.count() % 60
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADS)
        writer.writerows(
            (f"Imported {mark} {n} GmbH", f"{mark}-{n:07}", "Trier",
             mails.get(n, f"info@{mark.lower()}-{n}.example"), f"+49{area}{n:08}")
            for n in range(count)
        )  # fmt: skip


def _copied(file: Path) -> int:
    query("CREATE TEMP TABLE arrived (name text, number text, city text, email text, phone text) ON COMMIT DROP")
    with connection.cursor() as cursor, cursor.copy("COPY arrived FROM STDIN (FORMAT csv, HEADER)") as copy:
        copy.write(file.read_bytes())
    made = query(
        "WITH made AS (INSERT INTO customers_customer (name, sort_name, form, lifecycle, tier, channel, industry, "
        "number, website, email, phone, city, country, notes, version, created_at, updated_at) "
        "SELECT name, lower(name), 'organisation', 'prospect', '', '', '', 'X' || number, '', email, phone, "
        "city, '', '', 1, now(), now() FROM arrived WHERE NOT EXISTS (SELECT FROM customers_customer AS known "
        "WHERE known.number = 'X' || arrived.number) RETURNING id) SELECT count(*) FROM made"
    )
    return made[0][0]


def exports(user: User, count: int) -> Operation:
    """The list of customers as CSV, as the browser downloads it; of more, the first that the budget speaks of."""
    client = Client()
    client.force_login(user)

    def ours() -> int:
        lines = -1  # the heads
        answer: Any = client.get("/customers/export/", {"format": "csv"})
        for part in answer.streaming_content:
            lines += part.count(b"\r\n")
            if lines >= count:
                break
        answer.close()
        return min(lines, count)

    def raw() -> int:
        rows, sink = 0, io.StringIO()
        writer = csv.writer(sink)
        with transaction.atomic(), connection.connection.cursor(name="exported") as cursor:
            cursor.itersize = 1000
            cursor.execute(
                """SELECT customer.name, owner.name, customer.lifecycle, customer.tier, customer.health,
                    customer.last_activity_at, customer.updated_at
                FROM customers_customer AS customer LEFT JOIN crm_user AS owner ON owner.id = customer.owner_id
                WHERE customer.deleted_at IS NULL ORDER BY customer.updated_at DESC, customer.id DESC"""
            )
            for row in cursor:
                writer.writerow(row)
                rows += 1
                if rows == count:
                    break
        return rows

    return Measured(f"export of {count:,} rows", ours, raw, runs=3, budget=count / MOST * EXPORTED_IN).operation
