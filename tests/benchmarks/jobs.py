"""Numbers and health scores: what runs over many rows at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import transaction

from crm.models import User
from evaluation import kpis
from evaluation.actions import health
from evaluation.engine import measuring, statements
from evaluation.engine.scopes import COMPANY
from evaluation.formulas.periods import Period
from tests.benchmarks import files
from tests.benchmarks.big_organisation import NOW
from tests.benchmarks.raw_kpis import HEALTH, RAW
from tests.benchmarks.raw_sales_kpis import RAW as MORE
from tests.benchmarks.timing import Operation, query

QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31), "quarter")
RATIO = 1.5


def operations(user: User) -> Iterator[Operation]:
    yield from numbers()
    yield from scores()
    yield from files.operations(user)


def numbers() -> Iterator[Operation]:
    start, end = QUARTER.bounds(statements.zone())
    for code, (facts, sums) in (RAW | MORE).items():
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
            return {row[0]: row[1] for row in query(sql, bounds)}

        asked = statements.measure(kpi, [QUARTER], statements.View.of(None, NOW), COMPANY)
        asked_by = statements.measure(kpi, [QUARTER], statements.View.of(None, NOW), COMPANY, "team")
        yield Operation(f"KPI {code}", value, raw_value, check=close, most=RATIO, alone=asked.rows)
        yield Operation(f"KPI {code} by team", by_team, raw_by_team, check=all_close, most=RATIO, alone=asked_by.rows)


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

    def raw_kept() -> Any:
        """Scores are there to be kept: a table like ours, with its key, and the scores of the day beside it."""
        with transaction.atomic():
            query("SET LOCAL work_mem = '64MB'")
            query(f"CREATE TABLE by_hand AS {HEALTH}", {"now": NOW})
            query("ALTER TABLE by_hand ADD PRIMARY KEY (id)")
            query("CREATE TABLE by_hand_daily AS SELECT id, %(now)s::date AS day, score FROM by_hand", {"now": NOW})
            query("ALTER TABLE by_hand_daily ADD PRIMARY KEY (id, day)")
            found = query("SELECT count(*), sum(score) FROM by_hand")[0]
            transaction.set_rollback(True)
        return found

    yield Operation("health of all, first time", anew, raw_kept, check=alike, runs=1)
    yield Operation("health of all, nothing new", ours, raw, check=alike, most=RATIO, runs=5)


def alike(ours: Any, raw: Any) -> bool:
    """The product rounds points to 2**-20, so that they add up; the sum of all may differ by that much each."""
    return ours[0] == raw[0] and abs(ours[1] - raw[1]) <= ours[0] * 1e-5
