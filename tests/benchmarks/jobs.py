"""Numbers, health scores and imports: what runs over many rows at once."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from crm.models import User
from evaluation import kpis
from evaluation.actions import health
from evaluation.engine import measuring, statements
from evaluation.engine.scopes import COMPANY
from evaluation.formulas.periods import Period
from tests.benchmarks.big_organisation import NOW
from tests.benchmarks.raw_kpis import HEALTH, RAW
from tests.benchmarks.timing import Operation, query

QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31), "quarter")
RATIO = 1.5
IMPORTED = 10_000
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
    yield from numbers()
    yield from scores()
    yield imports(user)


def numbers() -> Iterator[Operation]:
    start, end = QUARTER.bounds(statements.zone())
    for code, (facts, sums) in RAW.items():
        kpi = kpis.get(code)
        whole = f"SELECT {sums} FROM ({facts}) AS fact"
        teams = (
            f"SELECT above.id, {sums} FROM ({facts}) AS fact JOIN crm_team AS team ON team.id = fact.team_id "
            "CROSS JOIN LATERAL unnest(team.path) AS above(id) GROUP BY 1"
        )
        bounds = {"start": start, "end": end}

        def value(kpi: Any = kpi) -> Any:
            return measuring.value(kpi, COMPANY, QUARTER, now=NOW).value

        def by_team(kpi: Any = kpi) -> Any:
            found = measuring.by(kpi, "team", QUARTER, now=NOW)
            return {result.scope.key: result.value for result in found if "hidden_small_group" not in result.flags}

        def raw_value(sql: str = whole, bounds: Any = bounds) -> Any:
            return query(sql, bounds)[0][0]

        def raw_by_team(sql: str = teams, bounds: Any = bounds) -> Any:
            return dict(query(sql, bounds))

        yield Operation(f"KPI {code}", value, raw_value, check=close, most=RATIO)
        yield Operation(f"KPI {code} by team", by_team, raw_by_team, check=all_close, most=RATIO)


def close(ours: Any, raw: Any) -> bool:
    if ours is None or raw is None:
        return ours is None and raw is None
    return math.isclose(float(ours), float(raw), rel_tol=1e-9, abs_tol=1e-9)


def all_close(ours: dict[Any, Any], raw: dict[Any, Any]) -> bool:
    """What small groups said is withheld from us, not from SQL."""
    return bool(ours) and all(key in raw and close(value, raw[key]) for key, value in ours.items())


def scores() -> Iterator[Operation]:
    def ours() -> Any:
        health.score_all(now=NOW)
        return query("SELECT count(*), sum(score) FROM evaluation_healthscore WHERE score IS NOT NULL")[0]

    def anew() -> Any:
        query("TRUNCATE evaluation_healthscore, evaluation_healthsnapshot")
        return ours()

    def raw() -> Any:
        with transaction.atomic():
            query("SET LOCAL work_mem = '64MB'")
            query(f"CREATE TEMP TABLE by_hand ON COMMIT DROP AS {HEALTH}", {"now": NOW})
            return query("SELECT count(*), sum(score) FROM by_hand")[0]

    yield Operation("health of all, first time", anew, raw, check=alike, runs=1)
    yield Operation("health of all, nothing new", ours, raw, check=alike, most=RATIO, runs=5)


def alike(ours: Any, raw: Any) -> bool:
    """The product rounds points to 2**-20, so that they add up; the sum of all may differ by that much each."""
    return ours[0] == raw[0] and abs(ours[1] - raw[1]) <= ours[0] * 1e-5


def imports(user: User) -> Operation:
    """One file, once: a second run would only match. The raw side is taken back each time."""
    rows = [
        (f"Imported {n} GmbH", f"I-{n:07}", "Trier", f"imported{n}@example.com", f"+4930{n:08}")
        for n in range(IMPORTED)
    ]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["name", "number", "city", "email", "phone"])
    writer.writerows(rows)

    def ours() -> int:
        with TemporaryDirectory() as folder:
            file, profile = Path(folder, "customers.csv"), Path(folder, "customers.toml")
            file.write_text(text.getvalue(), encoding="utf-8")
            profile.write_text(PROFILE, encoding="utf-8")
            call_command("import", "customer", str(file), "--profile", str(profile), "--as", user.email, "--json",
                         stdout=StringIO())  # fmt: skip
        return query("SELECT count(*) FROM customers_customer WHERE number LIKE 'I-%%'", [])[0][0]

    def raw() -> int:
        with transaction.atomic():
            query(
                "CREATE TEMP TABLE arrived (name text, number text, city text, email text, phone text) ON COMMIT DROP"
            )
            with connection.cursor() as cursor, cursor.copy("COPY arrived FROM STDIN (FORMAT csv, HEADER)") as copy:
                copy.write(text.getvalue())
            made = query(
                "INSERT INTO customers_customer (name, sort_name, form, lifecycle, tier, channel, industry, number, "
                "website, email, phone, city, country, notes, version, created_at, updated_at) "
                "SELECT name, lower(name), 'organisation', 'prospect', '', '', '', 'X' || number, '', email, phone, "
                "city, '', '', 1, now(), now() FROM arrived WHERE NOT EXISTS (SELECT FROM customers_customer AS known "
                "WHERE known.number = 'X' || arrived.number) RETURNING id"
            )
            transaction.set_rollback(True)
        return len(made)

    return Operation(f"import of {IMPORTED:,} rows", ours, raw, runs=1, budget=IMPORTED / 100_000 * 40_000)
